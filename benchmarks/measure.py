"""What a process has cost: CPU, wall time, memory.

Belongs here: reading the clocks and counters of this machine. Does not: what is measured.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")


@dataclass
class Cost:
    """What something took.

    Args:
        cpu: User and system time of the whole process, all threads (seconds).
        wall: Time on the wall (seconds).
    """

    cpu: float = 0.0
    wall: float = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Add what happens inside."""
        cpu, wall = cpu_seconds(), time.monotonic()
        yield
        self.cpu += cpu_seconds() - cpu
        self.wall += time.monotonic() - wall


def cpu_seconds() -> float:
    """The CPU time of this process so far, all threads (seconds)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_bytes() -> int:
    """The most memory that this process has held (bytes)."""
    if _STATUS.exists():  # getrusage would start from what the parent held when it forked
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
