"""What checks share: reading the tables they need, and telling Dagster what they found.

Belongs here: the joint between Spark, results and Dagster. Does not: rules.
"""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.checks.evaluation import Result
from fq_platform.contracts import CONTRACTS
from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName, layout_of
from fq_platform.settings import get_settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def asset_key(table: TableName) -> dg.AssetKey:
    """The asset that makes a table."""
    return dg.AssetKey(list(table.key))


def contract_table(name: str, app: str) -> TableName:
    """The table of the contract with this name, where the catalog keeps it."""
    return layout_of(get_settings()).place(CONTRACTS[name].table(app))


def read_table(spark: "SparkSession", table: TableName, branch: str | None = None) -> "DataFrame":
    """The table's rows.

    Args:
        spark: A session with the catalog.
        table: Which one.
        branch: Which of its branches; None for what is published.

    Returns:
        All its rows, not read yet.

    Raises:
        FqError: The table does not exist yet.
    """
    from fq_platform.lakehouse.spark_table import find

    rows = find(spark, table) if branch is None else spark.read.option("branch", branch).table(table.qualified)
    if rows is None:
        raise FqError(
            "The table does not exist yet",
            where=table.qualified,
            fix=f"Materialise {asset_key(table).to_user_string()} first",
        )
    return rows


def check_result(
    spec: dg.AssetCheckSpec,
    result: Result,
    severity: dg.AssetCheckSeverity,
) -> dg.AssetCheckResult:
    """What Dagster records of a result.

    Args:
        spec: The check.
        result: What it found.
        severity: How bad a violation is.

    Returns:
        The check's result with the counts and a few examples as metadata.
    """
    found: dict[str, Any] = {"rows": result.rows, "violations": result.violations, **result.figures}
    if result.by_column:
        found["violations_by_column"] = dg.MetadataValue.json(dict(result.by_column))
    if result.examples:
        found["examples"] = dg.MetadataValue.json([_plain(example) for example in result.examples])
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=result.passed,
        severity=severity,
        metadata=found,
        description=None if result.passed else f"{result.violations} of {result.rows} rows: {spec.description}",
    )


def finding(rule: str, result: Result) -> str:
    """A violation in words.

    Args:
        rule: What holds, in one sentence.
        result: What was found, with a violation.

    Returns:
        How many rows break it, and the first example.
    """
    said = f"{result.violations} of {result.rows} rows: {rule}"
    return f"{said} For example {json.dumps(_plain(result.examples[0]))}" if result.examples else said


def _plain(value: Any) -> Any:
    """A value of Spark as JSON can hold it; money stays exact as text."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, dt.date) else value
