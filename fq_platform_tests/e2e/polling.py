"""Waiting for something outside this process to happen.

Belongs here: the one loop that polls. Does not: what is waited for.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """Poll until something true comes back.

    Returns:
        What came back.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.5)
    raise AssertionError(f"Not within {seconds} seconds: {what}")
