"""The definitions: what they contain, what loading them costs and does not do."""

import datetime as dt
import json
import subprocess
import sys
from typing import Any

import dagster as dg
import pytest

from fq_platform.dashboard.pages import TABLES
from fq_platform.definitions import build_definitions, defs
from fq_platform.sources import Collection, Sources

DAILY = {
    "raw/ecommerce_db_orders",
    "raw/ecommerce_db_invoices",
    "raw/ecommerce_db_payments",
    "curated/ecommerce_db_orders_silver",
    "curated/ecommerce_db_invoices_silver",
    "curated/ecommerce_db_payments_silver",
    "analytics/fct_orders",
    "analytics/sales_summary",
    "analytics/accounts_receivable",
    "analytics/receivables_ageing",
    "analytics/revenue_by_day",
    "analytics/revenue_by_customer",
    "analytics/revenue_by_category",
    "analytics/vat_report",
    "analytics/reconciliation",
}
WHOLE = {
    "raw/ecommerce_db_customers",
    "raw/ecommerce_db_products",
    "curated/ecommerce_db_customers_silver",
    "shared/dim_products",
    "shared/dim_customers",
    "analytics/payment_matching",
}
UPKEEP = {
    "maintenance/compaction",
    "maintenance/manifests",
    "maintenance/orphan_removal",
    "maintenance/run_history",
    "maintenance/snapshot_expiry",
}
DASHBOARD = "dashboard/analyses"
COLLECTIONS = {
    "mongodb/ecommerce_db_raw/customers",
    "mongodb/ecommerce_db_raw/invoices",
    "mongodb/ecommerce_db_raw/orders",
    "mongodb/ecommerce_db_raw/payments",
    "mongodb/ecommerce_db_raw/products",
}
UPSTREAM = {
    **{
        f"raw/ecommerce_db_{collection}": {f"mongodb/ecommerce_db_raw/{collection}"}
        for collection in ("customers", "invoices", "orders", "payments", "products")
    },
    "curated/ecommerce_db_orders_silver": {"raw/ecommerce_db_orders"},
    "curated/ecommerce_db_customers_silver": {"raw/ecommerce_db_customers"},
    "curated/ecommerce_db_invoices_silver": {"raw/ecommerce_db_invoices"},
    "curated/ecommerce_db_payments_silver": {"raw/ecommerce_db_payments"},
    "shared/dim_products": {"raw/ecommerce_db_products"},
    "shared/dim_customers": {"curated/ecommerce_db_customers_silver"},
    "analytics/fct_orders": {"curated/ecommerce_db_orders_silver", "shared/dim_products", "shared/dim_customers"},
    "analytics/sales_summary": {"analytics/fct_orders"},
    "analytics/accounts_receivable": {
        "curated/ecommerce_db_invoices_silver",
        "curated/ecommerce_db_payments_silver",
    },
    "analytics/receivables_ageing": {"analytics/accounts_receivable"},
    "analytics/revenue_by_day": {"analytics/fct_orders"},
    "analytics/revenue_by_customer": {"analytics/fct_orders"},
    "analytics/revenue_by_category": {"analytics/fct_orders"},
    "analytics/vat_report": {"curated/ecommerce_db_invoices_silver"},
    "analytics/payment_matching": {
        "curated/ecommerce_db_invoices_silver",
        "curated/ecommerce_db_payments_silver",
    },
    "analytics/reconciliation": {
        *(f"raw/ecommerce_db_{collection}" for collection in ("orders", "invoices", "payments")),
        *(f"curated/ecommerce_db_{collection}_silver" for collection in ("orders", "invoices", "payments")),
        "analytics/sales_summary",
        "analytics/revenue_by_day",
        "analytics/revenue_by_customer",
        "analytics/revenue_by_category",
        "analytics/vat_report",
    },
}
_LOADING = """
import json, os, sys, time
import dagster
before = time.process_time()
import fq_platform.definitions
print(json.dumps({
    "seconds": time.process_time() - before,
    "heavy": sorted({"pyspark", "pymongo", "pyiceberg", "pyarrow", "duckdb", "numba"} & set(sys.modules)),
    "home": os.path.exists(os.environ["FQ_HOME"]),
}))
"""


def specs() -> dict[str, dg.AssetSpec]:
    """The assets that are tables made of the sources file's collections."""
    of_it = [spec for spec in defs.resolve_all_asset_specs() if spec.tags.get("app") != "ifco"]
    found = {spec.key.to_user_string(): spec for spec in of_it}
    return {key: spec for key, spec in found.items() if key not in UPKEEP | COLLECTIONS | {DASHBOARD}}


def test_every_table_is_an_asset_named_like_it() -> None:
    assert set(specs()) == DAILY | WHOLE
    for key, spec in specs().items():
        name = key.replace("/", ".").replace("shared.", "curated.shared.")  # the local catalog nests namespaces
        assert spec.metadata["dagster/table_name"] == f"iceberg.{name}"


def test_lineage_is_the_path_of_the_data() -> None:
    found = {key: {dep.asset_key.to_user_string() for dep in spec.deps} for key, spec in specs().items()}

    assert {key: deps for key, deps in found.items() if deps} == UPSTREAM


def test_dashboard_is_shown_downstream_of_what_it_reads_but_never_made() -> None:
    node = defs.resolve_asset_graph().get(dg.AssetKey(DASHBOARD.split("/")))

    assert (node.is_external, node.group_name, node.kinds) == (True, "dashboard", {"streamlit"})
    assert {".".join(key.path) for key in node.parent_keys} == set(TABLES)
    assert node.metadata["url"] == dg.MetadataValue.url("http://127.0.0.1:8501")


def test_collections_are_shown_but_never_made() -> None:
    graph = defs.resolve_asset_graph()

    for key in COLLECTIONS:
        node = graph.get(dg.AssetKey(key.split("/")))
        assert (node.is_external, node.group_name, node.kinds) == (True, "source", {"mongodb"})


def test_dated_tables_are_partitioned_by_day_from_the_start_date_to_today() -> None:
    for key, spec in specs().items():
        if key in WHOLE:
            assert spec.partitions_def is None, key
        else:
            assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition), key
            keys = spec.partitions_def.get_partition_keys(current_time=dt.datetime(2026, 3, 5, 1, tzinfo=dt.UTC))
            assert (keys[0], keys[-1]) == ("2026-01-01", "2026-03-05"), key


def test_backfills_of_dated_tables_are_cut_alike() -> None:
    graph = defs.resolve_asset_graph()

    policies = {key: graph.get(dg.AssetKey(key.split("/"))).backfill_policy for key in DAILY}

    assert set(policies.values()) == {dg.BackfillPolicy.multi_run(92)}


def test_assets_have_the_freshness_policy_of_their_layer_and_upkeep_has_one_of_its_own() -> None:
    def hours(window: Any) -> float:
        return window.to_timedelta() / dt.timedelta(hours=1)

    found: dict[str, set[tuple[float, float] | None]] = {}
    for spec in defs.resolve_all_asset_specs():
        policy: Any = spec.freshness_policy
        windows = (hours(policy.warn_window), hours(policy.fail_window)) if policy else None
        found.setdefault(str(spec.group_name), set()).add(windows)

    assert found == {
        "source": {None},
        "raw": {(26, 48)},
        "curated": {(26, 48)},
        "shared": {(26, 48)},
        "analytics": {(26, 36)},
        "maintenance": {(8 * 24, 15 * 24)},
        "dashboard": {None},
    }


def test_every_table_beyond_raw_has_checks_and_describes_its_columns() -> None:
    checked = {key.asset_key.to_user_string() for key in defs.resolve_asset_graph().asset_check_keys}

    for key, spec in specs().items():
        if not key.startswith("raw/"):
            assert key in checked
            columns = {column.name for column in spec.metadata["dagster/column_schema"].columns}
            made_of = spec.metadata["dagster/column_lineage"].deps_by_column
            assert made_of.keys() <= columns, key
            assert {dep.asset_key for deps in made_of.values() for dep in deps} == {dep.asset_key for dep in spec.deps}
            assert spec.owners, key


def test_raw_tables_warn_of_new_columns_and_rescued_values_and_the_dated_ones_of_event_times() -> None:
    found: dict[str, set[str]] = {}
    for key in defs.resolve_asset_graph().asset_check_keys:
        found.setdefault(key.asset_key.to_user_string(), set()).add(key.name)

    always = {"schema_unchanged", "values_rescued", "table_health"}
    for key in DAILY | WHOLE:
        if key.startswith("raw/"):
            assert found[key] == always | ({"event_time_usable", "partition_complete"} if key in DAILY else set()), key


def test_every_dated_table_says_whether_the_days_that_are_due_are_complete() -> None:
    told = {key.asset_key for key in defs.resolve_asset_graph().asset_check_keys if key.name == "partition_complete"}

    assert {key.to_user_string() for key in told} == DAILY


def test_sources_without_the_accounting_collections_have_raw_assets_only() -> None:
    sources = Sources(
        app="shop",
        database="shop",
        start_date=dt.date(2026, 1, 1),
        collections={"orders": Collection(), "weird name": Collection(partition_by="at")},
    )

    found = build_definitions(sources).resolve_all_asset_specs()

    keys = {"mongodb/shop/orders", "mongodb/shop/weird_x20_name", "raw/shop_orders", "raw/shop_weird_x20_name"}
    assert {spec.key.to_user_string() for spec in found} == keys | UPKEEP


def test_upkeep_is_no_part_of_the_daily_refresh_and_every_table_says_how_it_is_doing() -> None:
    daily = defs.resolve_job_def("daily_refresh").asset_layer
    weekly = defs.resolve_job_def("weekly_upkeep").asset_layer

    assert {key.to_user_string() for key in daily.selected_asset_keys} == DAILY | WHOLE
    assert {key.to_user_string() for key in weekly.selected_asset_keys} == UPKEEP
    healthy = {
        key.asset_key.to_user_string()
        for key in daily.asset_graph.asset_check_keys
        if key.name == "table_health" and key.asset_key in daily.selected_asset_keys
    }
    assert healthy == DAILY | WHOLE


def test_a_malformed_sources_file_is_named_with_its_line(tmp_path) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("app: a\ndatabase: d\nstart_date: 2026-01-01\ncollections:\n  orders: {partition_bi: x}\n")

    loaded = subprocess.run(
        [sys.executable, "-c", "import fq_platform.definitions"],
        env={"FQ_SOURCES": str(sources), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert loaded.returncode == 1
    assert f"{sources}:5" in loaded.stderr
    assert "partition_bi" in loaded.stderr


@pytest.fixture(scope="module")
def loading(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    environment = {
        "FQ_HOME": str(tmp_path_factory.mktemp("nothing") / "fq"),
        "PATH": "",
        "MONGO_URI": "mongodb://nowhere",
    }
    output = subprocess.run([sys.executable, "-c", _LOADING], env=environment, capture_output=True, check=True).stdout
    return json.loads(output)


def test_loading_imports_nothing_heavy_and_makes_no_folder(loading: dict[str, object]) -> None:
    assert loading["heavy"] == []
    assert loading["home"] is False
