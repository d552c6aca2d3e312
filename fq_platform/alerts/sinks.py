"""Sinks: the places that alerts are sent to, read from `FQ_ALERT_URLS`, and which alerts each of them takes.

Belongs here: the setting's syntax, and routing. Does not: sending (`delivery.py`).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from fq_platform.alerts.alert import Alert, Severity
from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer

VARIABLE = "FQ_ALERT_URLS"
AUTOMATION = "automation"
"""The layer of alerts about schedules and sensors."""
SEVERITIES = frozenset(Severity)
LAYERS = frozenset({*Layer, "maintenance", AUTOMATION})

_ENTRY = re.compile(r"(?:(?P<tags>[^\s=/?#]+(?:,\s*[^\s=/?#]+)*)\s*=\s*)?(?P<url>(?P<scheme>[A-Za-z0-9+.-]+)://\S+)")
_FIX = (
    "Write one URL a line, such as mailto://user:password@example.org, before it tags and = if it shall take some "
    "alerts only, such as error,team:finance=slack://...; `fq alerts test` tries them"
)


@dataclass(frozen=True)
class Sink:
    """A place that alerts are sent to.

    Args:
        name: What messages call it: its number in the setting and its scheme, never a part of the URL that may be
            secret.
        url: Where it is, with its secrets.
        tags: Severities, layers and owners; of each of these that is named, an alert has to have one.
    """

    name: str
    url: str = field(repr=False)
    tags: frozenset[str] = frozenset()

    def takes(self, alert: Alert) -> bool:
        """Whether an alert is sent there."""
        return (
            _any_of(self.tags & SEVERITIES, {alert.severity})
            and _any_of(self.tags & LAYERS, alert.layers)
            and _any_of(self.owners, {_plain(owner) for owner in alert.owners})
        )

    @property
    def owners(self) -> frozenset[str]:
        """The owners whose alerts it takes, without `team:`; none for those of all."""
        return frozenset(map(_plain, self.tags - SEVERITIES - LAYERS))

    def described(self) -> str:
        """Which alerts it takes, in words."""
        said = [
            f"{what} {', '.join(sorted(tags))}"
            for what, tags in (
                ("severity", self.tags & SEVERITIES),
                ("layer", self.tags & LAYERS),
                ("owner", self.owners),
            )
            if tags
        ]
        return "; ".join(said) or "everything"


def parse_sinks(text: str) -> list[Sink]:
    """Read the setting: `url` or `tag,tag=url`, one a line or separated by spaces; lines with # are comments.

    Args:
        text: Its value.

    Returns:
        The sinks, in its order.

    Raises:
        FqError: A part of it is not such an entry. The message says where, not what stands there.
    """
    sinks: list[Sink] = []
    for number, line in _lines(text):
        end = 0
        for entry in _ENTRY.finditer(line):
            _require_blank(line[end : entry.start()], number)
            end = entry.end()
            tags = frozenset(filter(None, map(str.strip, (entry["tags"] or "").casefold().split(","))))
            sinks.append(Sink(f"{len(sinks) + 1} ({entry['scheme'].lower()})", entry["url"], tags))
        _require_blank(line[end:], number)
    return sinks


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            yield number, line


def _require_blank(rest: str, line: int) -> None:
    if rest.strip():
        raise FqError("An address for alerts cannot be read", where=f"{VARIABLE}, line {line}", fix=_FIX)


def _any_of(wanted: Collection[str], has: Collection[str]) -> bool:
    return not wanted or any(one in wanted for one in has)


def _plain(owner: str) -> str:
    return owner.casefold().removeprefix("team:")
