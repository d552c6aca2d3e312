"""The first stage of the Spark job: which units documents and rows of the lake belong to.

Belongs here: what executors do before the shuffle. Does not: what they do behind it (`tasks.py`), or how things are
packed (`parcels.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from fq_platform.extraction.batch import index
from fq_platform.extraction.kernels.murmur import murmur3_strings
from fq_platform.extraction.spark.numbering import Numbering
from fq_platform.extraction.spark.parcels import PARCEL_BYTES, bytes_of, documents_for, live_rows_for, names_of
from fq_platform.extraction.spark.task_append import Target
from fq_platform.lakehouse.live import LiveRows

LivePlace = int | tuple[str, int]
"""What rows of the lake are found by: a file and the position of its window; or the number of a unit to be named."""
Stage = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def owners_of_documents(numbering: Numbering, field: str | None) -> Stage:
    """The stage for documents.

    Args:
        numbering: The units.
        field: Dotted path of the event-time field; None for a collection without days.
    """
    return partial(_owners_of_documents, numbering, field)


def _owners_of_documents(
    numbering: Numbering, field: str | None, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for documents in _gathered(batches):
        batch = index(bytes_of(documents), field)
        units = numbering.units(numbering.positions(batch.event_times), batch.key_hashes)
        yield documents_for(units, documents)


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Array]:
    """Documents, enough of them for a parcel."""
    waiting: list[pa.Array] = []
    for batch in batches:
        waiting.append(batch.column(0).cast(pa.binary()))
        if sum(documents.nbytes for documents in waiting) >= PARCEL_BYTES:
            yield pa.concat_arrays(waiting)
            waiting = []
    if sum(map(len, waiting)):
        yield pa.concat_arrays(waiting)


def owners_of_live_rows(numbering: Numbering, target: Target, places: Sequence[LivePlace]) -> Stage:
    """The stage for rows of the lake, and for the units themselves; its rows are numbers of places.

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
    yield names_of([place for place in mine if isinstance(place, int)])
    io = target.file_io()
    for path, position in (place for place in mine if not isinstance(place, int)):
        for live in LiveRows(io, [path]).batches():
            positions = np.full(len(live), position, np.int64)
            yield from live_rows_for(numbering.units(positions, murmur3_strings(live.column(0))), live)
