"""The mode `merge`: rows are updated, inserted and deleted by their keys; the others stay as they are.

Belongs here: this mode. Does not: what modes share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import StructType

from fq_platform.errors import FqError
from fq_platform.lakehouse.fingerprint import row_hash
from fq_platform.lakehouse.held_rows import held, named
from fq_platform.lakehouse.spark_schema import conformed, quote
from fq_platform.lakehouse.spark_table import Written, any_of, within
from fq_platform.lakehouse.table_options import MERGE_KEYS
from fq_platform.lakehouse.writing.commit import append, note, written
from fq_platform.lakehouse.writing.contents import contents
from fq_platform.lakehouse.writing.job import Job
from fq_platform.lakehouse.writing.staging import staged
from fq_platform.lakehouse.writing.state import State, rows_at

OPERATION = "_fq_op"
"""Column that says what becomes of a row; it is never stored."""

DELETE = "delete"

_DONE = "_fq_done"
_INSERTED, _UPDATED, _DELETED = "inserted", "updated", "deleted"
_DUPLICATES_SHOWN = 5


def merge_rows(job: Job) -> Written:
    """Update, insert and delete the rows that differ from those of the same keys.

    Columns that the rows lack keep their values.

    Returns:
        What was written.

    Raises:
        FqError: A key is missing, or several rows have the same one; nothing was written.
    """
    table, given = job.target.table, job.rows
    keys = _keys(job)
    job = replace(job, rows=given.drop(OPERATION))
    operation = F.col(OPERATION) if OPERATION in given.columns else F.lit("")
    deleted = F.coalesce(operation == DELETE, F.lit(False))
    # What is said of the rows alone comes first: the time from the look at the table to the commit is what others have
    # to get in between.
    contents(table, job.windows, given)  # refuses stray rows before the table is touched
    _require_distinct(job, given, keys)
    (content,) = contents(table, job.windows, given.where(~deleted))
    state = job.state()
    state = job.prepare(state, job.changes(state) if state else [])
    incoming = given.select(*_shared(job.schema, state.schema), deleted.alias(_DONE))
    with held(_differences(job, state, incoming, keys)) as different:
        counts = {row[_DONE]: row["count"] for row in different.groupBy(_DONE).count().collect()}
        if counts:
            _commit(job, state, different, keys, counts)
    known = {name: counts.get(name, 0) for name in (_INSERTED, _UPDATED, _DELETED)}
    known["unchanged"] = sum(rows for rows, _ in content.values()) - known[_INSERTED] - known[_UPDATED]
    return written(job.catalog, job.target, content, state.schema, job.summary, changed=bool(counts), counts=known)


def _keys(job: Job) -> list[str]:
    """The names of the keys among the rows' columns."""
    names = {name.lower(): name for name in job.rows.columns}
    missing = [key for key in job.target.options.keys if key.lower() not in names]
    if missing:
        raise FqError(
            f"The rows cannot be merged: they have no column {missing[0]}; nothing was written",
            where=job.target.table.qualified,
            fix=f"Let the transform make it, or correct {MERGE_KEYS} in the asset's metadata",
        )
    return [names[key.lower()] for key in job.target.options.keys]


def _require_distinct(job: Job, rows: DataFrame, keys: Sequence[str]) -> None:
    """Refuse rows of which several have the same key: which of them should stay is not for the table to say."""
    twice = rows.groupBy(*(F.col(quote(key)) for key in keys)).count().where("count > 1")
    found = twice.limit(_DUPLICATES_SHOWN + 1).collect()
    if not found:
        return
    shown = "; ".join(_shown(row, keys) for row in found[:_DUPLICATES_SHOWN])
    more = " and others" if len(found) > _DUPLICATES_SHOWN else ""
    raise FqError(
        f"Several rows have the same key: {shown}{more}; nothing was written",
        where=job.target.table.qualified,
        fix=f"Let the transform keep one row of each key, or name more columns in {MERGE_KEYS}",
    )


def _shown(row: Row, keys: Sequence[str]) -> str:
    return ", ".join(f"{key} = {row[key]!r}" for key in keys) + f" ({row['count']} rows)"


def _shared(incoming: StructType, present: StructType) -> list[Column]:
    """The rows in the table's types, with the columns that they have only."""
    names = {name.lower() for name in incoming.names}
    return conformed(incoming, StructType([field for field in present if field.name.lower() in names]))


def _differences(job: Job, state: State, incoming: DataFrame, keys: Sequence[str]) -> DataFrame:
    """The rows that must be inserted, updated or deleted, with which of it in the column `_fq_done`."""
    columns = StructType([field for field in incoming.schema if field.name != _DONE])
    present = rows_at(job.spark, job.target, state)
    if _prunes(job, keys):
        present = within(present, job.target.table, job.windows or ())
    there = present.select(
        *(F.col(quote(key)).alias(f"_fq_key_{number}") for number, key in enumerate(keys)),
        row_hash(columns).alias("_fq_there"),
    )
    same_key = [F.col(quote(key)).eqNullSafe(F.col(f"_fq_key_{number}")) for number, key in enumerate(keys)]
    missing = F.col("_fq_there").isNull()
    done = (
        F.when(F.col(_DONE), F.when(~missing, _DELETED))
        .when(missing, _INSERTED)
        .when(F.col("_fq_hash_now") != F.col("_fq_there"), _UPDATED)
    )
    return (
        incoming.withColumn("_fq_hash_now", row_hash(columns))
        .join(there, same_key, "left")
        .select(*(F.col(quote(name)) for name in columns.names), done.alias(_DONE))
        .where(F.col(_DONE).isNotNull())
    )


def _prunes(job: Job, keys: Sequence[str]) -> bool:
    """Whether rows of the same keys are in the same windows, so that no others need to be looked at."""
    return bool(job.windows) and job.windows[0].column.lower() in {key.lower() for key in keys}  # type: ignore[index]


def _commit(job: Job, state: State, different: DataFrame, keys: Sequence[str], counts: Mapping[str, int]) -> None:
    """Publish all changes at once. SQL cannot give its snapshot properties: one without rows follows with them."""
    with staged(job.catalog, job.target, state.base.snapshot_id if state.base else None) as work:
        if set(counts) == {_INSERTED}:
            missing = different.drop(_DONE)
            append(work, missing.select(*conformed(missing.schema, state.schema)), job.summary)
            return
        with named(different) as view:
            job.spark.sql(_statement(job, state, work.name, view, keys, different.columns))
        note(job.catalog, work, job.summary)


def _statement(job: Job, state: State, name: str, view: str, keys: Sequence[str], columns: Sequence[str]) -> str:
    """The MERGE of the rows that differ."""
    conditions = [f"t.{quote(key)} <=> s.{quote(key)}" for key in keys]
    if _prunes(job, keys):
        conditions.append(f"({any_of(job.windows or (), job.target.table, state.schema, 't')})")
    stored = [quote(column) for column in columns if column != _DONE]
    return (
        f"MERGE INTO {name} t USING {view} s ON {' AND '.join(conditions)} "  # noqa: S608 - quoted names only
        f"WHEN MATCHED AND s.{_DONE} = '{_DELETED}' THEN DELETE "
        f"WHEN MATCHED THEN UPDATE SET {', '.join(f't.{column} = s.{column}' for column in stored)} "
        f"WHEN NOT MATCHED AND s.{_DONE} <> '{_DELETED}' "
        f"THEN INSERT ({', '.join(stored)}) VALUES ({', '.join(f's.{column}' for column in stored)})"
    )
