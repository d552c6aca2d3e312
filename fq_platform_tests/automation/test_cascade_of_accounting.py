"""The cascade of the real tables' lineage, partitions and conditions, by Dagster's real daemons; only their content is
left out: which days of which tables does one change make, and are there others?"""

import datetime as dt
from collections import Counter

import dagster as dg
import pytest

from fq_platform.assets.accounting import build_accounting_assets
from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.cascade import build_follow_sensor
from fq_platform.automation.materialisations import CONTENT_VERSION
from fq_platform.sources import get_sources
from fq_platform_tests.automation.test_cascade import make
from fq_platform_tests.fixtures.daemon import DaemonDriver, MakeDriver

pytestmark = pytest.mark.services

CURATED = "curated/ecommerce_db_"


class Shop:
    """Stands in for the content of MongoDB and the lake: how often each raw day was changed."""

    def __init__(self) -> None:
        self.changes: Counter[tuple[str, str | None]] = Counter()

    def definitions(self) -> dg.Definitions:
        sources = get_sources().model_copy(update={"start_date": dt.date(2026, 3, 6)})
        real = [*build_raw_assets(sources), *build_accounting_assets(sources)]
        return dg.Definitions(
            [self._without_content(asset) for asset in real],
            sensors=[build_follow_sensor()],
            executor=dg.in_process_executor,
        )

    def _without_content(self, asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
        (spec,) = asset.specs
        name = spec.key.to_user_string()

        @dg.multi_asset(name=name.replace("/", "__"), specs=[spec], backfill_policy=asset.backfill_policy)
        def step(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            for day in context.partition_keys if spec.partitions_def and spec.group_name == "raw" else ():
                context.add_asset_metadata(self._version(name, day), asset_key=spec.key, partition_key=day)
            whole = {} if spec.partitions_def or spec.group_name != "raw" else self._version(name, None)
            return dg.MaterializeResult(spec.key, metadata=whole)

        return step

    def _version(self, name: str, day: str | None) -> dict[str, str]:
        return {CONTENT_VERSION: str(self.changes[name, day])}

    def change(self, driver: DaemonDriver, collection: str, day: str | None = None) -> None:
        """A document changes, and its raw partition is compared."""
        raw = f"raw/ecommerce_db_{collection}"
        self.changes[raw, day] += 1
        make(driver, raw, first=day)


def test_one_change_makes_the_days_that_depend_on_it_and_no_others(
    daemon_driver: MakeDriver, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("FQ_ENVIRONMENT", "local")
    shop = Shop()
    driver = daemon_driver(shop.definitions, start=dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC))
    graph = driver.definitions.resolve_asset_graph()
    everything = [key.to_user_string() for key in graph.materializable_asset_keys]
    make(driver, *everything, first="2026-03-06", last="2026-03-10")
    driver.advance(dt.timedelta(minutes=1))
    assert len(driver.runs()) == 1, "a run that makes everything sets nothing off"

    shop.change(driver, "orders", "2026-03-07")
    driver.settle(quiet=2)
    (correction,) = driver.runs()[2:]
    of_orders = (
        "fct_orders",
        "sales_summary",
        "revenue_by_day",
        "revenue_by_customer",
        "revenue_by_category",
        "reconciliation",
    )
    assert driver.materialised(correction) == {
        (f"{CURATED}orders_silver", "2026-03-07"),
        *((f"analytics/{name}", "2026-03-07") for name in of_orders),
    }

    known = len(driver.runs())
    shop.change(driver, "invoices", "2026-03-09")
    driver.settle(quiet=2)
    cascade = driver.runs()[known + 1 :]
    assert len(cascade) <= 4, "with that of raw, a late correction is five runs at most"
    assert Counter(key for run in cascade for key in driver.materialised(run)) == Counter(
        [
            (f"{CURATED}invoices_silver", "2026-03-09"),
            ("analytics/vat_report", "2026-03-09"),
            ("analytics/reconciliation", "2026-03-09"),
            *_from("analytics/accounts_receivable", "09", "10"),
            *_from("analytics/receivables_ageing", "09", "10"),
            ("analytics/payment_matching", None),
        ]
    )

    known = len(driver.runs())
    shop.change(driver, "payments", "2026-03-08")
    shop.change(driver, "customers")
    driver.settle(quiet=2)
    made = Counter(key for run in driver.runs()[known + 2 :] for key in driver.materialised(run))
    assert made == Counter(
        [
            (f"{CURATED}payments_silver", "2026-03-08"),
            ("analytics/reconciliation", "2026-03-08"),
            *_from("analytics/accounts_receivable", "08", "09", "10"),
            *_from("analytics/receivables_ageing", "08", "09", "10"),
            ("analytics/payment_matching", None),
            (f"{CURATED}customers_silver", None),
            ("shared/dim_customers", None),
        ]
    )
    assert driver.errors == []


def _from(table: str, *days: str) -> list[tuple[str, str]]:
    return [(table, f"2026-03-{day}") for day in days]
