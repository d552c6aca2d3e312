"""The mode `create_or_replace`: the table becomes what the rows and the declaration say, columns included.

Belongs here: this mode. Does not: what modes share.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows

from fq_platform.errors import FqError
from fq_platform.lakehouse.held_rows import named
from fq_platform.lakehouse.iceberg_types import iceberg_schema
from fq_platform.lakehouse.partition_fields import PartitionField
from fq_platform.lakehouse.spark_schema import quote, text
from fq_platform.lakehouse.spark_table import Written
from fq_platform.lakehouse.table_options import Target
from fq_platform.lakehouse.writing.commit import note, overwrite, with_summary, written
from fq_platform.lakehouse.writing.contents import contents
from fq_platform.lakehouse.writing.creating import new_table_properties
from fq_platform.lakehouse.writing.evolving import evolve
from fq_platform.lakehouse.writing.job import Job, gone
from fq_platform.lakehouse.writing.partitioning import partition_spec, sort_order, spec_differs
from fq_platform.lakehouse.writing.staging import ensure_branch
from fq_platform.lakehouse.writing.state import State, look, rows_at

_TIMES = {"year": F.years, "month": F.months, "day": F.days, "hour": F.hours}


def create_or_replace(job: Job) -> Written:
    """Let the table be the rows, in one commit; its snapshots stay, for time travel.

    Returns:
        What was written.

    Raises:
        FqError: The columns differ from the table's, and a branch is written: columns belong to the whole table.
    """
    state = look(job.spark, job.catalog, job.target)
    same = state is not None and _same_columns(job, state) and not _respecified(state, job.target)
    if state is None or not same:
        return _replace(job, state)
    content, old_content = contents(job.target.table, None, job.rows, rows_at(job.spark, job.target, state))
    evolve(state.table, job.target)
    changed = content != old_content or state.base is None
    if changed:
        ensure_branch(job.catalog, job.target)
        overwrite(job.target, job.rows, "true", job.summary)
    return written(job.catalog, job.target, content, state.schema, job.summary, changed=changed)


def _same_columns(job: Job, state: State) -> bool:
    return [(f.name, f.dataType.simpleString()) for f in job.schema] == [
        (f.name, f.dataType.simpleString()) for f in state.schema
    ]


def _respecified(state: State, target: Target) -> bool:
    return spec_differs(state.table, target)


def _replace(job: Job, state: State | None) -> Written:
    target = job.target
    if target.branch is not None:
        raise FqError(
            "The columns or partitions of the new rows are not those of the table, which a branch cannot have to itself"
            if state
            else "The table does not exist yet, and cannot be created on a branch",
            where=f"{target.table.qualified}, branch {target.branch}",
            fix="Write to main once, without blocking checks; or use the mode overwrite, which adds columns",
        )
    schema = iceberg_schema(target.table.qualified, job.schema)
    partition_spec(target, schema)  # both refuse what cannot be, before anything is replaced
    sort_order(target, schema)
    (content,) = contents(target.table, None, job.rows)
    location = None if state else target.location  # a table that is replaced stays where it is
    _create(job, _sorted(job.rows, target), location)
    made = look(job.spark, job.catalog, target)
    if made is None:
        raise gone(target)
    evolve(made.table, target)
    return written(job.catalog, target, content, made.schema, job.summary, changed=True)


def _sorted(rows: DataFrame, target: Target) -> DataFrame:
    """The rows as the table's order will have them: the table that is replaced has none yet."""
    order = [_ordering(field.column, field.descending, field.nulls_first) for field in target.options.sort_fields]
    return rows.sortWithinPartitions(*order) if order else rows


def _ordering(column: str, descending: bool, nulls_first: bool) -> Column:
    named = F.col(_path(column))
    if descending:
        return named.desc_nulls_first() if nulls_first else named.desc_nulls_last()
    return named.asc_nulls_first() if nulls_first else named.asc_nulls_last()


def _path(column: str) -> str:
    return ".".join(quote(step) for step in column.split("."))


def _create(job: Job, rows: DataFrame, location: str | None) -> None:
    properties = {**new_table_properties(job.target), **({"location": location} if location else {})}
    if any(field.transform == "truncate" for field in job.target.partition_fields):
        _create_in_sql(job, rows, properties)
        return
    writer = with_summary(rows.writeTo(job.target.table.qualified).using("iceberg"), job.summary)
    for name, value in properties.items():
        writer = writer.tableProperty(name, value)
    if job.target.partition_fields:
        writer = writer.partitionedBy(*(_transform(field) for field in job.target.partition_fields))
    writer.createOrReplace()


def _transform(field: PartitionField) -> Column:
    column = F.col(_path(field.column))
    if field.transform == "bucket":
        return F.bucket(field.width or 1, column)
    return _TIMES[field.transform](column) if field.transform in _TIMES else column


def _create_in_sql(job: Job, rows: DataFrame, properties: dict[str, str]) -> None:
    """The same for what the DataFrame API has no word for."""
    fields = ", ".join(_sql(field) for field in job.target.partition_fields)
    location = properties.pop("location", None)
    given = ", ".join(f"{text(name)} = {text(value)}" for name, value in properties.items() if name not in _NOT_IN_SQL)
    with named(rows) as view:
        made_of = f"AS SELECT * FROM {view}"  # noqa: S608 - the name of a view of our own
        place = f"LOCATION {text(location)}" if location else ""
        job.spark.sql(
            f"CREATE OR REPLACE TABLE {job.target.table.qualified} USING iceberg PARTITIONED BY ({fields}) "
            f"{place} TBLPROPERTIES ({given}) {made_of}"
        )
    note(job.catalog, job.target, job.summary)


_NOT_IN_SQL = ("comment", "owner")
"""Properties that SQL reserves; they follow with the declaration."""


def _sql(field: PartitionField) -> str:
    column = _path(field.column)
    if field.transform == "identity":
        return column
    return f"{field.transform}({field.width}, {column})" if field.width else f"{field.transform}s({column})"
