"""How far a query may go: the rows that are handed on, and the time that it may take.

Belongs here: counting rows and seconds, and what is said when there are too many. Does not: how an engine is stopped.
"""

import threading
from collections.abc import Callable, Iterator

import pyarrow as pa

from fq_platform.errors import FqError


def limited(reader: pa.RecordBatchReader, rows: int, tell: Callable[[str], object]) -> pa.RecordBatchReader:
    """The first rows of a result; the query ends once they have been read.

    Args:
        reader: The result.
        rows: The most rows to hand on; 0 for all.
        tell: Called with a sentence if there were more; not called if there were just as many.

    Returns:
        The same rows, cut off behind the last one allowed.
    """
    return pa.RecordBatchReader.from_batches(reader.schema, _first(reader, rows, tell)) if rows else reader


def _first(reader: pa.RecordBatchReader, rows: int, tell: Callable[[str], object]) -> Iterator[pa.RecordBatch]:
    left = rows
    for batch in reader:
        if left:
            yield batch.slice(0, left)
        if batch.num_rows > left:
            tell(f"There are more rows: these are the first {rows:,} (FQ_QUERY_ROWS, --rows; 0 gives all)")
            return  # with this goes the last reference to the reader, and the query ends
        left -= batch.num_rows


class Deadline:
    """The time that a query may take, from the moment that this is made.

    Args:
        seconds: So long; 0 for as long as it takes.
        stop: Makes the engine end the query; called from another thread when the time is over.
    """

    def __init__(self, seconds: float, stop: Callable[[], object]) -> None:
        self._seconds = seconds
        self._stop = stop
        self._timer = threading.Timer(seconds, self._end) if seconds else None
        self.passed = False
        if self._timer:
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        self.passed = True
        self._stop()

    def cancel(self) -> None:
        """The query has ended by itself."""
        if self._timer:
            self._timer.cancel()

    def error(self) -> FqError:
        """What is told of a query whose time was over."""
        return took_too_long(self._seconds)


def took_too_long(seconds: float) -> FqError:
    """What is told of a query that took longer than so many seconds."""
    return FqError(
        f"The query took longer than {seconds:g} seconds and was stopped",
        where="FQ_QUERY_TIMEOUT_SECONDS",
        fix="Ask for less (fewer days, fewer columns), or allow more: --timeout SECONDS, 0 for as long as it takes",
    )
