"""Which data files could hold some documents, told by the bounds of `_id` that stand in a table's manifests.

Belongs here: pruning files by keys. Does not: reading them (`live.py`), or what is done with their rows.
"""

import threading
from bisect import bisect_right
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.types import StringType

EXACT_KEYS = 200_000
"""So many keys are told apart; of more, only the least and the greatest of those that come together are kept."""

_ID_FIELD = 1
"""The field id of `_id`, the first column of every raw table."""


class KeyBounds:
    """Keys of documents, as far as they are needed to tell which files could hold any. Threads may share it.

    Python compares texts by code point, which is the order of their UTF-8 bytes, as Iceberg's bounds do.
    """

    def __init__(self) -> None:
        self._spans: list[tuple[str, str]] = []
        self._exact: list[pa.Array] = []
        self._count = 0
        self._lock = threading.Lock()

    def add(self, keys: pa.Array) -> None:
        """Take in keys that came together.

        Args:
            keys: Texts, none of them null (shape: n).
        """
        if not len(keys):
            return
        with self._lock:
            self._count += len(keys)
            self._exact.append(keys)
            if self._count > EXACT_KEYS:
                self._spans.extend(map(_span, self._exact))
                self._exact = []

    def lookup(self) -> "KeyLookup":
        """What tells of files, made once all keys are there."""
        return KeyLookup([*self._spans, *((key, key) for keys in self._exact for key in keys.to_pylist())])


class KeyLookup:
    """Tells which files could hold any of some keys.

    Args:
        spans: The least and the greatest key of each group of keys.
    """

    def __init__(self, spans: list[tuple[str, str]]) -> None:
        spans.sort()
        self._least = [least for least, _ in spans]
        self._greatest = list(accumulate((greatest for _, greatest in spans), max))

    def may_be_in(self, file: DataFile) -> bool:
        """Whether a file could hold any of the keys.

        Args:
            file: A data file of a raw table.
        """
        lower, upper = ((bounds or {}).get(_ID_FIELD) for bounds in (file.lower_bounds, file.upper_bounds))
        if lower is None or upper is None:
            return bool(self._least)
        at = bisect_right(self._least, from_bytes(StringType(), upper))
        return at > 0 and self._greatest[at - 1] >= from_bytes(StringType(), lower)

    @property
    def span(self) -> tuple[str, str] | None:
        """The least and the greatest of all keys; None if there are none."""
        return (self._least[0], self._greatest[-1]) if self._least else None


def _span(keys: pa.Array) -> tuple[str, str]:
    found = pc.min_max(keys)
    return found["min"].as_py(), found["max"].as_py()
