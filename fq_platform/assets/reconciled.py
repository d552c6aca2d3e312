"""Telling what differs because a table still has to follow from what differs for no reason that is known.

Belongs here: the mark on rows of `analytics/reconciliation`. Does not: comparing (`transforms/reconciliation.py`), or
refusing what is not marked (`checks/violations.py`).
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.automation.pending import Pending

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession
    from pyspark.sql.types import StructType


def mark_pending(
    context: dg.AssetExecutionContext, rows: "DataFrame", inputs: Mapping[str, dg.AssetKey]
) -> "DataFrame":
    """Mark the differences that will be over when a table has followed what it is made of.

    The rows, a few a day, are computed first and once: only what was told by then can explain what was read.

    Args:
        context: Of the step.
        rows: Rows of `reconciliation`, none marked.
        inputs: Parameter of the transform to the asset key of the table that it takes.

    Returns:
        The same rows.
    """
    found = rows.collect()
    if not any(map(_differs, found)):
        return _in_spark(rows.sparkSession, found, rows.schema)
    follows = Pending(context.instance, context.run_id)

    def is_pending(row: "Row") -> bool:
        source, target = (_asset(row[side], inputs) for side in ("source_table", "target_table"))
        return _differs(row) and follows(source, target, row["reconciled_date"])

    marked = [row.asDict() | {"is_pending": is_pending(row)} for row in found]
    return _in_spark(rows.sparkSession, marked, rows.schema)


def _in_spark(spark: "SparkSession", rows: "Sequence[Row | dict[str, Any]]", schema: "StructType") -> "DataFrame":
    """Rows as literals of the query: a frame made of Python's objects would start Python workers to hand them on."""
    from pyspark.sql import functions as sf

    values = [row if isinstance(row, dict) else row.asDict() for row in rows]
    text = json.dumps(values, default=str)  # days as ISO dates; a decimal as text, which no float comes near
    return spark.range(1).select(sf.inline(sf.from_json(sf.lit(text), f"array<{schema.simpleString()}>")))


def _differs(row: "Row") -> bool:
    return bool(row["difference_count"] or row["difference_amount"])


def _asset(table: str, inputs: Mapping[str, dg.AssetKey]) -> dg.AssetKey:
    """The asset of a table as reconciliation names it: `raw.orders` is the input `raw_orders`."""
    layer, _, name = table.partition(".")
    return inputs.get(f"{layer}_{name}") or inputs[name]
