"""What a raw table holds of one window: the newest version of each document, with its whole row.

Belongs here: versions and rows as verification needs them, read from the data files alone. Does not: comparing
(`verify.py`). It shares no code with the comparison of a sync, which verification is to check.
"""

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fq_platform.extraction.ranges import Range, assign
from fq_platform.lakehouse.live import LIVE_COLUMNS, LiveRows

_BATCH_ROWS = 8_192


@dataclass(slots=True)
class Version:
    """The newest version of a document.

    Args:
        hash: The content hash of the source's document (16 bytes); None of a tombstone.
        at: When it was extracted.
        place: Number of the batch, and of the row in it.
        twice: Whether two rows claim to be the newest.
    """

    hash: bytes | None
    at: dt.datetime
    place: tuple[int, int]
    twice: bool = False


class Landed:
    """The live documents among some rows.

    Args:
        batches: Rows of one window, every version, in no order; each batch with the columns of its file.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches: list[pa.RecordBatch] = []
        newest: dict[str, tuple[str, Version]] = {}
        for number, batch in enumerate(batches):
            self._batches.append(batch)
            columns = (batch.column(name).to_pylist() for name in LIVE_COLUMNS)
            for row, (key, operation, digest, at) in enumerate(zip(*columns, strict=True)):
                known = newest.get(key)
                if known is None or known[1].at < at:
                    newest[key] = operation, Version(digest, at, (number, row))
                elif known[1].at == at:
                    known[1].twice = True
        self.live = {key: version for key, (operation, version) in newest.items() if operation != "delete"}
        """The version of each document, by the text of its `_id`."""

    def rows(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The rows of some live documents, as Python values, by the text of the `_id`."""
        wanted: dict[int, list[int]] = {}
        for key in keys:
            batch, row = self.live[key].place
            wanted.setdefault(batch, []).append(row)
        found = (row for batch, rows in wanted.items() for row in self._batches[batch].take(pa.array(rows)).to_pylist())
        return {row["_id"]: row for row in found}


def read_landed(rows: LiveRows, ranges: Sequence[Range], *, whole: bool) -> Iterator[Landed]:
    """Read a window's rows, range by range.

    Args:
        rows: Where they are.
        ranges: Parts of the window by `_id`; rows are put aside in temporary files if there are several.
        whole: Whether all columns are needed; else only versions and hashes are read.

    Yields:
        What the lake holds of each range, in order.
    """
    if len(ranges) == 1:
        yield Landed(_batches(rows, whole=whole))
        return
    with tempfile.TemporaryDirectory(prefix="fq-verify-") as folder:
        for batch in _batches(rows, whole=whole):
            owners = assign(ranges, batch.column("_id"))
            for number in np.unique(owners).tolist():
                chosen = batch.take(pa.array(np.flatnonzero(owners == number)))
                # A stream of its own each time: files differ in their columns, and nothing is kept open.
                with Path(folder, str(number)).open("ab") as file, pa.ipc.new_stream(file, chosen.schema) as stream:
                    stream.write_batch(chosen)
        for number in range(len(ranges)):
            yield Landed(_streams(Path(folder, str(number))))


def _batches(rows: LiveRows, *, whole: bool) -> Iterator[pa.RecordBatch]:
    columns = None if whole else list(LIVE_COLUMNS)
    for location in rows.files:
        with rows.io.new_input(location).open() as stream, pq.ParquetFile(stream) as file:
            yield from file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)


def _streams(path: Path) -> Iterator[pa.RecordBatch]:
    if not path.exists():
        return
    with pa.memory_map(str(path)) as file:
        while file.tell() < file.size():
            with pa.ipc.open_stream(file) as stream:
                yield from stream
