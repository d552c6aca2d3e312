"""Pace: a limit on how many documents are fetched a second, over all threads that share it.

Belongs here: when the next fetch may begin. Does not: fetching.
"""

import threading
import time


class Pace:
    """A rate that holds in the long run: what was fetched is paid for before the next fetch.

    Args:
        per_second: Documents a second; None for no limit.
    """

    def __init__(self, per_second: float | None) -> None:
        self.per_second = per_second
        self._lock = threading.Lock()
        self._paid_until = 0.0

    def spend(self, documents: int) -> None:
        """Note that documents were fetched."""
        if self.per_second is None:
            return
        with self._lock:
            self._paid_until = max(self._paid_until, time.monotonic()) + documents / self.per_second

    def wait(self) -> float:
        """How long the next fetch has to wait (seconds)."""
        with self._lock:
            return max(0.0, self._paid_until - time.monotonic())
