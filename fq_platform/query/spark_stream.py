"""The rows of a Spark statement as a stream of Arrow batches, the same from an embedded Spark and from Spark Connect.

Belongs here: how rows come, and how a query is stopped. Does not: the statement (`spark_engine.py`).

Spark 3.5 hands out Arrow only whole (`toPandas`). So the executors pack each Arrow batch into one binary value, and
`toLocalIterator` brings these values partition by partition: the driver holds one partition at a time, compressed, and
this process two batches. What Spark itself knows of types, decimals above all, is kept to the digit.
"""

import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark import InheritableThread

from fq_platform.query.limits import took_too_long

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_AHEAD = 2
"""How many batches are fetched before they are asked for."""
_BEFORE_STOPPING = 0.2
"""Seconds between attempts to stop a query: a job that has not begun yet cannot be cancelled."""
_ATTEMPTS = 25

Batches = Iterator[pa.RecordBatch]


class SparkQuery:
    """One statement, asked in a thread of its own: whoever waits for it can be interrupted, or give up.

    Args:
        session: The session.
        frame: Makes the DataFrame; called in that thread.
        seconds: How long it may take from now on; 0 for as long as it does.
    """

    def __init__(self, session: "SparkSession", frame: Callable[[], "DataFrame"], seconds: float) -> None:
        self._session = session
        self._frame = frame
        self._seconds = seconds
        self._end = time.monotonic() + seconds if seconds else None
        self._name = f"fq-query-{uuid.uuid4().hex}"
        self._ready: queue.Queue[object] = queue.Queue(maxsize=_AHEAD)
        self._stopped = threading.Event()
        self._thread = InheritableThread(target=self._ask, daemon=True)

    def run(self) -> pa.RecordBatchReader:
        """Ask.

        Returns:
            The rows, as they come; a query whose reader nobody refers to any more is stopped.

        Raises:
            FqError: It takes too long; reading the batches can raise it too.
            Exception: Whatever Spark says against it.
        """
        self._thread.start()
        schema = self._next()
        assert isinstance(schema, pa.Schema)  # noqa: S101 - what `_ask` hands over first
        return pa.RecordBatchReader.from_batches(schema, self._batches())

    def stop(self) -> None:
        """End the query, if it has not ended by itself; what its reader has not fetched is lost."""
        self._stopped.set()
        for _ in range(_ATTEMPTS):
            if not self._thread.is_alive():
                return
            _cancel(self._session, self._name)
            self._thread.join(_BEFORE_STOPPING)

    def _batches(self) -> Batches:
        try:
            while isinstance(batch := self._next(), pa.RecordBatch):
                yield batch
        finally:
            self.stop()

    def _next(self) -> object:
        """What the thread hands over next: the schema, batches, None at the end."""
        try:
            given = self._ready.get(timeout=max(0.0, self._end - time.monotonic()) if self._end else None)
        except BaseException as error:  # the time is over, or Ctrl-C
            self.stop()
            if isinstance(error, queue.Empty):
                raise took_too_long(self._seconds) from None
            raise
        if isinstance(given, BaseException):
            raise given
        return given

    def _ask(self) -> None:
        try:
            for thing in self._answer():
                if not self._give(thing):
                    return
        except Exception as error:  # noqa: BLE001 - raised again where the batches are read
            self._give(error)

    def _answer(self) -> Iterator[object]:
        """The schema, the batches, and None at the end."""
        _mark(self._session, self._name)
        frame = self._frame()
        schema = _arrow_schema(frame)
        yield schema
        numbered = frame.toDF(*map(str, range(len(frame.columns))))  # a result may have one name twice
        for row in numbered.mapInArrow(_packed(), "batch binary").toLocalIterator():
            yield from _unpacked(row["batch"], schema)
        yield None

    def _give(self, thing: object) -> bool:
        """Hand something over once there is room; False if nobody waits for it any more."""
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._ready.put(thing, timeout=_BEFORE_STOPPING)
                return True
        return False


def _is_remote(session: "SparkSession") -> bool:
    return type(session).__module__.startswith("pyspark.sql.connect")


def _mark(session: "SparkSession", name: str) -> None:
    """Let all jobs of this thread be known by a name."""
    if _is_remote(session):
        session.addTag(name)
    else:
        session.sparkContext.setJobGroup(name, "fq query", interruptOnCancel=True)  # has no tags before Spark 4


def _cancel(session: "SparkSession", name: str) -> None:
    if _is_remote(session):
        session.interruptTag(name)
    else:
        session.sparkContext.cancelJobGroup(name)


def _arrow_schema(frame: "DataFrame") -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_type

    return pa.schema([(field.name, to_arrow_type(field.dataType)) for field in frame.schema])


def _packed() -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """The function that runs on the executors; made here, it travels whole, and they need nothing of this package."""

    def pack(batches: Any) -> Any:
        import pyarrow

        options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
        for batch in batches:
            sink = pyarrow.BufferOutputStream()
            with pyarrow.ipc.new_stream(sink, batch.schema, options=options) as writer:
                writer.write_batch(batch)
            packed = pyarrow.array([sink.getvalue().to_pybytes()], pyarrow.binary())
            yield pyarrow.RecordBatch.from_arrays([packed], ["batch"])

    return pack


def _unpacked(packed: bytes, schema: pa.Schema) -> Batches:
    for batch in pa.ipc.open_stream(packed):
        columns = [column.cast(kind) for column, kind in zip(batch.columns, schema.types, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
