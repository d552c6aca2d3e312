"""A profiler that looks at all threads now and then: functions that hold no lock and those that wait tell apart.

Belongs here: where the time of a process goes. Does not: exact counts (compiled code would hide from cProfile's hooks).
"""

import sys
import threading
from collections import Counter
from types import FrameType, TracebackType
from typing import Self

_WAITING = frozenset({"wait", "acquire", "get", "select", "join", "_wait_for_tstate_lock", "result"})
_PACKAGE = "fq_platform"


class Sampler:
    """Samples while its context lasts.

    Args:
        interval: Between two looks (seconds).
    """

    def __init__(self, interval: float = 0.005) -> None:
        self._interval = interval
        self._seen: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(self._interval):
            for thread, frame in sys._current_frames().items():
                if thread != self._thread.ident and (name := _where(frame)):
                    self._seen[name] += 1

    def shares(self, most: int = 20) -> list[tuple[str, float]]:
        """Where time went: the platform's innermost function, and what it had called, with the share of all looks."""
        total = sum(self._seen.values()) or 1
        return [(name, count / total) for name, count in self._seen.most_common(most)]


def _where(frame: FrameType) -> str | None:
    """What a thread does; None if it waits."""
    leaf = frame.f_code
    if leaf.co_name in _WAITING:
        return None
    at: FrameType | None = frame
    while at is not None and _PACKAGE not in at.f_code.co_filename.replace("_tests", ""):
        at = at.f_back
    if at is None:
        return None
    module = at.f_code.co_filename.rpartition(f"{_PACKAGE}/")[2]
    called = "" if at is frame else f" > {leaf.co_qualname if hasattr(leaf, 'co_qualname') else leaf.co_name}"
    return f"{module}:{at.f_lineno} {at.f_code.co_name}{called}"
