"""Source against lake: every document of some windows, by content hash and value by value.

Belongs here: the comparison. Does not: how a document is rebuilt (`rebuild.py`), when two values are equal
(`equality.py`), what is said of the outcome (`findings.py`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from pymongo.database import Database

from fq_platform.errors import FqError
from fq_platform.extraction.batch import Batch, CorruptDocumentError, index
from fq_platform.extraction.bson_values import BsonError, Document, walk
from fq_platform.extraction.documents import Documents, Source, documents_of
from fq_platform.extraction.equality import differences
from fq_platform.extraction.findings import Finding, Findings, What
from fq_platform.extraction.landed import Landed, read_landed
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions
from fq_platform.extraction.rebuild import Rebuilder, RebuildError
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.document_schema import document_schema
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.live import LiveRows, live_rows
from fq_platform.lakehouse.storage import storage_errors

PART_DOCUMENTS = 50_000
"""Documents of the lake that are held at once; a window with more is compared range by range."""
_REBUILT_AT_ONCE = 500


@dataclass(frozen=True)
class VerifyOptions:
    """How a verification goes about it.

    Args:
        hashes_only: Compare counts and content hashes, and rebuild nothing: quicker, and blind to a lake whose values
            are not those that its hashes were made of.
        part_documents: A window with more rows than this is compared in ranges of about this size.
        reading: How the source is read.
    """

    hashes_only: bool = False
    part_documents: int = PART_DOCUMENTS
    reading: ReadOptions = field(default_factory=ReadOptions)


def verify(
    database: Database[dict[str, Any]] | Source,
    collection: str,
    windows: Sequence[Window],
    *,
    catalog: Catalog,
    table: TableName,
    options: VerifyOptions = VerifyOptions(),
    on_progress: Callable[[Findings], None] | None = None,
) -> Findings:
    """Compare a collection with its raw table, as both are now.

    Documents that are written to meanwhile may be reported: sync and verify again.

    Args:
        database: The source: a MongoDB database, or what else has collections.
        collection: The collection's name.
        windows: The windows to compare, all of one collection. If they begin with its first and end with its last,
            live rows of any other day are found too.
        catalog: A PyIceberg catalog.
        table: The raw table; if there is none, every document is missing in the lake.
        options: How to go about it.
        on_progress: Told after every batch what was found so far.

    Returns:
        What was found.

    Raises:
        FqError: The collection does not exist, its table is partitioned otherwise, or the source or the lake cannot
            be read.
    """
    documents = documents_of(database, collection)
    documents.require()
    with storage_errors(table.qualified):
        iceberg = _open(catalog, table, partitioned=windows[0].day is not None)
        findings = Findings(collection, table.qualified, [window.day for window in windows])
        comparison = _Comparison(documents, iceberg, options, findings, on_progress or _say_nothing)
        lake = live_rows(iceberg, findings.days) if iceberg else {}
        for window in windows:
            comparison.window(window, lake.get(window.day))
        if iceberg and _are_all(windows):
            for day, rows in _strays(iceberg, windows).items():
                comparison.stray(day, rows)
    return findings


def _say_nothing(_found: Findings) -> None:
    """Nobody wants to know."""


def _open(catalog: Catalog, name: TableName, *, partitioned: bool) -> Table | None:
    try:
        table = catalog.load_table(name.identifier)
    except NoSuchTableError:
        return None
    if table.spec().is_unpartitioned() == partitioned:
        now, then = ("daily", "not partitioned") if partitioned else ("not partitioned", "daily")
        raise FqError(
            f"The collection is declared {now}, but its table is {then}",
            where=name.qualified,
            fix="Restore partition_by in the sources file, or rename or drop the table so that it is landed anew",
        )
    return table


def _are_all(windows: Sequence[Window]) -> bool:
    return windows[0].is_first and windows[-1].day == windows[-1].last_day


def _strays(table: Table, windows: Sequence[Window]) -> dict[dt.date | None, LiveRows]:
    """The rows of days that have no window: of a time zone, a first day or a clock that was another once."""
    known = {window.day for window in windows}
    days = [partition["_fq_window"] for partition in table.inspect.partitions()["partition"].to_pylist()]
    return live_rows(table, [day for day in days if day not in known])


@dataclass
class _Comparison:
    """The comparison of one collection, window by window."""

    source: Documents
    table: Table | None
    options: VerifyOptions
    findings: Findings
    report: Callable[[Findings], None]

    def __post_init__(self) -> None:
        self._rebuilder = Rebuilder(document_schema(self.table)) if self.table else None

    def window(self, window: Window, rows: LiveRows | None) -> None:
        """Compare one window with its rows; None if there is no table."""
        if rows is None:
            self._part(window, Range.everything(), Landed([]))
        else:
            ranges = self.source.plan(window, rows.count, self.options.part_documents)
            parts = read_landed(rows, ranges, whole=not self.options.hashes_only)
            for range_, landed in zip(ranges, parts, strict=True):
                self._part(window, range_, landed)
        self.findings.windows_done += 1
        self.report(self.findings)

    def stray(self, day: dt.date | None, rows: LiveRows) -> None:
        """Report the live documents of a day that has no window."""
        for landed in read_landed(rows, [Range.everything()], whole=False):
            self._missing_in_source(day, landed, set(landed.live))

    def _part(self, window: Window, range_: Range, landed: Landed) -> None:
        unmet = set(landed.live)
        met: set[str] = set()  # a day that is read again after a lost cursor begins anew
        for key, version in landed.live.items():
            if version.twice:
                self.findings.add(Finding(window.day, key, What.TWICE))
        for data in self.source.read(window, range_, self.options.reading):
            batch = index(data, window.field)
            keys = batch.keys.to_pylist()
            owned = np.flatnonzero(window.owns_mask(batch.event_times)).tolist()
            owned = [row for row in owned if keys[row] not in met]
            for start in range(0, len(owned), _REBUILT_AT_ONCE):
                chosen = {keys[row]: row for row in owned[start : start + _REBUILT_AT_ONCE]}
                self._documents(window.day, batch, chosen, landed)
                unmet.difference_update(chosen)
                if window.day is not None:
                    met.update(chosen)
            self.findings.documents += len(owned)
            self.report(self.findings)
        self._missing_in_source(window.day, landed, unmet)

    def _missing_in_source(self, day: dt.date | None, landed: Landed, keys: set[str]) -> None:
        for key in landed.live:
            if key in keys:
                self.findings.add(Finding(day, key, What.MISSING_IN_SOURCE))

    def _documents(self, day: dt.date | None, batch: Batch, chosen: dict[str, int], landed: Landed) -> None:
        """Compare some documents of a batch, given as the rows of their keys."""
        common = [key for key in chosen if key in landed.live]
        rows = {} if self.options.hashes_only else landed.rows(common)
        for key, number in chosen.items():
            version = landed.live.get(key)
            if version is None:
                self.findings.add(Finding(day, key, What.MISSING_IN_LAKE))
                continue
            same_hash = version.hash == batch.hashes[number].tobytes()
            found = [] if self.options.hashes_only else list(self._compare(day, key, batch.document(number), rows[key]))
            if not found and not same_hash:
                found.append(Finding(day, key, What.HASH))
            for finding in found:
                self.findings.add(finding)

    def _compare(self, day: dt.date | None, key: str, source: bytes, row: dict[str, Any]) -> Iterator[Finding]:
        """Compare a document with its row, value by value."""
        if self._rebuilder is None:
            return
        try:
            lake = self._rebuilder.rebuild(row)
        except RebuildError as error:
            yield Finding(day, key, What.UNREADABLE, lake=str(error))
            return
        for found in differences(_walk(source, key), lake):
            yield Finding(day, key, What.VALUE, found.path, found.source, found.lake)
        stored = row.get("_fq_document")
        if stored is not None and stored != source:
            yield Finding(day, key, What.BYTES, "_fq_document")


def _walk(source: bytes, key: str) -> Document:
    try:
        return walk(source)
    except BsonError as error:
        raise CorruptDocumentError(
            f"The document {key} is malformed: {error}",
            where="what MongoDB sent",
            fix="Validate the collection with db.collection.validate()",
        ) from error
