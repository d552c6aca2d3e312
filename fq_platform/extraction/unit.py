"""One unit of work: a window, or a range of a large one, compared with the lake and landed.

Belongs here: the flow of one unit, from documents on the wire to rows in data files. Does not: which units there are,
threads, the commit (`sync.py`).
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from pyiceberg.manifest import DataFile

from fq_platform.extraction.batch import Batch, index
from fq_platform.extraction.compare import INSERT, MET, UNCHANGED, UPDATE, Cursor, Hashes, texts_of
from fq_platform.extraction.decoder import Decoder
from fq_platform.extraction.documents import Documents
from fq_platform.extraction.envelope import Envelope
from fq_platform.extraction.parts import Parts
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions
from fq_platform.extraction.results import Counts
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.key_bounds import KeyBounds
from fq_platform.lakehouse.parquet import DataFileWriter


class StoppedError(Exception):
    """Another unit failed, or the user interrupted; this one ends too."""


def _say_nothing(_window: Window, _found: Counts) -> None:
    """Nobody wants to know."""


class Target(Protocol):
    """Where rows go: an `Append`, or a task's end of one."""

    @property
    def document_schema(self) -> pa.Schema:
        """The document columns with their kinds."""

    def evolve(self, wanted: pa.Schema) -> pa.Schema:
        """Agree on the document columns."""

    def keep_documents(self) -> None:
        """See that there is a column for whole documents."""

    def writer(self, day: dt.date | None) -> DataFileWriter:
        """Make a writer of the data files of a window."""

    def discard(self, files: list[DataFile]) -> None:
        """Delete finished files that will not be committed."""


@dataclass
class Job:
    """What all units of a sync share.

    Args:
        documents: What is read.
        append: Where rows go.
        reading: How it is read.
        run_id: Written into rows.
        types: Overrides of the types of columns, by dotted path.
        keep_document: Whether rows hold the documents' BSON.
        arrived: Takes in the keys of documents that are new to their windows.
        report: Told of each batch what it held.
        stopped: Set when all units are to end.
    """

    documents: Documents
    append: Target
    reading: ReadOptions
    run_id: str
    types: Any
    keep_document: bool
    arrived: KeyBounds = field(default_factory=KeyBounds)
    report: Callable[[Window, Counts], None] = _say_nothing
    stopped: threading.Event = field(default_factory=threading.Event)
    _threads: threading.local = field(default_factory=threading.local)

    def decoder(self) -> Decoder:
        """The decoder of the calling thread."""
        if not hasattr(self._threads, "decoder"):
            self._threads.decoder = Decoder(self.append.document_schema, self.types, self.append.evolve)
        decoder: Decoder = self._threads.decoder
        return decoder


@dataclass
class Landed:
    """What a unit found and wrote; nobody sees it yet.

    Args:
        counts: What was found.
        files: What was written.
        arrived: Hashes of the keys of documents that the window did not have (shapes: (n, 2)).
        departed: Hashes of the keys of documents that it has no more (shape: (n, 2)).
    """

    counts: Counts = field(default_factory=Counts)
    files: list[DataFile] = field(default_factory=list)
    arrived: list[Hashes] = field(default_factory=list)
    departed: list[Hashes] = field(default_factory=list)


@dataclass(frozen=True)
class Unit:
    """A window, or a range of it.

    Args:
        window: The window.
        range: Which of its documents.
        parts: What the window is compared in.
        number: The unit's number among those of the window.
    """

    window: Window
    range: Range
    parts: Parts
    number: int


def land(unit: Unit, job: Job) -> Landed:
    """Compare a unit with the lake and write what differs.

    Args:
        unit: The unit.
        job: What it shares with the others.

    Returns:
        What was found and written.

    Raises:
        StoppedError: Another unit failed meanwhile.
    """
    comparison = unit.parts.open(unit.number).comparison
    # Only a walk by _id, which a whole collection's ranges are read by, meets no document twice.
    cursor = Cursor(comparison, remember=unit.window.day is not None)
    envelope = Envelope(unit.window.day, _later_than(unit.parts.latest), job.run_id, job.keep_document)
    writer = job.append.writer(unit.window.day)
    landed = Landed()
    try:
        for batch in _batches(unit, job):
            found = _land_batch(batch, unit, job, cursor, envelope, writer, landed)
            landed.counts.take_in(found)
            job.report(unit.window, found)
        if unit.parts.is_last(unit.number):
            missing = comparison.missing()
            if len(missing):
                for keys in texts_of(missing, comparison.rows.batches(["_id"])):
                    writer.write(envelope.tombstones(keys))
                landed.counts.deleted = len(missing)
                landed.departed.append(missing)
            unit.parts.forget(unit.number)
        landed.files = writer.close()
    except BaseException:
        writer.abandon()
        raise
    return landed


def _batches(unit: Unit, job: Job) -> Iterator[Batch]:
    for data in job.documents.read(unit.window, unit.range, job.reading):
        if job.stopped.is_set():
            raise StoppedError
        yield index(data, unit.window.field)


def _land_batch(
    batch: Batch, unit: Unit, job: Job, cursor: Cursor, envelope: Envelope, writer: DataFileWriter, landed: Landed
) -> Counts:
    """Write the rows of a batch's documents that are new or changed."""
    owned = np.flatnonzero(unit.window.owns_mask(batch.event_times))
    outcomes = cursor.outcomes(batch, owned)
    tally = np.bincount(outcomes, minlength=MET + 1)
    found = Counts(inserted=int(tally[INSERT]), updated=int(tally[UPDATE]), unchanged=int(tally[UNCHANGED]))
    changed = (outcomes == INSERT) | (outcomes == UPDATE)
    rows = owned[changed]
    if len(rows):
        if job.keep_document:
            job.append.keep_documents()
        decoded = job.decoder().decode(batch, None if len(rows) == len(batch) else rows)
        found.rescued = decoded.rescued_values
        writer.write(envelope.changed(batch, rows, outcomes[changed], decoded))
        if found.inserted and unit.window.day is not None:
            arrived = owned[outcomes == INSERT]
            landed.arrived.append(batch.key_hashes[arrived])
            job.arrived.add(batch.keys.take(pa.array(arrived)))
    return found


def _later_than(latest: int) -> int:
    """The time of extraction (microseconds): later than every row of the window, even if this clock is late."""
    return max(time.time_ns() // 1000, latest + 1)
