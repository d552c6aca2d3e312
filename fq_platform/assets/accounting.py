"""The tables of the accounting application and what each is made of.

Belongs here: the lineage, as data. Does not: the logic (`transforms/`) or the promises (`contracts/`).
"""

from collections.abc import Sequence

import dagster as dg

from fq_platform.assets.raw import raw_key
from fq_platform.assets.reconciled import mark_pending
from fq_platform.assets.tables import TableAsset
from fq_platform.automation.dimension_changes import build_dimension_sensor
from fq_platform.contracts import CONTRACTS
from fq_platform.contracts.shared import UNKNOWN_ID
from fq_platform.lakehouse.facts import Dimension, Facts
from fq_platform.lakehouse.layout import TableName, layout_of
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

DATED = ("orders", "invoices", "payments")
UNDATED = ("customers", "products")
"""The collections that the application is made of, with and without daily partitions."""

RECONCILED = (
    "orders_silver",
    "invoices_silver",
    "payments_silver",
    "sales_summary",
    "revenue_by_day",
    "revenue_by_customer",
    "revenue_by_category",
    "vat_report",
)
"""What is reconciled with those of the collections that have daily partitions."""


def is_declared(sources: Sources) -> bool:
    """Whether a sources file declares the collections of the accounting application, partitioned as it needs them."""
    found = sources.collections
    return all(name in found and found[name].partition_by for name in DATED) and all(
        name in found and not found[name].partition_by for name in UNDATED
    )


def build_accounting_assets(sources: Sources) -> Sequence[dg.AssetsDefinition]:
    """The curated, shared and analytics assets of the accounting application.

    Args:
        sources: The sources file; `is_declared` holds for it.

    Returns:
        One asset a table, in the order in which data flows.
    """

    def table(name: str) -> dg.AssetKey:
        return dg.AssetKey(list(CONTRACTS[name].table(sources.app).key))

    def of_raw(name: str, collection: str) -> TableAsset:
        return TableAsset(CONTRACTS[name], {collection: raw_key(sources, collection)}, incremental=True)

    declared = (
        of_raw("orders_silver", "orders"),
        of_raw("customers_silver", "customers"),
        of_raw("invoices_silver", "invoices"),
        of_raw("payments_silver", "payments"),
        of_raw("dim_products", "products"),
        TableAsset(CONTRACTS["dim_customers"], {"customers_silver": table("customers_silver")}),
        TableAsset(
            CONTRACTS["fct_orders"],
            {name: table(name) for name in ("orders_silver", "dim_products", "dim_customers")},
            unheeded=frozenset({"dim_products", "dim_customers"}),
        ),
        TableAsset(CONTRACTS["sales_summary"], {"fct_orders": table("fct_orders")}),
        TableAsset(
            CONTRACTS["accounts_receivable"],
            {name: table(name) for name in ("invoices_silver", "payments_silver")},
            whole_history=frozenset({"invoices_silver", "payments_silver"}),
            takes_days=True,
        ),
        *(
            TableAsset(CONTRACTS[name], {"fct_orders": table("fct_orders")})
            for name in ("revenue_by_day", "revenue_by_customer", "revenue_by_category")
        ),
        TableAsset(CONTRACTS["vat_report"], {"invoices_silver": table("invoices_silver")}),
        TableAsset(CONTRACTS["receivables_ageing"], {"accounts_receivable": table("accounts_receivable")}),
        TableAsset(
            CONTRACTS["payment_matching"], {name: table(name) for name in ("invoices_silver", "payments_silver")}
        ),
        TableAsset(
            CONTRACTS["reconciliation"],
            {f"raw_{name}": raw_key(sources, name) for name in DATED} | {name: table(name) for name in RECONCILED},
            finished_by=mark_pending,
        ),
    )
    return [asset.build(sources) for asset in declared]


def build_accounting_sensors(sources: Sources) -> Sequence[dg.SensorDefinition]:
    """What the accounting tables need besides following what they are made of day by day.

    Args:
        sources: The sources file; `is_declared` holds for it.

    Returns:
        The sensor by which the facts follow the dimensions.
    """
    facts, dimensions = order_facts(sources.app)
    return [build_dimension_sensor(facts, dimensions, dg.AssetKey(list(facts.table.key)))]


def order_facts(app: str) -> tuple[Facts, Sequence[Dimension]]:
    """The order lines as facts, and the dimensions whose attributes they show.

    Args:
        app: The application of the sources file.
    """
    layout = layout_of(get_settings())

    def table(name: str) -> TableName:
        return layout.place(CONTRACTS[name].table(app))

    lines = Facts(
        table("fct_orders"),
        day="order_date",
        fact=("order_id", "line_number"),
        source=table("orders_silver"),
        source_rows="SELECT order_id, line.line_number AS line_number, customer_id, line.product_id AS product_id "
        "FROM (SELECT order_id, customer_id, unnest(lines) AS line FROM source)",
        source_columns=("order_id", "customer_id", "lines"),
        unknown=UNKNOWN_ID,
    )
    customers = Dimension(
        table("dim_customers"),
        "customer_id",
        {"customer_name": "customer_name", "customer_kind": "customer_kind", "country": "customer_country"},
    )
    products = Dimension(
        table("dim_products"),
        "product_id",
        {"product_name": "product_name", "product_category": "product_category"},
        defaults={"sku": "sku"},
    )
    return lines, (customers, products)
