"""Tests of the ready-made audits: what a run wrote is held to the rules, and to keys of other partitions."""

from typing import TYPE_CHECKING, Any

import pytest

from fq_platform.checks.audits import Candidate, audit, never_null, on_one_day, sound_rows, unique_key
from fq_platform.checks.evaluation import Result

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services


def _rows(spark: "SparkSession", *rows: tuple[Any, ...]) -> "DataFrame":
    return spark.createDataFrame(list(rows), "day INT, id STRING, amount INT")


@pytest.fixture
def candidate(spark: "SparkSession") -> Candidate:
    """Day 2 is written: `b` twice, and `a`, which day 1 has too. Day 1 has had `x` twice before, and a null."""
    written = _rows(spark, (2, "b", 1), (2, "b", None), (2, "a", 3), (2, "c", 4))
    others = _rows(spark, (1, "a", 1), (1, "x", 2), (1, "x", 3), (1, None, None))
    return Candidate(written, others, "day")


def test_a_key_is_looked_for_in_all_partitions_but_only_if_the_run_wrote_it(candidate: Candidate) -> None:
    found = unique_key("id").evaluate(candidate)["primary_key_unique"]

    assert found == Result(rows=5, violations=2, examples=[{"id": "a", "rows": 2}, {"id": "b", "rows": 2}])


def test_a_key_that_holds_the_partition_is_looked_for_in_what_was_written(candidate: Candidate) -> None:
    found = unique_key("day", "id", name="unique_in_its_day").evaluate(candidate)["unique_in_its_day"]

    assert found == Result(rows=4, violations=1, examples=[{"day": 2, "id": "b", "rows": 2}])


def test_documents_on_several_days_are_found_wherever_the_run_wrote_one_of_their_rows(candidate: Candidate) -> None:
    found = on_one_day("id").evaluate(candidate)["on_one_day"]
    assert found == Result(rows=4, violations=1, examples=[{"id": "a", "days": 2}])

    several = Candidate(candidate.rows.unionByName(candidate.others or candidate.rows), None, "day")
    assert on_one_day("id").evaluate(several)["on_one_day"].violations == 1
    assert on_one_day("id").evaluate(Candidate(candidate.rows))["on_one_day"].passed


def test_nulls_are_looked_for_in_what_was_written(candidate: Candidate) -> None:
    found = never_null("id", "amount").evaluate(candidate)["not_null"]

    assert (found.rows, found.violations, found.by_column) == (4, 1, {"amount": 1})
    assert found.examples == [{"id": "b", "amount": None}]


def test_key_and_nulls_are_found_together_as_they_are_apart(candidate: Candidate) -> None:
    alone = Candidate(candidate.rows)
    for held_to in (candidate, alone):
        found = sound_rows(["id"], ["amount"]).evaluate(held_to)
        assert found["primary_key_unique"] == unique_key("id").evaluate(held_to)["primary_key_unique"]
        assert found["not_null"] == never_null("id", "amount").evaluate(held_to)["not_null"]


def test_a_rule_is_a_function_that_gives_the_rows_which_break_it(candidate: Candidate) -> None:
    @audit("Amounts are below four.")
    def amounts_are_small(rows: "DataFrame") -> "DataFrame":
        return rows.where("amount >= 4")

    assert amounts_are_small.rules == {"amounts_are_small": "Amounts are below four."}
    assert amounts_are_small.evaluate(candidate) == {
        "amounts_are_small": Result(rows=4, violations=1, examples=[{"day": 2, "id": "c", "amount": 4}])
    }
    assert candidate.table.count() == 8
