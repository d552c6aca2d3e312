"""Making the lake agree with the source, window by window, by appending only what differs.

Belongs here: the units of work, their threads, the commit and its repetition. Does not: the flow of one unit
(`unit.py`), how a source is read (`documents.py`) or Iceberg is committed.
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from pymongo.database import Database

from fq_platform.errors import FqError
from fq_platform.extraction.documents import Documents, Source, documents_of
from fq_platform.extraction.engine import Engine, Syncing
from fq_platform.extraction.first_look import look_at
from fq_platform.extraction.moves import Comparisons
from fq_platform.extraction.parts import Parts
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions
from fq_platform.extraction.results import Counts, Progress, SyncResult
from fq_platform.extraction.tracker import Tracker
from fq_platform.extraction.unit import Job, Unit, land
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.changelog import Append, ConcurrentCommitError, open_changelog
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.live import LiveRows, live_rows
from fq_platform.lakehouse.storage import storage_errors

__all__ = ["Counts", "Progress", "SyncOptions", "SyncResult", "sync"]

ATTEMPTS = 10
LONGEST_PAUSE_SECONDS = 2.0
"""How often, and with which pauses, a sync that lost a race to commit is done again."""


@dataclass(frozen=True)
class SyncOptions:
    """How a sync reads and lands.

    Args:
        workers: Units of work at the same time (threads).
        batch_bytes: About how much of the source each worker holds at once (bytes of BSON).
        range_documents: A window with more documents than this is read and compared in ranges of about this size.
        documents_per_second: The most documents that all workers together read; None for no limit.
        read_preference: Name of a MongoDB read preference; None for that of the URI.
        types: Overrides of the types of columns, by dotted path.
        keep_document: Whether each row holds the document's BSON bytes too.
    """

    workers: int = 2
    batch_bytes: int = 4 * 2**20
    range_documents: int = 500_000
    documents_per_second: float | None = None
    read_preference: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    keep_document: bool = False


def sync(
    database: Database[dict[str, Any]] | Source,
    collection: str,
    windows: Sequence[Window],
    *,
    catalog: Any,
    table: TableName,
    location: str | None,
    run_id: str,
    partition: str = "",
    options: SyncOptions = SyncOptions(),
    engine: Engine | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> SyncResult:
    """Append what differs between source and lake for some windows, as one snapshot or none.

    Windows from which documents have moved into these are compared, too, in the same snapshot (`moves.py`): no document
    is ever in two.

    Running it again, after a crash or beside another run, neither repeats nor loses anything: a commit that meets one
    of another run to the same windows is given up and compared afresh.

    Args:
        database: The source: a MongoDB database, or what else has collections.
        collection: The collection's name.
        windows: The windows to compare, all of one collection.
        catalog: A PyIceberg catalog.
        table: The raw table.
        location: The folder of a new table; None lets the catalog decide.
        run_id: Written into rows and into the snapshot's summary.
        partition: The partition or range of partitions, for the snapshot's summary.
        options: How it is read and landed.
        engine: What compares; threads of this process if not given.
        on_progress: Told after each batch how far the sync is, one call at a time, from any thread.

    Returns:
        What was done, also in windows that were compared in addition.

    Raises:
        FqError: The collection does not exist, the table cannot take it, the disk is full, or other writers
            committed each time.
    """
    started = time.monotonic()
    documents = documents_of(database, collection)
    documents.require()
    with storage_errors(table.qualified):
        for attempt in range(ATTEMPTS):
            changelog = open_changelog(catalog, table, location, partitioned=windows[0].day is not None)
            result = SyncResult(table=table.qualified, snapshot_id=changelog.snapshot_id)
            try:
                with contextlib.ExitStack() as stack, changelog.append() as append:
                    job = _job(documents, append, run_id, options)
                    if not len(append.document_schema):
                        look_at(documents, job.reading, job.decoder())
                    compared = stack.enter_context(contextlib.closing(Comparisons(job, changelog.table)))
                    syncing = Syncing(changelog, append, job, options, compared, Tracker(on_progress))
                    _compare(windows, syncing, engine or Threads())
                    for day, counts in compared.counts.items():
                        result.add(day, counts)
                    append.add(list(compared.files()))
                    result.schema_changes = append.schema_changes
                    if result.changed:
                        result.bytes = append.bytes_written
                        summary = _summary(result, run_id, partition)
                        result.snapshot_id = append.commit(summary, compared.concern)
            except ConcurrentCommitError:
                time.sleep(random.uniform(0, min(0.1 * 2**attempt, LONGEST_PAUSE_SECONDS)))  # noqa: S311 - jitter, not a secret
                continue
            result.seconds = time.monotonic() - started
            return result
    raise FqError(
        f"Other runs committed to the same windows during each of {ATTEMPTS} attempts",
        where=table.qualified,
        fix="Run again when they are done; nothing was landed half",
        transient=True,
    )


def _summary(result: SyncResult, run_id: str, partition: str) -> dict[str, str]:
    counts = {f"fq.{name}": str(count) for name, count in result.counts().items()}
    return {"fq.run-id": run_id, "fq.partition": partition} | counts


def _job(documents: Documents, append: Append, run_id: str, options: SyncOptions) -> Job:
    return Job(
        documents=documents,
        append=append,
        reading=ReadOptions(
            batch_bytes=options.batch_bytes,
            documents_per_second=options.documents_per_second,
            read_preference=options.read_preference,
        ),
        run_id=run_id,
        types=options.types,
        keep_document=options.keep_document,
    )


def _compare(windows: Sequence[Window], syncing: Syncing, engine: Engine) -> None:
    """Compare windows, and those that documents have moved from."""
    syncing.job.report = syncing.tracker.report
    pending = list(windows)
    while pending:
        syncing.compared.begin(pending)
        engine.compare(pending, syncing)
        pending = syncing.compared.to_compare()


class Threads:
    """The engine of one machine: documents are read by cursors, and each unit of work is one thread's."""

    def compare(self, windows: Sequence[Window], syncing: Syncing) -> None:
        """Compare windows by threads; the first unit that fails ends the others."""
        with _units(syncing, windows) as units:
            _work(units, syncing)


@contextlib.contextmanager
def _units(syncing: Syncing, windows: Sequence[Window]) -> Iterator[list[Unit]]:
    """The units of work, in the order of the windows; what they put aside is removed at the end."""
    documents, per_range = syncing.job.documents, syncing.options.range_documents
    live = live_rows(syncing.changelog.table, [window.day for window in windows])
    with contextlib.ExitStack() as stack:
        units: list[Unit] = []
        for window in windows:
            ranges = _ranges(documents, window, live[window.day], per_range)
            parts = Parts(live[window.day], ranges, per_range)
            stack.callback(parts.close)
            units.extend(Unit(window, range_, parts, number) for number, range_ in enumerate(ranges))
        yield units


def expected_documents(documents: Documents, window: Window, live: LiveRows) -> int:
    """About how many documents a window has: how many a day has in the source would cost a count, so the lake tells."""
    return live.count if window.day is not None else max(live.count, documents.estimated_count())


def _ranges(documents: Documents, window: Window, live: LiveRows, per_range: int) -> list[Range]:
    count = expected_documents(documents, window, live)
    return documents.plan(window, count, per_range) if count > per_range else [Range.everything()]


def _work(units: Sequence[Unit], syncing: Syncing) -> None:
    """Land all units; the first that fails ends the others."""
    job = syncing.job
    syncing.tracker.begin(len(units))
    with ThreadPoolExecutor(syncing.options.workers, thread_name_prefix="fq-sync") as pool:
        futures = {pool.submit(land, unit, job): unit for unit in units}
        try:
            for future in as_completed(futures):
                unit = futures[future]
                syncing.compared.add(unit.window, future.result())
                syncing.tracker.finished(unit.window)
        except BaseException:
            job.stopped.set()
            for future in futures:
                future.cancel()
            raise
