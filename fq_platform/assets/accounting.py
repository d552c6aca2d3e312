"""The tables of the accounting application and what each is made of.

Belongs here: the lineage, as data. Does not: the logic (`transforms/`) or the promises (`contracts/`).
"""

from collections.abc import Sequence

import dagster as dg

from fq_platform.assets.raw import raw_key
from fq_platform.assets.tables import TableAsset
from fq_platform.contracts import CONTRACTS
from fq_platform.sources import Sources

DATED = ("orders", "invoices", "payments")
UNDATED = ("customers", "products")
"""The collections that the application is made of, with and without daily partitions."""


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
    )
    return [asset.build(sources) for asset in declared]
