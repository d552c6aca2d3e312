"""The current state of a raw table, in Spark: the live version of every document, now or as of any time.

Belongs here: the one rule of which version lives. Does not: the same in SQL (`query/current_state.py`), values.
Only what Spark Connect offers is used.
"""

import datetime as dt
from dataclasses import replace

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as sf

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG, Layer, Layout, TableName
from fq_platform.lakehouse.spark_table import find
from fq_platform.lakehouse.time_travel import rows_with_columns_of_then
from fq_platform.lakehouse.versions import require_changelog

_VERSION = "_fq_version"


def current(spark: SparkSession, table: str, as_of: dt.datetime | int | None = None) -> DataFrame:
    """The current state of a raw table, or its state as of a time.

    Args:
        spark: A session over the catalog.
        table: The raw table, such as `raw.ecommerce_db_orders`; the layer may be left out.
        as_of: A moment (UTC if it names no zone): only what had been extracted by then counts. A snapshot id: the
            table is read as it was at that snapshot, its columns included. None: now.

    Returns:
        A lazy DataFrame, one row per live document, with all columns of the table (see `live_documents`).

    Raises:
        FqError: There is no such table or snapshot, or the table is no changelog.
    """
    name = _table_name(table)
    rows = _rows_at(spark, name, as_of) if isinstance(as_of, int) else _rows(spark, name)
    require_changelog(name.dotted, rows.columns)
    if isinstance(as_of, dt.datetime):
        moment = as_of if as_of.tzinfo else as_of.replace(tzinfo=dt.UTC)
        rows = rows.where(sf.col("_fq_extracted_at") <= sf.lit(moment))
    return live_documents(rows)


def live_documents(changelog: DataFrame) -> DataFrame:
    """The live version of every document, each once.

    A document that moved to another window is live in both until its old window has been compared again; here the
    newer one of the two stands for it.

    Args:
        changelog: All rows of a raw table, or those up to some moment.

    Returns:
        The newest of the rows that `live_in_windows` gives per `_id`; columns unchanged.
    """
    # Rows that lie together by _id need not be shuffled again for either of the two steps.
    live = live_in_windows(changelog.repartition("_id"))
    return _newest(live, "_id", then_by="_fq_window")


def live_in_windows(changelog: DataFrame) -> DataFrame:
    """The live version of every document in every window.

    Args:
        changelog: Rows of a raw table, of any windows, each window complete.

    Returns:
        The newest row per `_fq_window` and `_id`, without those whose newest row is a tombstone; columns unchanged.
    """
    return _newest(changelog, "_fq_window", "_id").where(sf.col("_fq_op") != "delete")


def _newest(rows: DataFrame, *key: str, then_by: str | None = None) -> DataFrame:
    """The newest row of each key; ties are decided always in the same way."""
    order = ["_fq_extracted_at", "_fq_hash", *([then_by] if then_by else [])]
    newest_first = Window.partitionBy(*key).orderBy(*(sf.col(column).desc() for column in order))
    numbered = rows.select("*", sf.row_number().over(newest_first).alias(_VERSION))
    return numbered.where(sf.col(_VERSION) == 1).drop(_VERSION)


def _table_name(text: str) -> TableName:
    *namespace, name = text.removeprefix(f"{CATALOG}.").split(".")
    namespace = namespace or [Layer.RAW.value]
    try:
        table = Layout(None).table_at((*namespace, name))
    except ValueError:
        raise FqError(f"{text!r} is not the name of a table", fix="Write it like raw.ecommerce_db_orders") from None
    return replace(table, namespace=tuple(namespace))


def _rows(spark: SparkSession, name: TableName) -> DataFrame:
    rows = find(spark, name)
    if rows is None:
        raise FqError(
            f"There is no table {name.qualified}",
            fix="`fq tables` lists those that are there. If it should be, materialise its asset first",
        )
    return rows


def _rows_at(spark: SparkSession, name: TableName, snapshot: int) -> DataFrame:
    _rows(spark, name)
    try:
        rows = rows_with_columns_of_then(spark, name, snapshot)
        _ = rows.schema  # Spark Connect looks for the snapshot here, classic Spark above
    except PySparkException as error:
        if "Cannot find snapshot" not in str(error):
            raise
        raise FqError(
            f"{name.qualified} has no snapshot {snapshot}",
            fix=f"The table {name.qualified}.snapshots lists those that it has",
        ) from None
    return rows
