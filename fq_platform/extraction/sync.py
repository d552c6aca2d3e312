"""Making the lake agree with the source, window by window, by appending only what differs.

Belongs here: the comparison and the rows it gives rise to. Does not: how MongoDB is read or Iceberg is committed.
"""

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import bson
import pyarrow as pa
from pymongo.database import Database

from fq_platform.errors import FqError
from fq_platform.extraction.decode import CODEC, TIMESTAMP, decode
from fq_platform.extraction.keys import document_key
from fq_platform.extraction.source import RawDocument, require_collection, stream
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.changelog import WINDOW, Append, Changelog, ConcurrentCommitError, LiveState, open_changelog
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.storage import storage_errors

ATTEMPTS = 10
LONGEST_PAUSE_SECONDS = 2.0
"""How often, and with which pauses, a sync that lost a race to commit is done again."""
_MICROSECOND = dt.timedelta(microseconds=1)
_RESCUED = pa.map_(pa.string(), pa.string())


@dataclass
class Counts:
    """What a comparison found.

    Args:
        inserted: New documents (rows).
        updated: Documents whose bytes changed (rows).
        deleted: Tombstones (rows).
        unchanged: Documents recognised by their hash (documents).
        rescued: Values that their columns cannot hold, in the rows appended.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    rescued: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything differed, so that rows are appended."""
        return bool(self.inserted or self.updated or self.deleted)

    @property
    def documents(self) -> int:
        """The documents that the source holds."""
        return self.inserted + self.updated + self.unchanged

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {counted.name: getattr(self, counted.name) for counted in fields(Counts)}


@dataclass
class SyncResult(Counts):
    """What one materialisation of a raw table did, over all its windows.

    Args:
        table: The table's qualified name.
        by_day: The counts of each window by its day; of the one window by None for a collection without days.
        bytes: Size of the files added (bytes).
        seconds: Wall time (seconds).
        snapshot_id: The table's snapshot that holds the result; None if the table has none yet.
        new_columns: Columns and nested fields added, as dotted paths.
    """

    table: str = ""
    by_day: dict[dt.date | None, Counts] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0
    snapshot_id: int | None = None
    new_columns: list[str] = field(default_factory=list)

    def add(self, day: dt.date | None, found: Counts) -> None:
        """Take in what the comparison of one window found."""
        self.by_day[day] = found
        for name, count in found.counts().items():
            setattr(self, name, getattr(self, name) + count)


def sync(
    database: Database[dict[str, Any]],
    collection: str,
    windows: Sequence[Window],
    *,
    catalog: Any,
    table: TableName,
    warehouse: str,
    run_id: str,
    partition: str = "",
    batch_documents: int = 5_000,
) -> SyncResult:
    """Append what differs between source and lake for some windows, as one snapshot or none.

    Running it again, after a crash or beside another run, neither repeats nor loses anything: a commit that meets a
    concurrent one is given up and compared afresh.

    Args:
        database: The source.
        collection: The collection's name.
        windows: The windows to compare, all of one collection.
        catalog: A PyIceberg catalog.
        table: The raw table.
        warehouse: Root of the warehouse.
        run_id: Written into rows and into the snapshot's summary.
        partition: The partition or range of partitions, for the snapshot's summary.
        batch_documents: The most documents held in memory at once.

    Returns:
        What was done.

    Raises:
        FqError: The collection does not exist, the table cannot take it, the disk is full, or other writers
            committed each time.
    """
    started = time.monotonic()
    require_collection(database, collection)
    with storage_errors(table.qualified):
        for attempt in range(ATTEMPTS):
            changelog = open_changelog(catalog, table, warehouse, partitioned=windows[0].day is not None)
            result = SyncResult(table=table.qualified, snapshot_id=changelog.snapshot_id)
            try:
                with changelog.append() as append:
                    for window in windows:
                        documents = stream(database, collection, window, batch_documents)
                        found = _compare(documents, changelog, append, window, run_id, result.new_columns)
                        result.add(window.day, found)
                    if result.changed:
                        result.bytes = append.bytes_written
                        result.snapshot_id = append.commit(_summary(result, run_id, partition))
            except ConcurrentCommitError:
                time.sleep(random.uniform(0, min(0.1 * 2**attempt, LONGEST_PAUSE_SECONDS)))  # noqa: S311 - jitter, not a secret
                continue
            result.seconds = time.monotonic() - started
            return result
    raise FqError(
        f"Other runs committed to the table during each of {ATTEMPTS} attempts",
        where=table.qualified,
        fix="Run again when they are done; nothing was landed half",
    )


def _summary(result: SyncResult, run_id: str, partition: str) -> dict[str, str]:
    counts = {f"fq.{name}": str(count) for name, count in result.counts().items()}
    return {"fq.run-id": run_id, "fq.partition": partition} | counts


def _compare(
    batches: Iterable[list[RawDocument]],
    changelog: Changelog,
    append: Append,
    window: Window,
    run_id: str,
    new_columns: list[str],
) -> Counts:
    """Write what one window lacks: new and changed documents, then tombstones for those that left it."""
    counts = Counts()
    live = changelog.live(window.day)
    at = _after(live)
    gone = dict(live.hashes)
    met: set[str] = set()
    for batch in batches:
        changed: list[tuple[str, str, RawDocument]] = []
        for document in batch:
            key = document_key(document.id)
            if key in met:
                continue  # the cursor met it again; if it changed meanwhile, the next comparison sees it
            met.add(key)
            known = gone.pop(key, None)
            if known == document.hash:
                counts.unchanged += 1
            else:
                changed.append((key, "insert" if known is None else "update", document))
        if changed:
            operations = Counter(operation for _, operation, _ in changed)
            counts.inserted += operations["insert"]
            counts.updated += operations["update"]
            rows, rescued = _rows(changed, append.document_schema, window, at, run_id)
            counts.rescued += rescued
            new_columns.extend(append.write(rows))
    if gone:
        append.write(_envelope(list(gone), ["delete"] * len(gone), window, at, run_id))
        counts.deleted = len(gone)
    return counts


def _after(live: LiveState) -> dt.datetime:
    """The time of extraction, later than every row of the window even if this machine's clock runs behind."""
    now = dt.datetime.now(dt.UTC)
    return now if live.latest is None else max(now, live.latest + _MICROSECOND)


def _rows(
    changed: Sequence[tuple[str, str, RawDocument]],
    document_schema: pa.Schema,
    window: Window,
    at: dt.datetime,
    run_id: str,
) -> tuple[pa.Table, int]:
    """The rows of new and changed documents, and how many of their values were rescued."""
    keys, operations, documents = zip(*changed, strict=True)
    decoded = [bson.decode(document.bson, CODEC) for document in documents]
    columns, rescued = decode(
        [{**document, "_id": key} for key, document in zip(keys, decoded, strict=True)], document_schema
    )
    rows = _envelope(keys, operations, window, at, run_id)
    rows = rows.append_column("_fq_hash", pa.array([document.hash for document in documents], pa.string()))
    rows = rows.append_column("_fq_rescued", pa.array([list(r.items()) or None for r in rescued], _RESCUED))
    for name in columns.column_names:
        if name != "_id":
            rows = rows.append_column(name, columns[name])
    return rows, sum(map(len, rescued))


def _envelope(keys: Sequence[str], operations: Sequence[str], window: Window, at: dt.datetime, run_id: str) -> pa.Table:
    size = len(keys)
    return pa.table(
        {
            "_id": pa.array(keys, pa.string()),
            "_fq_op": pa.array(operations, pa.string()),
            WINDOW: pa.array([window.day] * size, pa.date32()),
            "_fq_extracted_at": pa.array([at] * size, TIMESTAMP),
            "_fq_run_id": pa.array([run_id] * size, pa.string()),
        }
    )
