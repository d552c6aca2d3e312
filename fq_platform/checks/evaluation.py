"""Evaluating a contract over DataFrames: which promises a table breaks, how often, and a few examples.

Belongs here: pure functions over DataFrames. Does not: Dagster, reading tables (`tables.py`), business rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from fq_platform.contracts import Contract, Reference

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

EXAMPLES = 5
"""How many offending rows a result names."""

PRIMARY_KEY = "primary_key_unique"
NOT_NULL = "not_null"
ACCEPTED_VALUES = "accepted_values"


@dataclass(frozen=True)
class Result:
    """What one check found.

    Args:
        rows: Rows looked at.
        violations: Rows (or keys, or groups) that break the rule; 0 is a pass.
        examples: A few of them, as column -> value.
        by_column: Violations per column, where the rule concerns several.
    """

    rows: int
    violations: int
    examples: Sequence[Mapping[str, Any]] = ()
    by_column: Mapping[str, int] | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing breaks the rule."""
        return self.violations == 0


def reference_rule(reference: Reference) -> str:
    """The name of the check of one foreign key, such as `references_customers_silver`."""
    return f"references_{reference.table}"


def evaluate_columns(contract: Contract, table: "DataFrame") -> dict[str, Result]:
    """Check primary key, nulls and accepted values in one pass over the table.

    Args:
        contract: The table's promises.
        table: Its rows.

    Returns:
        A result for each of the rules that the contract makes, by the rule's name.
    """
    from pyspark.sql import functions as sf

    key = sf.struct(*contract.primary_key)
    nulls = {name: sf.col(name).isNull() for name in (*contract.primary_key, *contract.not_null)}
    strange = {name: ~sf.col(name).isin(*values) for name, values in contract.accepted.items()}
    rules = {NOT_NULL: nulls, **({ACCEPTED_VALUES: strange} if strange else {})}

    sums = [
        sf.count_if(condition).alias(f"{rule}.{name}")
        for rule, conditions in rules.items()
        for name, condition in conditions.items()
    ]
    totals = [sf.count_if(_any(conditions)).alias(rule) for rule, conditions in rules.items()]
    counted = table.agg(sf.count(sf.lit(1)).alias("rows"), sf.count_distinct(key).alias("keys"), *sums, *totals)
    row = counted.collect()[0].asDict()

    results = {PRIMARY_KEY: _key_result(contract, table, row["rows"], row["rows"] - row["keys"])}
    for rule, conditions in rules.items():
        offending = table.where(_any(conditions)).select(*dict.fromkeys((*contract.primary_key, *conditions)))
        results[rule] = Result(
            rows=row["rows"],
            violations=row[rule],
            examples=_examples(offending) if row[rule] else (),
            by_column={name: row[f"{rule}.{name}"] for name in conditions if row[f"{rule}.{name}"]},
        )
    return results


def evaluate_reference(contract: Contract, reference: Reference, table: "DataFrame", target: "DataFrame") -> Result:
    """Check one foreign key.

    Args:
        contract: The promises of the referring table.
        reference: The foreign key.
        table: Rows of the referring table.
        target: Rows of the table referred to.

    Returns:
        The result; its violations are rows (or nested lines) that refer to nothing that exists.
    """
    from pyspark.sql import functions as sf

    name = reference.column.rpartition(".")[2]
    referring = sf.explode(reference.column) if "." in reference.column else sf.col(reference.column)
    keys = [column for column in contract.primary_key if column != name]
    rows = table.select(*keys, referring.alias(name)).where(sf.col(name).isNotNull())
    known = target.select(sf.col(reference.key).alias(name)).distinct().withColumn("is_known", sf.lit(True))
    joined = rows.join(known, name, "left")
    count, orphans = joined.agg(sf.count(sf.lit(1)), sf.count_if(sf.col("is_known").isNull())).collect()[0]
    missing = joined.where(sf.col("is_known").isNull()).drop("is_known").select(*keys, name)
    return Result(rows=count, violations=orphans, examples=_examples(missing) if orphans else ())


def evaluate_violations(rows: int, violations: "DataFrame") -> Result:
    """Check a rule that is given as the rows which break it.

    Args:
        rows: How many rows were looked at.
        violations: One row per violation.

    Returns:
        The result.
    """
    count = violations.count()
    return Result(rows=rows, violations=count, examples=_examples(violations) if count else ())


def _key_result(contract: Contract, table: "DataFrame", rows: int, duplicates: int) -> Result:
    from pyspark.sql import functions as sf

    repeated = table.groupBy(*contract.primary_key).agg(sf.count(sf.lit(1)).alias("rows")).where(sf.col("rows") > 1)
    return Result(rows=rows, violations=duplicates, examples=_examples(repeated) if duplicates else ())


def _any(conditions: Mapping[str, "Column"]) -> "Column":
    return reduce(or_, conditions.values())


def _examples(offending: "DataFrame") -> list[dict[str, Any]]:
    """A few offending rows, always the same ones."""
    return [row.asDict(recursive=True) for row in offending.orderBy(*offending.columns).limit(EXAMPLES).collect()]
