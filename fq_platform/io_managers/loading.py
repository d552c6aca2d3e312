"""Loading what an input asks for, as the kind of frame that its parameter is annotated with.

Belongs here: choosing between Spark and Arrow, and naming what is missing. Does not: reading (`lakehouse/*_read.py`).
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.io_managers.declarations import read_options
from fq_platform.io_managers.scope import InputScope
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.frames import FrameKind
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.read_point import ReadOptions, read_point
from fq_platform.lakehouse.storage import storage_errors
from fq_platform.resources.spark import SparkResource

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import DataFrame

    from fq_platform.settings import Settings


def load(resource: SparkResource, table: TableName, scope: InputScope, kind: FrameKind) -> Any:
    """Load the rows that an input asks for.

    Args:
        resource: The session, started only if Spark is to read; and the settings.
        table: The table, placed.
        scope: The partitions asked for, and the options that the input declares.
        kind: What the rows are given as.

    Returns:
        The frame; Spark's, a stream and a lazy frame read when they are used.

    Raises:
        FqError: The table does not exist, or it cannot be read as the input declares.
    """
    options = read_options(scope.options)
    with storage_errors(table.qualified):
        if kind is FrameKind.SPARK:
            return _with_spark(resource, table, scope, options)
        return _with_arrow(resource.settings, table, scope, options, kind)


def _with_spark(resource: SparkResource, table: TableName, scope: InputScope, options: ReadOptions) -> "DataFrame":
    from fq_platform.lakehouse import spark_read

    # Opened here first: Iceberg in Spark asks a storage that refuses it for two minutes before it says so.
    present = _opened(resource.settings, table, scope.asset_key)
    # What is newest is for Spark to find; anything else is looked up, so that all kinds of frames agree on it.
    point = None if options.is_newest else read_point(present, options)
    rows = spark_read.read(resource.spark_session, table, point=point, windows=scope.windows)
    if rows is None:
        raise missing(table, scope.asset_key)
    return rows


def _with_arrow(
    settings: "Settings", table: TableName, scope: InputScope, options: ReadOptions, kind: FrameKind
) -> Any:
    from fq_platform.lakehouse.arrow_read import TableRows
    from fq_platform.lakehouse.frames import converted

    present = _opened(settings, table, scope.asset_key)
    return converted(TableRows(present, read_point(present, options), scope.windows), kind)


def _opened(settings: "Settings", table: TableName, key: dg.AssetKey) -> "Table":
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return open_catalog(settings).load_table(table.identifier)
    except NoSuchTableError:
        raise missing(table, key) from None


def missing(table: TableName, key: dg.AssetKey) -> FqError:
    """The complaint that a table which is loaded does not exist."""
    name = key.to_user_string()
    return FqError(
        f"The table {table.qualified} does not exist yet",
        where=f"upstream asset {name}",
        fix=f"Materialise {name} first: in the UI, or with "
        f"`dagster asset materialize -m fq_platform.definitions --select {name}`",
    )
