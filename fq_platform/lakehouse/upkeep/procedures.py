"""Iceberg's procedures in Spark: how they are called, and when one only met another writer.

Belongs here: the call as SQL and its errors. Does not: which procedure, or when.
Only what Spark Connect offers is used.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from fq_platform.lakehouse.layout import CATALOG

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

_Result = TypeVar("_Result")
Value = str | int | bool | dt.datetime | Mapping[str, str]

ATTEMPTS = 3
_MET_ANOTHER_WRITER = ("CommitFailedException", "ValidationException", "Cannot commit rewrite")


class MetAnotherWriterError(Exception):
    """Others committed to the table each time; nothing of ours became visible."""


def call(spark: "SparkSession", procedure: str, **arguments: Value) -> "list[Row]":
    """Call a procedure of the catalog.

    Args:
        spark: The session.
        procedure: Its name, such as `expire_snapshots`.
        arguments: Its arguments by name.

    Returns:
        The rows that it returns.
    """
    given = ", ".join(f"{name} => {literal(value)}" for name, value in arguments.items())
    return spark.sql(f"CALL {CATALOG}.system.{procedure}({given})").collect()


def literal(value: Value) -> str:
    """A value as Spark SQL writes it."""
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value.astimezone(dt.UTC).replace(tzinfo=None)} UTC'"
    if isinstance(value, Mapping):
        return f"map({', '.join(literal(part) for pair in value.items() for part in pair)})"
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def yielding(work: Callable[[], _Result]) -> _Result:
    """Do work again that gave way to another writer.

    Args:
        work: Changes a table in one commit, or leaves it as it was.

    Returns:
        What the work returns.

    Raises:
        MetAnotherWriterError: Others committed during every attempt.
    """
    for _ in range(ATTEMPTS):
        try:
            return work()
        except Exception as error:
            if not any(text in str(error) for text in _MET_ANOTHER_WRITER):
                raise
            last = error
    raise MetAnotherWriterError from last
