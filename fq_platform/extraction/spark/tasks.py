"""What executors do: they say which unit documents and rows of the lake belong to, then compare unit by unit and write.

Belongs here: the functions of the Spark job's two stages. Does not: the job (`engine.py`), or comparing and writing,
which are the same as without Spark (`../unit.py`).
"""

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from fq_platform.errors import FqError
from fq_platform.extraction.batch import index
from fq_platform.extraction.kernels.murmur import murmur3_strings
from fq_platform.extraction.parts import Parts
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions
from fq_platform.extraction.spark.messages import Message, to_rows
from fq_platform.extraction.spark.numbering import NOBODYS, Numbering
from fq_platform.extraction.spark.task_append import Target, TaskAppend
from fq_platform.extraction.unit import Job, Unit, land
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.key_bounds import KeyBounds
from fq_platform.lakehouse.live import LIVE_COLUMNS, LiveRows

UNIT, IS_DOCUMENT, DOCUMENT = "unit", "is_document", "document"
SHUFFLED = (
    f"{UNIT} INT, {IS_DOCUMENT} BOOLEAN, {DOCUMENT} BINARY, "
    "_id STRING, _fq_op STRING, _fq_hash BINARY, _fq_extracted_at TIMESTAMP"
)
"""What goes from the first stage to the second: documents, rows of the lake, and a row that names each unit, so that
units without either are looked at too."""
_LIVE_TYPES = {
    "_id": pa.string(),
    "_fq_op": pa.string(),
    "_fq_hash": pa.binary(),
    "_fq_extracted_at": pa.timestamp("us", "UTC"),
}

LivePlace = int | tuple[str, int]
"""What rows of the lake are found by: a file and the position of its window; or the number of a unit to be named."""
Stage = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def owners_of_documents(numbering: Numbering, field: str | None) -> Stage:
    """The first stage, for documents.

    Args:
        numbering: The units.
        field: Dotted path of the event-time field; None for a collection without days.
    """
    return partial(_owners_of_documents, numbering, field)


def _owners_of_documents(
    numbering: Numbering, field: str | None, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for rows in batches:
        documents = rows.column(0)
        if len(documents):
            batch = index(_bytes(documents), field)
            units = numbering.units(numbering.positions(batch.event_times), batch.key_hashes)
            mine = pa.array(units != NOBODYS)
            yield _shuffled(pa.array(units).filter(mine), documents.filter(mine), None)


def owners_of_live_rows(numbering: Numbering, target: Target, places: Sequence[LivePlace]) -> Stage:
    """The first stage, for rows of the lake, and for the units themselves; its rows are numbers of places.

    Args:
        numbering: The units.
        target: The table.
        places: All places.
    """
    return partial(_owners_of_live_rows, numbering, target, places)


def _owners_of_live_rows(
    numbering: Numbering, target: Target, places: Sequence[LivePlace], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    mine = [places[number] for batch in batches for number in batch.column(0).to_pylist()]
    yield _shuffled(pa.array([place for place in mine if isinstance(place, int)], pa.int32()), None, None)
    io = target.file_io()
    for path, position in (place for place in mine if not isinstance(place, int)):
        for live in LiveRows(io, [path]).batches():
            positions = np.full(len(live), position, np.int64)
            units = numbering.units(positions, murmur3_strings(live.column(0)))
            is_wanted = pa.array(units != NOBODYS)
            yield _shuffled(pa.array(units).filter(is_wanted), None, live.filter(is_wanted))


def _shuffled(units: pa.Array, documents: pa.Array | None, live: pa.RecordBatch | None) -> pa.RecordBatch:
    columns = {
        UNIT: units,
        IS_DOCUMENT: pa.repeat(pa.scalar(documents is not None), len(units)),
        DOCUMENT: pa.nulls(len(units), pa.binary()) if documents is None else documents.cast(pa.binary()),
    }
    for name, type_ in _LIVE_TYPES.items():
        columns[name] = pa.nulls(len(units), type_) if live is None else live[name].cast(type_)
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


@dataclass(frozen=True)
class Work:
    """What the tasks of the second stage share.

    Args:
        numbering: The units.
        target: The table.
        run_id: Written into rows.
        types: Overrides of the types of columns, by dotted path.
        keep_document: Whether rows hold the documents' BSON.
    """

    numbering: Numbering
    target: Target
    run_id: str
    types: Mapping[str, str]
    keep_document: bool


def landed(work: Work) -> Stage:
    """The second stage: its rows come in the order of units, and within a unit those of the lake first.

    Args:
        work: What its tasks share.
    """
    return partial(_landed, work)


def _landed(work: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    append = TaskAppend(work.target)
    given = _Given()
    job = Job(given, append, ReadOptions(), work.run_id, work.types, work.keep_document)
    try:
        for unit, pieces in itertools.groupby(_by_unit(batches), key=lambda piece: piece[0]):
            yield to_rows(_land(unit, (rows for _, rows in pieces), work.numbering.window(unit), job, append, given))
    except BaseException:
        append.delete_begun()
        raise


def _by_unit(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows in pieces of one unit and one kind."""
    for batch in batches:
        units = batch[UNIT].to_numpy()
        kinds = batch[IS_DOCUMENT].to_numpy(zero_copy_only=False)
        ends = np.flatnonzero((units[1:] != units[:-1]) | (kinds[1:] != kinds[:-1])) + 1
        for start, end in itertools.pairwise([0, *ends.tolist(), len(batch)]):
            if end > start:
                yield int(units[start]), batch.slice(start, end - start)


def _land(
    unit: int, pieces: Iterator[pa.RecordBatch], window: Window, job: Job, append: TaskAppend, given: "_Given"
) -> Message:
    """Compare one unit and write what differs, as `land` does it anywhere."""
    live, first = _live_rows_of(pieces)
    given.pieces = itertools.chain(first, pieces)
    arrived = job.arrived = _Arrived()
    try:
        found = land(Unit(window, Range.everything(), Parts(live, [Range.everything()], live.count), 0), job)
    except FqError as error:
        return Message(unit, refused=(error.what, error.where, error.fix))
    return Message(unit, found.counts, found.files, arrived.keys, found.departed, append.lacking)


def _live_rows_of(pieces: Iterator[pa.RecordBatch]) -> tuple["_GatheredRows", list[pa.RecordBatch]]:
    """The rows of the lake, which come first, and the first piece of documents, if there is one."""
    rows: list[pa.RecordBatch] = []
    for piece in pieces:
        if piece[IS_DOCUMENT][0].as_py():
            return _GatheredRows(rows), [piece]
        rows.append(piece.select(list(LIVE_COLUMNS)).filter(piece["_id"].is_valid()))
    return _GatheredRows(rows), []


class _GatheredRows:
    """Rows of the lake that came through the shuffle, read as `LiveRows` are."""

    def __init__(self, rows: Sequence[pa.RecordBatch]) -> None:
        self._rows = [_with_fixed_hashes(batch) for batch in rows if len(batch)]
        self.count = sum(map(len, self._rows))

    def batches(self, columns: Sequence[str] = LIVE_COLUMNS) -> Iterator[pa.RecordBatch]:
        """Stream the rows, with these columns in this order."""
        for batch in self._rows:
            yield batch.select(list(columns))


def _with_fixed_hashes(rows: pa.RecordBatch) -> pa.RecordBatch:
    columns = [rows[name].cast(pa.binary(16)) if name == "_fq_hash" else rows[name] for name in LIVE_COLUMNS]
    return pa.RecordBatch.from_arrays(columns, names=list(LIVE_COLUMNS))


@dataclass
class _Given:
    """Documents that are there already, read as those of a source."""

    pieces: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))

    def read(self, _window: Window, _range: Range, _options: ReadOptions) -> Generator[Any]:
        for piece in self.pieces:
            yield _bytes(piece[DOCUMENT])

    def require(self) -> None:
        """They are there."""

    def sample(self, _documents: int, _most_bytes: int, _options: ReadOptions) -> bytes:
        raise NotImplementedError("the driver has looked at the collection")

    def plan(self, _window: Window, _documents: int, _per_range: int) -> list[Range]:
        return [Range.everything()]

    def estimated_count(self) -> int:
        return 0


class _Arrived(KeyBounds):
    """Keys that the driver wants to know of."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[pa.Array] = []

    def add(self, keys: pa.Array) -> None:
        self.keys.append(keys)


def _bytes(documents: pa.Array) -> memoryview:
    """The documents, one behind the other, without a copy."""
    if documents.null_count:
        raise ValueError("a document came without its bytes")
    offsets = np.frombuffer(documents.buffers()[1], np.int32)[documents.offset : documents.offset + len(documents) + 1]
    return memoryview(documents.buffers()[2])[int(offsets[0]) : int(offsets[-1])]
