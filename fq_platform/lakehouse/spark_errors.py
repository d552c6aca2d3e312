"""Errors of Spark's expressions, in words that name the table and what to do.

Belongs here: recognising values and columns that a query cannot cope with. Does not: errors of disk, S3 and catalog
(`storage.py`), which are asked here too.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.errors import AnalysisException, PySparkException

from fq_platform.errors import FqError
from fq_platform.lakehouse.storage import explain_storage_error

_MISSING_COLUMN = ("UNRESOLVED_COLUMN", "FIELD_NOT_FOUND")
_BAD_VALUES = (
    "ARITHMETIC_OVERFLOW",
    "CANNOT_PARSE_TIMESTAMP",
    "CAST_INVALID_INPUT",
    "CAST_OVERFLOW",
    "DIVIDE_BY_ZERO",
    "INVALID_ARRAY_INDEX",
    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
    "NUMERIC_VALUE_OUT_OF_RANGE",
)
"""Spark's names of these conditions; see the page "Error Conditions" of its documentation."""

_NAME = re.compile(r"^\[([A-Z_]+(?:\.[A-Z_]+)*)\]")
"""How a message begins with the name, which is all that a server of Spark Connect 3.5 tells of it."""

_UNRESOLVED = re.compile(r"(?:with name|column or function parameter|No such struct field) (?P<column>`.+?`)(?= |$)")
_PRESENT = re.compile(r"(?:of the following\? \[|struct field `.+?` in )(?P<columns>`.+?`)(?=\]|\.|;|$)", re.MULTILINE)
"""The column that is missing, and those that there are, in such a message."""

_SAID = re.compile(r"\[(?P<kind>[A-Z_]+)[A-Z_.]*\] +(?P<text>.+?)(?=\.? (?:Correct|If|Use) |\.?$)", re.MULTILINE)
"""What Spark says after the name, without its own advice: it names settings that users here do not have."""


@contextmanager
def spark_errors(table: str) -> Iterator[None]:
    """Turn the errors that data and storage cause in a transform into errors that say what to do.

    Args:
        table: Qualified name of the table that is being made.

    Raises:
        FqError: A column that is read does not exist, a value cannot be cast or computed with, or storage fails.
            Anything else passes through as it is.
    """
    try:
        yield
    except FqError:
        raise
    except Exception as error:  # a failed task's error is PySpark's in Spark Connect, Py4J's in classic Spark
        known = _missing_column(error, table) or _bad_value(error, table) or explain_storage_error(error, table)
        if known is None:
            raise
        raise known from error


def condition(error: PySparkException) -> str:
    """Spark's name of what went wrong, such as `TABLE_OR_VIEW_NOT_FOUND`; empty if it has none."""
    named = getattr(error, "getCondition", error.getErrorClass)  # the newer name, which Spark 3.5 does not know yet
    told = _NAME.match(str(error))
    return named() or (told[1] if told else "")


def _missing_column(error: Exception, table: str) -> FqError | None:
    if not isinstance(error, AnalysisException) or not condition(error).startswith(_MISSING_COLUMN):
        return None
    column, present = _columns(error)
    return FqError(
        f"The column {column}, which the table is made of, is missing: its source has no such field"
        + (f"; it has {present}" if present else ""),
        where=table,
        fix="Correct the name in the transform; if the field is new, land documents that have it first",
    )


def _columns(error: AnalysisException) -> tuple[str, str | None]:
    """The column that is missing, and those that there are if it is told, each in backquotes."""
    details = error.getMessageParameters() or {}
    missing, present = _UNRESOLVED.search(str(error)), _PRESENT.search(str(error))
    return (
        details.get("objectName") or details.get("fieldName") or (missing["column"] if missing else "?"),
        details.get("proposal") or details.get("fields") or (present["columns"] if present else None),
    )


def _bad_value(error: Exception, table: str) -> FqError | None:
    said = _SAID.search(str(error))
    if said is None or said["kind"] not in _BAD_VALUES:
        return None
    return FqError(
        f"A row cannot be computed: [{said['kind']}] {said['text']}",
        where=table,
        fix="Correct the value at its source, or let the transform read it with `try_cast` or another `try_` "
        "function, which gives null instead",
    )
