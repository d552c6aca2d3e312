"""The engine for collections that one machine does not read in time: Spark's executors compare and write.

Belongs here: the Spark job, its rounds, and what its messages mean. Does not: what executors do (`tasks.py`), the
commit (`../sync.py`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fq_platform.errors import FqError
from fq_platform.extraction.documents import MongoDocuments
from fq_platform.extraction.engine import Syncing
from fq_platform.extraction.kernels.murmur import murmur3_strings
from fq_platform.extraction.spark import connector, owners, parcels, tasks
from fq_platform.extraction.spark.deployment import partitioner_class
from fq_platform.extraction.spark.messages import SCHEMA, Message, from_rows
from fq_platform.extraction.spark.numbering import Numbering
from fq_platform.extraction.spark.task_append import Target
from fq_platform.extraction.sync import expected_documents
from fq_platform.extraction.unit import Landed
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.live import LiveRows, live_rows
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROUNDS = 10
"""How often units are read because their documents brought fields that the table had no column for."""
_ROWS_AT_ONCE = "spark.sql.execution.arrow.maxRecordsPerBatch"
_USUAL_DOCUMENT = 1024
"""The size of a document (bytes) where the server does not tell an average."""
_CAUSE = re.compile(r"^(?:Caused by: )?(?:[\w$]+\.)*(\w+(?:Exception|Error)): (.+)$", re.MULTILINE)
_TOLD_ELSEWHERE = "An exception was thrown from the Python worker"


@dataclass(frozen=True)
class SparkEngine:
    """Compares windows by a Spark job.

    Args:
        settings: Where Spark runs, and how the connector reads.
        uri: Gives the MongoDB's URI, which may hold a password.
        session: Gives the session.
    """

    settings: Settings
    uri: Callable[[], str]
    session: "Callable[[], SparkSession]"

    def compare(self, windows: Sequence[Window], syncing: Syncing) -> None:
        """Compare windows on executors; nothing that they write is visible.

        Args:
            windows: The windows, all of one collection.
            syncing: The attempt that they are part of.

        Raises:
            FqError: The collection is none of MongoDB's, a setting cannot be kept, a document is malformed, or a task
                failed again and again.
        """
        source = _require_readable(syncing)
        if syncing.options.keep_document:
            syncing.append.keep_documents()
        live = live_rows(syncing.changelog.table, [window.day for window in windows])
        expected = [expected_documents(source, window, live[window.day]) for window in windows]
        numbering = Numbering.of(windows, expected, syncing.options.range_documents)
        syncing.tracker.begin(len(numbering.wanted))
        for _ in range(ROUNDS):
            again = [
                message.unit
                for message in self._messages(numbering, live, source, syncing)
                if not _is_taken_in(message, numbering.window(message.unit), syncing)
            ]
            if not again:
                return
            numbering = numbering.only(again)
        raise FqError(
            f"Documents brought fields that are new to the table during each of the {ROUNDS} times that they were read",
            where=".".join(syncing.changelog.table.name()),
            fix="Run again when the collection's fields are settled; nothing was landed",
            transient=True,
        )

    def _messages(
        self, numbering: Numbering, live: dict[Any, LiveRows], source: MongoDocuments, syncing: Syncing
    ) -> list[Message]:
        spark = self.session()
        collection = syncing.job.reading.applied_to(source.database[source.name])
        options = connector.read_options(
            self.uri(),
            source.database.name,
            source.name,
            partitioner_class(collection, self.settings.spark_partitioner),
            syncing.options.read_preference,
        )
        target = Target.of(syncing.append.metadata, syncing.changelog.table.io)
        work = tasks.Work(
            numbering, target, syncing.job.run_id, dict(syncing.options.types), syncing.options.keep_document
        )
        with _job_errors(collection.full_name), _rows_at_once(spark, _rows_of(collection, syncing.options.batch_bytes)):
            connector.load_connector(spark, self.settings)
            found = connector.documents(spark, options, numbering.wanted_windows)
            documents = found.mapInArrow(
                owners.owners_of_documents(numbering, numbering.windows[0].field), parcels.SCHEMA
            )
            places = _places(numbering, live)
            lake = spark.range(0, len(places), 1, min(len(places), _shuffle_partitions(spark))).mapInArrow(
                owners.owners_of_live_rows(numbering, target, places), parcels.SCHEMA
            )
            together = (
                documents.unionAll(lake)
                .repartition(_tasks(spark, numbering), parcels.UNIT)
                .sortWithinPartitions(parcels.UNIT, parcels.IS_DOCUMENTS)
            )
            messages = list(from_rows(together.mapInArrow(tasks.landed(work), SCHEMA).collect()))
        syncing.append.adopt([file for message in messages for file in message.files])
        return messages


def _require_readable(syncing: Syncing) -> MongoDocuments:
    source = syncing.job.documents
    if not isinstance(source, MongoDocuments):
        raise FqError(
            "The engine spark reads collections of MongoDB only",
            where=".".join(syncing.changelog.table.name()),
            fix="Use the engine arrow for files",
        )
    if syncing.options.documents_per_second is not None:
        raise FqError(
            "The engine spark reads with as many readers as there are executors, and keeps no common rate",
            where="FQ_EXTRACTION_DOCUMENTS_PER_SECOND",
            fix="Use the engine arrow where the server must be spared, or unset it and give Spark fewer cores",
        )
    return source


def _is_taken_in(message: Message, window: Window, syncing: Syncing) -> bool:
    """Take in what was found in a unit, or add the columns that it lacks: then it must be read again.

    Units are asked in their order, so what a column becomes does not depend on which of them was done first.
    """
    if message.refused is not None:
        what, where, fix = message.refused
        raise FqError(what, where=where, fix=fix)
    if len(message.lacking):
        syncing.append.evolve(message.lacking)
        return False
    arrived = [murmur3_strings(keys) for keys in message.arrived]
    for keys in message.arrived:
        syncing.job.arrived.add(keys)
    syncing.compared.add(window, Landed(message.counts, message.files, arrived, message.departed))
    syncing.tracker.report(window, message.counts)
    syncing.tracker.finished(window)
    return True


def _places(numbering: Numbering, live: dict[Any, LiveRows]) -> list[owners.LivePlace]:
    """What the lake's rows are found by."""
    wanted = {window.day for window in numbering.wanted_windows}
    places: list[owners.LivePlace] = sorted(numbering.wanted)
    for position, window in enumerate(numbering.windows):
        if window.day in wanted:
            places += [(file, position) for file in live[window.day].files]
    return places


def _tasks(spark: "SparkSession", numbering: Numbering) -> int:
    return min(len(numbering.wanted), _shuffle_partitions(spark))


def _shuffle_partitions(spark: "SparkSession") -> int:
    return int(spark.conf.get("spark.sql.shuffle.partitions") or 1)


def _rows_of(collection: Any, batch_bytes: int) -> int:
    """How many documents go to Python at once: Spark counts them, and does not weigh them."""
    from pymongo.errors import OperationFailure

    try:
        average = collection.database.command("collStats", collection.name).get("avgObjSize")
    except OperationFailure:  # a view, or a role that may only find
        average = None
    return max(1, min(parcels.ROWS_AT_ONCE, batch_bytes // int(average or _USUAL_DOCUMENT)))


@contextmanager
def _rows_at_once(spark: "SparkSession", rows: int) -> Iterator[None]:
    before = spark.conf.get(_ROWS_AT_ONCE) or ""
    spark.conf.set(_ROWS_AT_ONCE, str(rows))
    try:
        yield
    finally:
        spark.conf.set(_ROWS_AT_ONCE, before)


@contextmanager
def _job_errors(collection: str) -> Iterator[None]:
    """Turn a failed job into words: the innermost cause that Spark names."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        causes = [cause for cause in _CAUSE.findall(str(error)) if not cause[1].startswith(_TOLD_ELSEWHERE)]
        kind, text = causes[-1] if causes else (type(error).__name__, str(error).strip().splitlines()[0])
        raise FqError(
            f"Spark could not extract the collection: {kind}: {text[:400]}",
            where=collection,
            fix="Correct what it names and run again; nothing was landed. The executors' logs hold the rest",
        ) from error
