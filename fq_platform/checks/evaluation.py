"""Evaluating a contract over DataFrames: which promises a table breaks, how often, and a few examples.

Belongs here: pure functions over DataFrames. Does not: Dagster, reading tables (`reporting.py`), business rules.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
ROW_RULES = (PRIMARY_KEY, NOT_NULL, ACCEPTED_VALUES)
"""What a contract promises of its rows, besides references."""


@dataclass(frozen=True)
class Result:
    """What one check found.

    Args:
        rows: Rows looked at.
        violations: Rows (or keys, or groups) that break the rule; 0 is a pass.
        examples: A few of them, as column -> value.
        by_column: Violations per column, where the rule concerns several.
        figures: Further numbers, by name.
    """

    rows: int
    violations: int
    examples: Sequence[Mapping[str, Any]] = ()
    by_column: Mapping[str, int] | None = None
    figures: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing breaks the rule."""
        return self.violations == 0


def reference_rule(reference: Reference) -> str:
    """The name of the check of one foreign key, such as `references_customers_silver`."""
    return f"references_{reference.table}"


def evaluate_contract(
    contract: Contract,
    table: "DataFrame",
    targets: Mapping[Reference, "DataFrame"] | None = None,
    rules: Collection[str] = ROW_RULES,
) -> dict[str, Result]:
    """Check what a contract promises of its rows, and references, in one pass over the table.

    References of nested lines are followed in a pass of their own each: a line is not a row of the table.

    Args:
        contract: The table's promises.
        table: Its rows.
        targets: Rows of the tables referred to, for the references that are to be checked.
        rules: Which of `ROW_RULES` are to be checked.

    Returns:
        A result for each of the rules that the contract makes, by the rule's name.
    """
    targets = targets or {}
    of_rows = {reference: target for reference, target in targets.items() if "." not in reference.column}
    never_null = tuple(dict.fromkeys((*contract.primary_key, *contract.not_null)))
    return evaluate_rows(
        table,
        contract.primary_key,
        unique=PRIMARY_KEY in rules,
        never_null=never_null if NOT_NULL in rules else (),
        accepted=contract.accepted if ACCEPTED_VALUES in rules else {},
        targets=of_rows,
    ) | {
        reference_rule(reference): _evaluate_lines(contract, reference, table, target)
        for reference, target in targets.items()
        if reference not in of_rows
    }


def evaluate_rows(
    table: "DataFrame",
    key: Sequence[str],
    *,
    unique: bool = True,
    never_null: Sequence[str] = (),
    accepted: Mapping[str, Sequence[str]] | None = None,
    targets: Mapping[Reference, "DataFrame"] | None = None,
) -> dict[str, Result]:
    """Check rules of single rows, and that a key is unique, in one pass over the rows.

    Args:
        table: The rows.
        key: The columns that tell rows apart; examples show them.
        unique: Whether no two rows may have the same key.
        never_null: Columns that are never null.
        accepted: Column -> every value it may hold besides null.
        targets: Rows of the tables referred to, by the reference.

    Returns:
        A result for each of the rules asked for, by the rule's name.
    """
    from pyspark.sql import functions as sf

    targets = targets or {}
    rules: dict[str, dict[str, Column]] = {}
    if never_null:
        rules[NOT_NULL] = {name: sf.col(name).isNull() for name in never_null}
    if accepted:
        rules[ACCEPTED_VALUES] = {name: ~sf.col(name).isin(*values) for name, values in accepted.items()}
    for reference, target in targets.items():
        known = f"{reference.column}_is_known"
        table = _with_known(table, reference.column, target, reference.key, known)
        orphaned = sf.col(reference.column).isNotNull() & sf.col(known).isNull()
        rules[reference_rule(reference)] = {reference.column: orphaned}
    if not unique and not rules:
        return {}

    counts = {"rows": sf.count(sf.lit(1))}
    if unique:
        counts["keys"] = sf.count_distinct(sf.struct(*key))
    counts |= {f"non-null {reference.column}": sf.count(reference.column) for reference in targets}
    for rule, conditions in rules.items():
        counts[rule] = sf.count_if(_any(conditions))
        counts |= {f"{rule}.{name}": sf.count_if(condition) for name, condition in conditions.items()}
    (row,) = table.agg(*(count.alias(name) for name, count in counts.items())).collect()

    results = {PRIMARY_KEY: _key_result(table, key, row["rows"], row["rows"] - row["keys"])} if unique else {}
    for rule, conditions in rules.items():
        offending = table.where(_any(conditions)).select(*dict.fromkeys((*key, *conditions)))
        results[rule] = Result(
            rows=row["rows"],
            violations=row[rule],
            examples=_examples(offending) if row[rule] else (),
            by_column={name: row[f"{rule}.{name}"] for name in conditions if row[f"{rule}.{name}"]},
        )
    for reference in targets:  # null refers to nothing, so such rows are not looked at
        rule = reference_rule(reference)
        results[rule] = replace(results[rule], rows=row[f"non-null {reference.column}"], by_column=None)
    return results


def _evaluate_lines(contract: Contract, reference: Reference, table: "DataFrame", target: "DataFrame") -> Result:
    from pyspark.sql import functions as sf

    name = reference.column.rpartition(".")[2]
    keys = [column for column in contract.primary_key if column != name]
    lines = table.select(*keys, sf.explode(reference.column).alias(name)).where(sf.col(name).isNotNull())
    joined = _with_known(lines, name, target, reference.key, "is_known")
    is_orphan = sf.col("is_known").isNull()
    count, orphans = joined.agg(sf.count(sf.lit(1)), sf.count_if(is_orphan)).collect()[0]
    missing = joined.where(is_orphan).select(*keys, name)
    return Result(rows=count, violations=orphans, examples=_examples(missing) if orphans else ())


def _with_known(table: "DataFrame", column: str, target: "DataFrame", key: str, known: str) -> "DataFrame":
    """The rows with a further column, null where `column` is no key of the target; no row is lost or doubled."""
    from pyspark.sql import functions as sf

    keys = target.select(sf.col(key).alias(column)).distinct().withColumn(known, sf.lit(True))
    return table.join(keys, column, "left")


def evaluate_violations(
    table: "DataFrame", violations: "DataFrame", figures: "Mapping[str, DataFrame] | None" = None
) -> Result:
    """Check a rule that is given as the rows which break it, counting everything in one action.

    Args:
        table: The rows looked at.
        violations: One row per violation.
        figures: Further numbers to report by name, each a DataFrame of one number.

    Returns:
        The result.
    """
    from pyspark.sql import functions as sf

    count = sf.count(sf.lit(1))
    numbers = {"rows": table.agg(count), "violations": violations.agg(count), **(figures or {})}
    named = [number.toDF("number").withColumn("name", sf.lit(name)) for name, number in numbers.items()]
    found = {row["name"]: row["number"] for row in reduce(lambda one, other: one.union(other), named).collect()}
    return Result(
        rows=found["rows"],
        violations=found["violations"],
        examples=_examples(violations) if found["violations"] else (),
        figures={name: found[name] for name in figures or {}},
    )


def _key_result(table: "DataFrame", key: Sequence[str], rows: int, duplicates: int) -> Result:
    from pyspark.sql import functions as sf

    repeated = table.groupBy(*key).agg(sf.count(sf.lit(1)).alias("rows")).where(sf.col("rows") > 1)
    return Result(rows=rows, violations=duplicates, examples=_examples(repeated) if duplicates else ())


def _any(conditions: Mapping[str, "Column"]) -> "Column":
    return reduce(or_, conditions.values())


def _examples(offending: "DataFrame") -> list[dict[str, Any]]:
    """A few offending rows, always the same ones."""
    return [row.asDict(recursive=True) for row in offending.orderBy(*offending.columns).limit(EXAMPLES).collect()]
