"""All checks of `fq doctor`, run beside each other, each for so many seconds at the most.

Belongs here: which checks there are, and what becomes of one that fails or hangs. Does not: the checks.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from fq_platform.doctor import machine, servers
from fq_platform.doctor.finding import Check, Finding, failed
from fq_platform.errors import FqError
from fq_platform.settings import Settings


def checks(write: bool = False) -> list[Check]:
    """Every check, in the order in which they are shown.

    Args:
        write: Whether the object store is written to, too.
    """
    return [
        Check("settings", machine.settings_known),
        Check("Java", machine.java),
        Check("jars", machine.jars),
        Check("disk", machine.room),
        Check("ports", machine.ports),
        Check("alerts", machine.alerts),
        Check("MongoDB", servers.mongo),
        Check("object store", servers.object_store_written if write else servers.object_store, 30),
        Check("catalog", servers.catalog, 30),
        Check("Spark", servers.spark_connect, 45),
        Check("Trino", servers.trino),
        Check("AWS", _aws, 30),
    ]


def examine(settings: Settings, chosen: Sequence[Check]) -> Iterator[Finding]:
    """Run checks beside each other.

    Args:
        settings: What they look at.
        chosen: The checks.

    Yields:
        What they found, in their order; a check that does not come back in its time has failed.
    """
    running = [_Running(check, settings) for check in chosen]
    for one in running:
        yield from one.findings()


class _Running:
    """A check in a thread that nobody waits for once its time is over."""

    def __init__(self, check: Check, settings: Settings) -> None:
        self._check = check
        self._found: list[Finding] = []
        self._deadline = time.monotonic() + check.seconds
        self._thread = threading.Thread(target=self._look, args=(settings,), daemon=True)
        self._thread.start()

    def findings(self) -> Iterable[Finding]:
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        found = list(self._found)
        if self._thread.is_alive():
            said = f"no answer within {self._check.seconds:.0f} seconds"
            found.append(
                failed(self._check.subject, said, "See whether it is overloaded or the network swallows calls")
            )
        return found

    def _look(self, settings: Settings) -> None:
        try:
            for finding in self._check.look(settings):
                self._found.append(finding)
        except FqError as error:
            where = f" ({error.where})" if error.where else ""
            self._found.append(failed(self._check.subject, f"{error.what}{where}", error.fix))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this check's finding; its text may hold secrets
            fix = "Run the command that needs it with FQ_DEBUG=1"
            self._found.append(failed(self._check.subject, f"unexpected {type(error).__name__}", fix))


def _aws(settings: Settings) -> Iterable[Finding]:
    """What is set up of AWS's engines."""
    from fq_platform.doctor.aws import checks  # it imports boto3

    return checks(settings)
