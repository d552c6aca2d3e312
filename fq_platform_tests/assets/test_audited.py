"""Assets as users declare them: what breaks a rule is never seen by readers, and stays on a branch."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest
from pyiceberg.catalog import Catalog
from pyspark.sql import DataFrame, SparkSession

from fq_platform.assets.audited import audited_asset
from fq_platform.checks.audits import Audit, audit, never_null, unique_key
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.audit import audit_branches, branch_name, drop_branch, old_branches
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import TableName
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform.resources.spark import SparkResource
from fq_platform_tests.fixtures.spark import NewTable

pytestmark = pytest.mark.services

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")
FIRST, SECOND, THIRD = (dt.date(2026, 1, day) for day in (1, 2, 3))


@audit("Amounts are never negative.")
def amounts_are_not_negative(rows: DataFrame) -> DataFrame:
    return rows.where("amount < 0")


class Shop:
    """Two assets of a user: `sales`, audited, and `totals`, made of it; and what readers see of them."""

    def __init__(self, spark: SparkSession, resource: SparkResource, sales: TableName, totals: TableName) -> None:
        self.spark, self.resource, self.sales, self.totals = spark, resource, sales, totals
        self.instance = dg.DagsterInstance.ephemeral()
        self.rows: list[tuple[dt.date, str | None, int]] = []
        self.audits: list[Audit] = [unique_key("id"), never_null("id", "amount"), amounts_are_not_negative]
        self.before_audit: Callable[[], object] = lambda: None
        self.wants_one_stretch = False

    @property
    def catalog(self) -> Catalog:
        return open_catalog(self.resource.settings)

    def definitions(self) -> dg.Definitions:
        overtaken = audit("Others may publish before this is evaluated; nothing breaks it.")(
            self._let_others_come_first
        )

        @audited_asset(
            dg.AssetSpec(list(self.sales.key), partitions_def=DAYS, metadata={"partition_expr": "day"}),
            audits=[*self.audits, overtaken],
        )
        def sales(context: dg.AssetExecutionContext) -> DataFrame:
            """Sales of the days asked for."""
            _ = context.partition_time_window if self.wants_one_stretch else None
            asked = [row for row in self.rows if str(row[0]) in context.partition_keys]
            return self.spark.createDataFrame(asked, "day DATE, id STRING, amount INT")

        @audited_asset(
            dg.AssetSpec(list(self.totals.key)),
            audits=[unique_key("day")],
            ins={"sold": dg.AssetIn(list(self.sales.key))},
        )
        def totals(sold: DataFrame) -> DataFrame:
            return sold.groupBy("day").sum("amount").toDF("day", "amount")

        return dg.Definitions(
            [sales, totals],
            jobs=[
                dg.define_asset_job("all"),
                dg.define_asset_job("retried", op_retry_policy=dg.RetryPolicy(max_retries=1)),
                *self._jobs_of_checks(),
            ],
            resources={"io_manager": SparkIcebergIOManager(spark=self.resource, app="app")},
            executor=dg.in_process_executor,
        )

    def _jobs_of_checks(self) -> Iterator[Any]:
        key = dg.AssetKey(list(self.sales.key))
        yield dg.define_asset_job("one_check", dg.AssetSelection.checks(dg.AssetCheckKey(key, "primary_key_unique")))
        yield dg.define_asset_job("no_checks", dg.AssetSelection.assets(key).without_checks())

    def _let_others_come_first(self, rows: DataFrame) -> DataFrame:
        before_audit, self.before_audit = self.before_audit, lambda: None
        before_audit()
        return rows.where("false")

    def sell(
        self, *rows: tuple[dt.date, str | None, int], days: tuple[int, int], job: str = "all"
    ) -> dg.JobExecutionResult:
        """Let the source hold rows, and run both assets for a range of days."""
        self.rows = list(rows)
        first, last = (f"2026-01-{day:02}" for day in days)
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        defs = self.definitions()
        return defs.resolve_job_def(job).execute_in_process(instance=self.instance, tags=tags, raise_on_error=False)

    def seen(self) -> list[tuple[dt.date, str | None, int]]:
        """What readers of `sales` see, the same for each of them."""
        by_spark = sorted(tuple(row) for row in self.spark.table(self.sales.qualified).collect())
        loaded = self.catalog.load_table(self.sales.identifier)
        by_pyiceberg = sorted(tuple(row.values()) for row in loaded.scan().to_arrow().to_pylist())
        engine = open_engine(EngineName.DUCKDB, self.resource.settings)
        read = engine.execute(" ".join(("SELECT * FROM", self.sales.dotted))).read_all()
        assert by_spark == by_pyiceberg == sorted(tuple(row.values()) for row in read.to_pylist())
        return by_spark

    def snapshots_seen(self) -> list[list[tuple[Any, ...]]]:
        """What readers of `sales` saw after each publication."""
        loaded = self.catalog.load_table(self.sales.identifier)
        published = [entry.snapshot_id for entry in loaded.history()]
        scans = (loaded.scan(snapshot_id=snapshot).to_arrow().to_pylist() for snapshot in published)
        seen = [sorted(tuple(row.values()) for row in rows) for rows in scans]
        return [rows for number, rows in enumerate(seen) if rows and rows != seen[number - 1]]

    def branches(self) -> list[str]:
        return [branch.name for branch in audit_branches(self.catalog.load_table(self.sales.identifier))]

    def on_branch(self, name: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.spark.table(f"{self.sales.qualified}.branch_{name}").collect()]


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {found.check_name: found for found in result.get_asset_check_evaluations()}


@pytest.fixture
def shop(spark: SparkSession, spark_resource: SparkResource, new_table: NewTable) -> Shop:
    return Shop(spark, spark_resource, new_table(), new_table())


def test_rows_that_pass_are_published_with_their_checks_and_no_branch_stays(shop: Shop) -> None:
    result = shop.sell((FIRST, "a", 1), (SECOND, "b", 2), days=(1, 2))

    assert result.success
    assert shop.seen() == [(FIRST, "a", 1), (SECOND, "b", 2)]
    assert shop.branches() == []
    assert {name: found.passed for name, found in evaluations(result).items()} == {
        "primary_key_unique": True,
        "not_null": True,
        "amounts_are_not_negative": True,
        "_let_others_come_first": True,
    }
    made = {
        event.partition: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key.path[-1] == shop.sales.name
    }
    assert {day: told["dagster/partition_row_count"] for day, told in made.items()} == {
        "2026-01-01": 1,
        "2026-01-02": 1,
    }
    assert (made["2026-01-01"]["changed"], "branch" in made["2026-01-01"]) == (True, False)


def test_rows_that_break_a_rule_are_never_seen_and_are_named_in_the_failure(shop: Shop) -> None:
    shop.sell((FIRST, "a", 1), (SECOND, "b", 2), days=(1, 2))

    bad = shop.sell((SECOND, "b", 2), (SECOND, "b", -2), (SECOND, None, 3), days=(2, 2))

    branch = branch_name(bad.run_id)
    assert shop.seen() == [(FIRST, "a", 1), (SECOND, "b", 2)]
    assert shop.branches() == [branch]
    assert sorted(row[2] for row in shop.on_branch(branch)) == [-2, 1, 2, 3]
    found = evaluations(bad)
    assert {name for name, check in found.items() if not check.passed} == {
        "primary_key_unique",
        "not_null",
        "amounts_are_not_negative",
    }
    assert found["primary_key_unique"].metadata["examples"].value == [{"id": "b", "rows": 2}]
    assert found["not_null"].blocking
    assert not bad.get_asset_materialization_events(), "neither the asset nor what is made of it"
    (failure,) = bad.get_step_failure_events()
    shown = failure.step_failure_data.user_failure_data
    assert shown is not None
    told = str(shown.description)
    for part in (
        shop.sales.qualified,
        f"branch {branch}",
        f"SELECT * FROM {shop.sales.qualified}.branch_{branch}",
        '1 of 3 rows: (id) is unique. For example {"id": "b", "rows": 2}',
        "1 of 3 rows: Amounts are never negative.",
    ):
        assert part in told
    asked = re.search(r'--as-of (\d+) "(.+?)"', told)
    assert asked is not None
    engine = open_engine(EngineName.DUCKDB, shop.resource.settings)
    assert engine.execute(asked[2], int(asked[1])).read_all().num_rows == 4

    assert shop.sell((SECOND, "b", 5), days=(2, 2)).success
    assert shop.seen() == [(FIRST, "a", 1), (SECOND, "b", 5)]
    now = dt.datetime.now(dt.UTC)
    loaded = shop.catalog.load_table(shop.sales.identifier)
    assert old_branches(loaded, now - dt.timedelta(minutes=5)) == []
    (old,) = old_branches(loaded, now + dt.timedelta(seconds=1))
    assert old.name == branch
    assert drop_branch(shop.catalog, shop.sales, branch)
    assert shop.branches() == []


def test_a_table_whose_first_rows_break_a_rule_is_empty_for_readers(shop: Shop) -> None:
    assert not shop.sell((FIRST, "a", -1), days=(1, 1)).success
    assert shop.seen() == []
    assert len(shop.branches()) == 1

    assert shop.sell((FIRST, "a", 1), days=(1, 1)).success
    assert shop.seen() == [(FIRST, "a", 1)]


def test_a_key_that_another_day_has_is_found_but_not_one_that_two_others_share(shop: Shop) -> None:
    shop.sell((FIRST, "a", 1), (SECOND, "b", 2), days=(1, 2))
    twice = shop.sell((FIRST, "a", 1), (THIRD, "a", 3), (THIRD, "c", 4), days=(3, 3))
    assert evaluations(twice)["primary_key_unique"].metadata["examples"].value == [{"id": "a", "rows": 2}]
    (failure,) = twice.get_step_failure_events()
    assert '1 of 3 rows: (id) is unique. For example {"id": "a", "rows": 2}' in str(
        failure.step_failure_data.user_failure_data
    )
    assert shop.seen() == [(FIRST, "a", 1), (SECOND, "b", 2)]

    shop.spark.sql(" ".join(("INSERT INTO", shop.sales.qualified, "VALUES (DATE '2026-01-02', 'a', 9)")))
    assert shop.sell((THIRD, "c", 4), days=(3, 3)).success, "a run answers for what it writes"
    assert not shop.sell((FIRST, "a", 1), (SECOND, "a", 9), days=(2, 2)).success


def test_a_row_that_moved_is_published_on_its_new_day_and_leaves_the_old_one_at_once(shop: Shop) -> None:
    shop.sell((FIRST, "a", 1), (FIRST, "b", 2), (SECOND, "c", 3), days=(1, 2))

    moved = shop.sell((THIRD, "a", 1), (FIRST, "b", 5), (SECOND, "c", 3), days=(3, 3))

    assert moved.success
    assert shop.seen() == [(FIRST, "b", 5), (SECOND, "c", 3), (THIRD, "a", 1)]
    assert shop.snapshots_seen() == [
        [(FIRST, "a", 1), (FIRST, "b", 2), (SECOND, "c", 3)],
        [(FIRST, "b", 5), (SECOND, "c", 3), (THIRD, "a", 1)],
    ]
    made = {
        event.partition: event.materialization.metadata["dagster/partition_row_count"].value
        for event in moved.get_asset_materialization_events()
        if event.asset_key.path[-1] == shop.sales.name
    }
    assert made == {"2026-01-01": 1, "2026-01-03": 1}
    assert shop.branches() == []


def test_all_rows_that_moved_by_a_day_are_followed_to_the_first(shop: Shop) -> None:
    days = [dt.date(2026, 1, day) for day in range(1, 13)]
    shop.sell(*((day, str(number), 1) for number, day in enumerate(days)), days=(1, 12))
    later = [(day + dt.timedelta(days=1), str(number), 1) for number, day in enumerate(days)]

    assert shop.sell(*later, days=(13, 13)).success

    assert shop.seen() == later


def test_a_function_that_wants_one_stretch_of_time_is_refused_as_before(shop: Shop) -> None:
    shop.sell((FIRST, "a", 1), (SECOND, "b", 2), days=(1, 2))
    shop.wants_one_stretch = True

    assert shop.sell((SECOND, "a", 1), days=(2, 2)).success, "two days that are neighbours"
    assert shop.seen() == [(SECOND, "a", 1)]
    apart = shop.sell((dt.date(2026, 1, 9), "a", 1), days=(9, 9))

    assert evaluations(apart)["primary_key_unique"].metadata["examples"].value == [{"id": "a", "rows": 2}]
    assert shop.seen() == [(SECOND, "a", 1)]


def test_equal_rows_are_audited_without_a_branch_or_a_snapshot(shop: Shop) -> None:
    shop.audits = [unique_key("id")]
    shop.sell((FIRST, "a", -1), days=(1, 1))
    snapshots = len(shop.catalog.load_table(shop.sales.identifier).snapshots())

    again = shop.sell((FIRST, "a", -1), days=(1, 1))
    assert again.success
    assert evaluations(again)["primary_key_unique"].passed

    shop.audits.append(amounts_are_not_negative)
    failed = shop.sell((FIRST, "a", -1), days=(1, 1))
    (failure,) = failed.get_step_failure_events()
    assert "rows that are published already break a rule" in str(failure.step_failure_data.user_failure_data)
    assert len(shop.catalog.load_table(shop.sales.identifier).snapshots()) == snapshots
    assert shop.branches() == []


def test_one_check_can_run_alone_and_the_asset_is_audited_without_its_checks_too(shop: Shop) -> None:
    shop.sell((FIRST, "a", 1), (SECOND, "b", 2), days=(1, 2))
    shop.spark.sql(" ".join(("INSERT INTO", shop.sales.qualified, "VALUES (DATE '2026-01-02', 'a', 9)")))

    alone = (
        shop.definitions().resolve_job_def("one_check").execute_in_process(instance=shop.instance, raise_on_error=False)
    )
    assert {name: found.metadata["rows"].value for name, found in evaluations(alone).items()} == {
        "primary_key_unique": 3
    }
    assert not evaluations(alone)["primary_key_unique"].passed

    unseen = shop.sell((THIRD, "c", -1), days=(3, 3), job="no_checks")
    assert not unseen.success
    assert evaluations(unseen) == {}
    assert shop.branches() == [branch_name(unseen.run_id)]


def test_a_write_that_was_overtaken_is_made_and_audited_again(shop: Shop) -> None:
    shop.sell((FIRST, "a", 1), days=(1, 1))
    other = Shop(shop.spark, shop.resource, shop.sales, shop.totals)
    shop.before_audit = lambda: other.sell((SECOND, "b", 2), days=(2, 2))

    assert shop.sell((THIRD, "c", 3), days=(3, 3)).success
    assert shop.seen() == [(FIRST, "a", 1), (SECOND, "b", 2), (THIRD, "c", 3)]

    shop.before_audit = lambda: other.sell((SECOND, "d", 4), days=(2, 2))
    clash = shop.sell((SECOND, "d", 4), (THIRD, "d", 4), days=(3, 3))
    assert not evaluations(clash)["primary_key_unique"].passed, "a key that came in between"
    assert shop.seen() == [(FIRST, "a", 1), (SECOND, "d", 4), (THIRD, "c", 3)]


def test_a_step_that_is_retried_begins_with_a_new_branch(shop: Shop) -> None:
    shop.sell((FIRST, "a", 1), days=(1, 1))
    left: list[str] = []

    def fail() -> None:
        left.extend(shop.branches())
        shop.rows = [(FIRST, "b", 2)]
        raise RuntimeError("the connection was lost")

    shop.before_audit = fail
    assert shop.sell((FIRST, "c", 3), (SECOND, "d", 4), days=(1, 2), job="retried").success
    assert len(left) == 1
    assert shop.seen() == [(FIRST, "b", 2)]
    assert shop.branches() == []
