"""A table made by a job, handed over by Pipes: the same rows and the same words as one made in the run itself."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pyspark.sql import DataFrame, SparkSession

from fq_platform.automation.partitions import range_tags
from fq_platform.contracts import CONTRACTS
from fq_platform.definitions import build_definitions
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.pipes import handing_over
from fq_platform.pipes.job import carry_out
from fq_platform.pipes.order import Order
from fq_platform.settings import Settings, get_settings
from fq_platform.sources import get_sources
from fq_platform.transforms import dim_customers
from fq_platform_tests.fixtures.analytics_lake import append, create_table

pytestmark = pytest.mark.services

KEY = dg.AssetKey(["analytics", "revenue_by_day"])
AUDITED = dg.AssetKey(["shared", "dim_customers"])
TABLE = "analytics.revenue_by_day"
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 1, 3)
OF_THE_RUN = {"duration_seconds", "snapshot_id", "query", "bytes", "table_bytes"}
"""What is never the same of two runs."""

Run = Callable[..., dg.ExecuteInProcessResult]


def make_lake(home: Path) -> None:
    settings, contract = Settings(home=home), CONTRACTS["fct_orders"]
    lines: list[dict[str, Any]] = [
        {"order_id": f"order-{day}", "line_number": line, "order_date": dt.date(2026, 1, day), "order_status": "paid"}
        | {"is_cancelled": False, "currency": "EUR", "net_sales_amount": Decimal(day) + line}
        for day in (1, 3)
        for line in (1, 2)
    ]
    append(create_table(open_catalog(settings), contract, settings), contract, lines)
    customers = CONTRACTS["customers_silver"]
    rows = [{"customer_id": f"customer-{number}"} for number in (1, 2)]
    append(create_table(open_catalog(settings), customers, settings), customers, rows)


@pytest.fixture
def run(spark: SparkSession, environment: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the asset for all its days in a lakehouse of the test's own, made by what `FQ_COMPUTE` names."""

    def run(compute: str, home: str, key: dg.AssetKey = KEY, *, only_checks: bool = False) -> dg.ExecuteInProcessResult:
        if not (tmp_path / home).exists():
            make_lake(tmp_path / home)
        environment.setenv("FQ_HOME", str(tmp_path / home))
        environment.setenv("FQ_COMPUTE", compute)
        get_settings.cache_clear()
        defs = build_definitions(get_sources())
        job = defs.resolve_implicit_global_asset_job_def().get_subset(
            asset_selection=set() if only_checks else {key},
            asset_check_selection=set(defs.resolve_assets_def(key).check_keys),
        )
        tags = range_tags(FIRST, LAST) if key == KEY else {}
        return job.execute_in_process(tags=tags, raise_on_error=False)

    return run


@pytest.fixture
def job_in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """Lets a job be carried out here, to spare its process; what it tells goes through JSON as it would."""
    orders: list[Order] = []

    class Told:
        def __init__(self, messages: list[Any]) -> None:
            self.messages = messages

        def report_custom_message(self, message: Mapping[str, Any]) -> None:
            self.messages.append(json.loads(json.dumps(message)))

        def get_custom_messages(self) -> list[Any]:
            return self.messages

        def report_asset_check(self, *_: object, **__: object) -> None: ...
        def report_asset_materialization(self, *_: object, **__: object) -> None: ...

    def launch(context: dg.AssetExecutionContext, settings: Settings, order: Order) -> Told:
        orders.append(order)
        told = Told([])
        carry_out(order, context.run_id).tell(told)  # type: ignore[arg-type] # as much of Pipes as is needed
        return told

    monkeypatch.setattr(handing_over, "launch", launch)
    return orders


def rows_of(settings: Settings) -> list[dict[str, Any]]:
    rows = open_catalog(settings).load_table(TABLE).scan().to_arrow().to_pylist()
    return sorted(rows, key=lambda row: str(row["order_date"]))


def told(result: dg.ExecuteInProcessResult) -> dict[str | None, dict[str, Any]]:
    """What the materialisations say, by partition, without what is of the run."""
    made = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    return {
        event.partition: {name: value for name, value in event.metadata.items() if name not in OF_THE_RUN}
        for event in made
    }


def found(result: dg.ExecuteInProcessResult) -> dict[str, tuple[bool, str | None, Any]]:
    return {
        check.check_name: (check.passed, check.description, check.metadata)
        for check in result.get_asset_check_evaluations()
    }


def test_a_job_in_a_process_of_its_own_makes_what_the_run_would_have_made(run: Run) -> None:
    here = run("local", "here")
    rows_here = rows_of(get_settings())
    there = run("process", "there")

    assert there.success
    assert here.success
    assert [row["revenue_amount"] for row in rows_here] == [Decimal(5), Decimal(9)]
    assert rows_of(get_settings()) == rows_here
    assert told(there) == told(here)
    assert set(told(there)) == {"2026-01-01", "2026-01-02", "2026-01-03"}
    assert found(there) == found(here)
    snapshot = open_catalog(get_settings()).load_table(TABLE).current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary["fq.run-id"] == there.run_id


def test_rows_that_a_job_rejects_fail_the_run_in_the_same_words(
    run: Run, job_in_this_process: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dim_customers.dim_customers

    def twice(customers_silver: DataFrame) -> DataFrame:
        return made(customers_silver).unionAll(made(customers_silver))

    monkeypatch.setattr(dim_customers, "dim_customers", twice)
    here, there = run("local", "here", AUDITED), run("emr", "there", AUDITED)

    def failure(result: dg.ExecuteInProcessResult) -> tuple[str, set[str]]:
        data = result.failure_data_for_node(AUDITED.to_python_identifier())
        assert data is not None
        assert data.user_failure_data is not None
        assert data.user_failure_data.description is not None
        return data.user_failure_data.description.split("\nWhere:")[0], set(data.user_failure_data.metadata)

    assert not there.success
    assert failure(there) == failure(here)
    assert "broken rules" in failure(there)[1]
    assert found(there) == found(here)
    assert not found(there)["primary_key_unique"][0]
    assert told(there) == {}


def test_the_rules_alone_are_looked_at_by_a_job_too(run: Run, job_in_this_process: list[Order]) -> None:
    made = run("emr", "there", AUDITED)
    checked = run("emr", "there", AUDITED, only_checks=True)

    assert [order.only_checks for order in job_in_this_process] == [False, True]
    assert set(told(made)) == {None}
    assert told(checked) == {}
    assert found(checked) == found(made)
    assert found(checked)["primary_key_unique"][0]


def test_a_job_with_other_code_makes_nothing(run: Run) -> None:
    run("local", "here")
    report = carry_out(Order(KEY.to_user_string(), "2026-01-01", "2026-01-01"), "run", code_version="older")
    assert report.failure is not None
    assert "another version of the code" in report.failure
    assert report.materializations == ()
