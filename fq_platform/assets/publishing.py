"""Writing an asset's rows to a branch, auditing them there, and publishing them if they pass.

Belongs here: the order of these steps, and what happens when others publish meanwhile. Does not: the asset and its
checks as Dagster sees them (`audited.py`), branches as such (`lakehouse/audit.py`).
"""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.assets.collisions import colliding_partitions, partitions_made_upstream, with_neighbours
from fq_platform.assets.making import ApartError, Made, Making
from fq_platform.checks.audits import Audit, Candidate
from fq_platform.checks.evaluation import Result
from fq_platform.errors import FqError
from fq_platform.io_managers.scope import run_scope
from fq_platform.lakehouse.catalog import open_catalog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
    from fq_platform.io_managers.storing import Stored
    from fq_platform.lakehouse.layout import TableName
    from fq_platform.lakehouse.spark_table import Window, Written

_WRITES = 20
"""How often a write is made because others published meanwhile, or keys moved."""
_ROUNDS = 10
"""How often partitions are made in addition, since keys have moved from them."""


@dataclass(frozen=True)
class Outcome:
    """What came of a write.

    Args:
        table: The table.
        stored: What was written.
        found: What the audits found, by rule.
        partitions: Keys of the partitions made: the run's, and those made in addition.
        branch: Where the rows are if they did not pass; None if they were published before, or there are no audits.
    """

    table: "TableName"
    stored: "Stored"
    found: Mapping[str, Result]
    partitions: Sequence[str] = ()
    branch: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the rows keep every rule, and so are published."""
        return all(result.passed for result in self.found.values())


def first_made(making: Making) -> Made:
    """Make the run's partitions, and those that it made upstream in addition, since documents have moved between them.

    Args:
        making: Makes the rows.

    Returns:
        The rows, not stored yet.

    Raises:
        dg.Failure: The inputs cannot be loaded.
    """
    further = partitions_made_upstream(making.context) if making.partitions else set()
    if not further:
        return making.for_run()
    try:
        return making.for_more({*making.context.partition_keys, *further})
    except ApartError as error:
        making.context.log.warning(str(error))
        return making.for_run()


def write_audit_publish(making: Making, made: Made, audits: Sequence[Audit]) -> Outcome:
    """Make an asset's rows and store them so that readers see them only if they keep every rule.

    If others publish to the table between our write and our publication, the write is made again on top of theirs and
    audited again: nobody's commit is lost, and rules about the whole table hold of what becomes the whole table.

    Where a key is in another partition, too, its document may have moved: that partition is made again together with
    the run's, of inputs loaded for both, and published in one commit. Only what collides then is broken.

    Args:
        making: Makes the rows, where they have to be made again.
        made: The rows.
        audits: The rules; without any, the rows are published as they are.

    Returns:
        What was stored and found. Rows that passed are published; the branch of those that did not is there.

    Raises:
        dg.Failure: The rows cannot be stored, or not be made again.
        FqError: Others published again and again.
    """
    outcome = _write(making, made, audits)
    making.io_manager.forget(making.context)
    return outcome


def _write(making: Making, made: Made, audits: Sequence[Audit]) -> Outcome:
    context, io_manager = making.context, making.io_manager
    table = io_manager.table(context.asset_key)
    if not audits:
        return Outcome(table, io_manager.store(made.context, made.rows), {}, made.partitions)
    from fq_platform.lakehouse import audit

    branch, catalog = audit.branch_name(context.run_id), open_catalog(io_manager.spark.settings)
    rounds = 0
    for attempt in range(_WRITES):
        audit.drop_branch(catalog, table, branch)  # what an attempt left that was overtaken or interrupted
        stored = io_manager.store(made.context, made.rows, branch=branch)
        written_to = branch if stored.written.changed else None
        if written_to is None:
            audit.drop_branch(catalog, table, branch)  # it was made, but holds nothing of its own
        candidate = _candidate(
            io_manager.spark.spark_session,
            table,
            written_to,
            _written_windows(run_scope(made.context).windows, stored.written),
            whole=stored.written.rows == stored.written.table_rows,
        )
        outcome = Outcome(table, stored, _evaluate(table, audits, candidate), made.partitions, written_to)
        further = _moved_from(making, made, audits, candidate, outcome, rounds) if not outcome.passed else set()
        if further and (more := _made_with(making, made, further)):
            rounds, made = rounds + 1, more
            continue
        if written_to is None or not outcome.passed or audit.publish(catalog, table, branch):
            return outcome
        context.log.info(f"{table.qualified}: others published meanwhile; writing and auditing again on top of theirs")
        time.sleep(min(attempt, 5) * 0.2)
    raise FqError(
        f"Others published {_WRITES} times while the rows were written and audited; they are on the branch {branch}",
        where=table.qualified,
        fix="Run again; if it stays so, let fewer runs write to this table at a time",
        transient=True,
    )


def _made_with(making: Making, made: Made, further: set[str]) -> Made | None:
    """Further partitions and those that were made, made together; None if the function cannot do that."""
    table = making.io_manager.table(making.context.asset_key)
    try:
        more = making.for_more({*made.partitions, *further})
    except ApartError as error:
        making.context.log.warning(str(error))
        return None
    making.context.log.info(f"{table.qualified}: keys have moved; made anew with them: {', '.join(sorted(further))}")
    return more


def _moved_from(
    making: Making, made: Made, audits: Sequence[Audit], candidate: Candidate, outcome: Outcome, rounds: int
) -> set[str]:
    """The partitions to make in addition; none where that cannot help."""
    if making.partitions is None or rounds == _ROUNDS:
        return set()
    with _spark_errors(outcome.table):
        found = colliding_partitions(candidate, audits, outcome.found, making.partitions) - set(made.partitions)
    return with_neighbours(found, rounds, making.partitions) - set(made.partitions)


def audit_main(io_manager: "SparkIcebergIOManager", key: dg.AssetKey, audits: Sequence[Audit]) -> Mapping[str, Result]:
    """Evaluate an asset's rules on all rows that are published.

    Args:
        io_manager: Knows the asset's table.
        key: The asset.
        audits: The rules.

    Returns:
        What was found, by rule.

    Raises:
        FqError: The table does not exist yet.
    """
    table = io_manager.table(key)
    return _evaluate(table, audits, _candidate(io_manager.spark.spark_session, table, None, None, whole=True))


def _evaluate(table: "TableName", audits: Sequence[Audit], candidate: Candidate) -> dict[str, Result]:
    with _spark_errors(table):
        return {name: result for audit in audits for name, result in audit.evaluate(candidate).items()}


def _spark_errors(table: "TableName") -> AbstractContextManager[None]:
    """Puts Spark's complaints into words; imported when needed."""
    from fq_platform.lakehouse.spark_errors import spark_errors

    return spark_errors(table.qualified)


def _written_windows(windows: "Sequence[Window] | None", written: "Written") -> "Sequence[Window] | None":
    """The parts of the run's windows that hold rows which it wrote; all of them if it wrote nothing.

    A run may be asked for a year of which one day had changed: the other days have been audited before.
    """
    if windows is None or not written.changed:
        return windows
    begins = [dt.datetime.combine(day, dt.time(), dt.UTC) for day in sorted(filter(None, written.rows_by_day))]
    parts: list[Window] = []
    for window in windows:
        for begin in begins:
            start, end = max(window.start, begin), min(window.end, begin + dt.timedelta(days=1))
            if start < end and parts and parts[-1].end == start:
                parts[-1] = replace(parts[-1], end=end)
            elif start < end:
                parts.append(replace(window, start=start, end=end))
    return parts


def _candidate(
    session: "SparkSession",
    table: "TableName",
    branch: str | None,
    windows: "Sequence[Window] | None",
    *,
    whole: bool,
) -> Candidate:
    """The rows of the run and those beside them, lazily.

    Args:
        session: The session.
        table: The table.
        branch: The branch that was written to; None for what is published.
        windows: The partitions that the run made; None for all of the table.
        whole: Whether these hold all rows that there are.
    """
    from fq_platform.checks.reporting import read_table

    everything = read_table(session, table, branch)
    if windows is None:
        return Candidate(everything)
    if not windows:
        return Candidate(everything.where("false"))
    written = " OR ".join(f"({window.predicate(table, everything.schema)})" for window in windows)
    column = windows[0].column
    others = None if whole else everything.where(f"NOT ({written}) OR {column} IS NULL")
    return Candidate(everything.where(written), others, column)
