"""What an audit is: rules that rows must keep before anybody sees them, and those that every table needs.

Belongs here: the type, the decorator `audit`, ready-made audits. Does not: Dagster, branches (`assets/audited.py`), the
evaluation itself (`evaluation.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fq_platform.checks.evaluation import NOT_NULL, PRIMARY_KEY, Result, evaluate_rows, evaluate_violations

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ON_ONE_DAY = "on_one_day"


@dataclass(frozen=True)
class Candidate:
    """A table as readers would see it, once the write under audit is published.

    Args:
        rows: The rows that the run wrote: those of its partitions; all rows of a table without partitions.
        others: The rows of all other partitions; None if there are none.
        partition_column: The column by which the table is partitioned, if it is.
    """

    rows: "DataFrame"
    others: "DataFrame | None" = None
    partition_column: str | None = None

    @property
    def table(self) -> "DataFrame":
        """All rows, whoever wrote them."""
        return self.rows if self.others is None else self.rows.unionByName(self.others)


@dataclass(frozen=True)
class Audit:
    """Rules that are evaluated together before a write is published; each is a blocking asset check.

    Args:
        rules: Names of the checks, and what holds, in one sentence each.
        evaluate: Gives what was found, for each rule by its name.
        keys: Of the rules that say so: the columns in which no two rows of the table have the same values.
    """

    rules: Mapping[str, str]
    evaluate: Callable[[Candidate], Mapping[str, Result]]
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)


def audit(description: str) -> "Callable[[Callable[[DataFrame], DataFrame]], Audit]":
    """Make an audit of a function that gives the rows which break a rule; the check is named as the function is.

    Example:
        @audit("Sales are never negative.")
        def sales_are_not_negative(rows: DataFrame) -> DataFrame:
            return rows.where("net_sales_amount < 0")

    Args:
        description: What holds, in one sentence.

    Returns:
        A decorator. The function is given the rows that the run wrote.
    """

    def of(broken_by: "Callable[[DataFrame], DataFrame]") -> Audit:
        return rule(broken_by.__name__, description, broken_by)

    return of


def rule(name: str, description: str, broken_by: "Callable[[DataFrame], DataFrame]") -> Audit:
    """The same as `audit`, without a decorator.

    Args:
        name: The check's name.
        description: What holds, in one sentence.
        broken_by: Gives the rows that break the rule, of the rows that the run wrote.

    Returns:
        The audit.
    """
    return Audit(
        {name: description},
        lambda candidate: {name: evaluate_violations(candidate.rows, broken_by(candidate.rows))},
    )


def unique_key(*columns: str, name: str = PRIMARY_KEY) -> Audit:
    """No two rows of the table have the same values in these columns, whatever partitions they are in.

    Args:
        columns: The key.
        name: The check's name.

    Returns:
        The audit. Of other partitions only the rows whose key the run wrote are looked at.
    """
    return Audit(
        {name: f"({', '.join(columns)}) is unique."},
        lambda candidate: {name: _evaluate_key(candidate, columns)},
        keys={name: columns},
    )


def on_one_day(column: str, name: str = ON_ONE_DAY) -> Audit:
    """All rows of a document are in the same partition, whichever the run wrote.

    For a table of several rows a document, each document of which is in its source table once: only a document that
    has moved can break this, and then its old partition is made, too.

    Args:
        column: The column that tells documents apart.
        name: The check's name.

    Returns:
        The audit. Of other partitions only the documents that the run wrote are looked at.
    """

    def evaluate(candidate: Candidate) -> dict[str, Result]:
        if candidate.partition_column is None:
            return {name: evaluate_violations(candidate.rows, candidate.rows.where("false"))}
        days = candidate.rows.select(column, candidate.partition_column)
        elsewhere = same_keys_elsewhere(candidate, (column,))
        if elsewhere is not None:
            days = days.unionByName(elsewhere.select(*days.columns))
        several = days.distinct().groupBy(column).count().where("count > 1").withColumnRenamed("count", "days")
        return {name: evaluate_violations(candidate.rows, several)}

    return Audit({name: f"All rows of a {column} are on the same day."}, evaluate, keys={name: (column,)})


def never_null(*columns: str, name: str = NOT_NULL) -> Audit:
    """These columns are never null in the rows that the run wrote.

    Args:
        columns: The columns.
        name: The check's name.

    Returns:
        The audit.
    """
    return Audit(
        {name: f"Never null: {', '.join(columns)}."},
        lambda candidate: {name: evaluate_rows(candidate.rows, columns, unique=False, never_null=columns)[NOT_NULL]},
    )


def sound_rows(key: Sequence[str], not_null: Sequence[str]) -> Audit:
    """A unique key and columns that are never null, those of the key included: one pass over the rows for both.

    Args:
        key: The columns of the key.
        not_null: Further columns that are never null.

    Returns:
        The audit, of the rules `primary_key_unique` and `not_null`.
    """
    never = tuple(dict.fromkeys((*key, *not_null)))
    rules = {**unique_key(*key).rules, **never_null(*never).rules}

    def evaluate(candidate: Candidate) -> dict[str, Result]:
        at_once = same_keys_elsewhere(candidate, key) is None
        found = evaluate_rows(candidate.rows, key, unique=at_once, never_null=never)
        return found if at_once else {PRIMARY_KEY: _evaluate_key(candidate, key), **found}

    return Audit(rules, evaluate, keys={PRIMARY_KEY: tuple(key)})


def same_keys_elsewhere(candidate: Candidate, key: Sequence[str]) -> "DataFrame | None":
    """The rows of other partitions that have the key of a row which the run wrote.

    Args:
        candidate: The table.
        key: The columns of the key.

    Returns:
        The rows, not read yet; None where there can be none, since the key holds the partition.
    """
    if candidate.others is None or candidate.partition_column in key:
        return None
    return candidate.others.join(candidate.rows.select(*key).distinct(), [*key], "left_semi")


def _evaluate_key(candidate: Candidate, key: Sequence[str]) -> Result:
    rows, elsewhere = candidate.rows, same_keys_elsewhere(candidate, key)
    if elsewhere is not None:
        rows = rows.select(*key).unionByName(elsewhere.select(*key))
    return evaluate_rows(rows, key)[PRIMARY_KEY]
