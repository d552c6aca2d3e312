"""Raw = curated = mart: what is compared, and that a mart which does not agree is refused by day and difference."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from fq_platform.assets.accounting import DATED, RECONCILED
from fq_platform.assets.reconciled import mark_pending
from fq_platform.assets.tables import TableAsset
from fq_platform.automation.backfills import backfill_policy
from fq_platform.automation.partitions import PARTITION, daily_partitions
from fq_platform.contracts import CONTRACTS
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.layout import TableName
from fq_platform.settings import get_settings
from fq_platform.sources import Collection, Sources
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.transforms.raw import DAY, INVOICES, NOON, ORDERS, PAYMENTS, changelog, invoice, order, payment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

    from fq_platform.resources.spark import SparkResource

pytestmark = pytest.mark.services

COMPARED = [*(f"raw_{name}" for name in DATED), *RECONCILED]
RULE = "raw_is_curated_is_mart"


def compared(tables: "Mapping[str, DataFrame]", **other: "DataFrame") -> "list[Row]":
    from fq_platform.transforms.reconciliation import reconciliation

    named = {name: tables[name.removeprefix("raw_")] for name in COMPARED}
    return reconciliation(**{**named, **other}).collect()


def figures(rows: "Iterable[Row]", source: str, target: str) -> dict[str, tuple[Any, ...]]:
    """Currency to counts and amounts of one pair of tables."""
    return {
        row["currency"]: (
            row["source_count"],
            row["target_count"],
            *(str(row[f"{name}_amount"]) for name in ("source", "target", "difference")),
        )
        for row in rows
        if (row["source_table"], row["target_table"]) == (source, target)
    }


def test_every_table_agrees_with_what_it_is_made_of(good_tables: "Mapping[str, DataFrame]") -> None:
    rows = compared(good_tables)

    marts = ("sales_summary", "revenue_by_day", "revenue_by_customer", "revenue_by_category")
    expected = {
        ("raw.orders", "curated.orders_silver"): (1, 1, "34.50", "34.50", "0.00"),
        ("raw.invoices", "curated.invoices_silver"): (1, 1, "119.00", "119.00", "0.00"),
        ("raw.payments", "curated.payments_silver"): (1, 1, "119.00", "119.00", "0.00"),
        **{("curated.orders_silver", f"analytics.{mart}"): (2, 2, "34.50", "34.50", "0.00") for mart in marts},
        ("curated.invoices_silver", "analytics.vat_report"): (1, 1, "119.00", "119.00", "0.00"),
    }
    assert {pair: figures(rows, *pair) for pair in expected} == {pair: {"EUR": row} for pair, row in expected.items()}
    assert len(rows) == len(expected)
    assert {(row["reconciled_date"], row["is_pending"]) for row in rows} == {(DAY, False)}


def test_raw_is_read_as_the_source_states_it(spark: "SparkSession", good_tables: "Mapping[str, DataFrame]") -> None:
    later = NOON + dt.timedelta(hours=1)
    half_a_cent = {"amount": None, "_fq_rescued": {"amount": '{"$numberDecimal":"1.005"}'}}
    raw = changelog(
        spark,
        PAYMENTS,
        payment(_id="old", amount=Decimal("1.00")),
        payment(_id="old", amount=Decimal("2.00"), _fq_op="update", _fq_extracted_at=later),
        payment(_id="gone"),
        payment(_id="gone", amount=None, currency=None, _fq_op="delete", _fq_extracted_at=later),
        payment(_id="text", amount=None, _fq_rescued={"amount": '"0.50"'}),
        payment(_id="half a cent", currency=" usd", **half_a_cent),
        payment(_id="no currency", currency=None, amount=Decimal("3.00")),
        payment(_id="unreadable", currency="GBP", amount=None, _fq_rescued={"amount": '"1,50 EUR"'}),
    )
    doubles = raw.withColumn("amount", raw["amount"].cast("double"))
    nothing = good_tables["payments_silver"].where("false")

    for changes in (raw, doubles, raw.withColumn("amount", raw["amount"].cast("string"))):
        rows = compared(good_tables, raw_payments=changes, payments_silver=nothing)
        assert figures(rows, "raw.payments", "curated.payments_silver") == {
            "EUR": (2, 0, "2.50", "0.00", "-2.50"),
            "USD": (1, 0, "1.01", "0.00", "-1.01"),
            "XXX": (1, 0, "3.00", "0.00", "-3.00"),
            "GBP": (1, 0, "0.00", "0.00", "0.00"),
        }


def test_cancelled_orders_and_void_invoices_are_expected_in_curated_and_in_no_mart(
    spark: "SparkSession", good_tables: "Mapping[str, DataFrame]"
) -> None:
    from fq_platform.transforms.invoices_silver import invoices_silver
    from fq_platform.transforms.orders_silver import orders_silver

    orders = changelog(spark, ORDERS, order(), order(_id="o2", status=" Cancelled"))
    invoices = changelog(spark, INVOICES, invoice(), invoice(_id="i2", status="void"))
    silver = {"orders_silver": orders_silver(orders), "invoices_silver": invoices_silver(invoices)}

    rows = compared(good_tables, raw_orders=orders, raw_invoices=invoices, **silver)

    assert figures(rows, "raw.orders", "curated.orders_silver") == {"EUR": (2, 2, "69.00", "69.00", "0.00")}
    assert figures(rows, "raw.invoices", "curated.invoices_silver") == {"EUR": (2, 2, "238.00", "238.00", "0.00")}
    assert [row for row in rows if row["difference_count"] or row["difference_amount"]] == []


def contents(spark: "SparkSession") -> "dict[str, DataFrame]":
    """One order of two lines, its invoice and its payment in every table, with the columns that are compared."""
    order_lines, invoice_lines = (2, Decimal("34.50")), (1, Decimal("119.00"))
    silver = "currency STRING, status STRING, lines ARRAY<INT>"
    marts = {
        name: spark.createDataFrame(
            [(DAY, "EUR", *order_lines)], f"order_date DATE, currency STRING, line_count BIGINT, {amount} DECIMAL(18,2)"
        )
        for name, amount in {
            "sales_summary": "net_sales_amount",
            "revenue_by_day": "revenue_amount",
            "revenue_by_customer": "revenue_amount",
            "revenue_by_category": "revenue_amount",
        }.items()
    }
    return {
        "raw_orders": changelog(spark, ORDERS, order()),
        "raw_invoices": changelog(spark, INVOICES, invoice()),
        "raw_payments": changelog(spark, PAYMENTS, payment()),
        "orders_silver": spark.createDataFrame(
            [(DAY, "EUR", "placed", [1, 2], order_lines[1])], f"order_date DATE, {silver}, total_amount DECIMAL(18,2)"
        ),
        "invoices_silver": spark.createDataFrame(
            [(DAY, "EUR", "open", [1], invoice_lines[1])], f"invoice_date DATE, {silver}, gross_amount DECIMAL(18,2)"
        ),
        "payments_silver": spark.createDataFrame(
            [(DAY, "EUR", invoice_lines[1])], "payment_date DATE, currency STRING, payment_amount DECIMAL(18,2)"
        ),
        **marts,
        "vat_report": spark.createDataFrame(
            [(DAY, "EUR", *invoice_lines)],
            "invoice_date DATE, currency STRING, line_count BIGINT, gross_amount DECIMAL(18,2)",
        ),
    }


class Lake:
    """The tables that are reconciled, each made by an asset that stores what it is told, and the reconciliation."""

    def __init__(self, resource: "SparkResource", new_table: NewTable) -> None:
        self.contents = contents(resource.spark_session)
        self.names = {name: new_table() for name in COMPARED}
        self.spark, self.instance = resource.spark_session, dg.DagsterInstance.ephemeral()
        sources = Sources(app="app", database="db", start_date=DAY, collections={"orders": Collection()})
        contract = CONTRACTS["reconciliation"]
        inputs = {name: dg.AssetKey(list(table.key)) for name, table in self.names.items()}
        self.table, self.key = contract.table("app"), dg.AssetKey(list(contract.table("app").key))
        self.assets = [
            *(self._stored(name, table, sources) for name, table in self.names.items()),
            TableAsset(contract, inputs, finished_by=mark_pending).build(sources),
        ]
        self.resources = {"io_manager": SparkIcebergIOManager(spark=resource, app="app")}

    def _stored(self, name: str, table: TableName, sources: Sources) -> dg.AssetsDefinition:
        day = "_fq_window" if name.startswith("raw_") else CONTRACTS[name].partition_column

        @dg.asset(
            key=list(table.key),
            partitions_def=daily_partitions(sources),
            metadata={"partition_expr": str(day)},
            backfill_policy=backfill_policy(),
        )
        def stored() -> Any:
            return self.contents[name]

        return stored

    def run(self, *names: str) -> dg.ExecuteInProcessResult:
        """Make some tables and, after them, the reconciliation of the day."""
        made = [dg.AssetKey(list(self.names[name].key)) for name in names]
        return dg.materialize(
            self.assets,
            selection=[*made, self.key],
            instance=self.instance,
            resources=self.resources,
            tags={PARTITION: str(DAY)},
            raise_on_error=False,
        )

    def published(self) -> "list[Row]":
        return self.spark.table(self.table.qualified).collect()


@pytest.fixture
def lake(
    spark_resource: "SparkResource",
    new_table: NewTable,
    environment: pytest.MonkeyPatch,
) -> Lake:
    environment.setenv("FQ_HOME", str(spark_resource.settings.home))
    get_settings.cache_clear()
    return Lake(spark_resource, new_table)


def test_a_mart_that_is_a_cent_off_is_refused_by_day_and_difference_and_one_that_is_late_is_marked(
    spark: "SparkSession", lake: Lake
) -> None:
    assert lake.run(*COMPARED).success
    before = lake.published()
    assert len(before) == len(RECONCILED)
    mart = lake.names["revenue_by_day"].qualified

    spark.sql(f"UPDATE {mart} SET revenue_amount = revenue_amount + 0.01")
    refused = lake.run()

    (failure,) = [event for event in refused.all_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data
    assert said is not None
    assert said.description is not None
    for text in (RULE, f'"reconciled_date": "{DAY}"', '"analytics.revenue_by_day"', '"difference_amount": "0.01"'):
        assert text in said.description
    (check,) = [found for found in refused.get_asset_check_evaluations() if found.check_name == RULE]
    assert (check.passed, check.severity, check.blocking) == (False, dg.AssetCheckSeverity.ERROR, True)
    assert sorted(lake.published()) == sorted(before)

    # The mart is made anew, and an order comes: nothing was made of it yet, so that it is no contradiction.
    lake.contents["raw_orders"] = changelog(spark, ORDERS, order(), order(_id="o2"))
    assert lake.run("revenue_by_day", "raw_orders").success
    pending = [row for row in lake.published() if row["is_pending"]]
    assert figures(pending, "raw.orders", "curated.orders_silver") == {"EUR": (2, 1, "69.00", "34.50", "-34.50")}
    assert len(pending) == 1
    assert not lake.run("orders_silver").success, "it was made since, and does not have the order"
