"""The tables of the IFCO application and what each is made of.

Belongs here: the lineage, as data. Does not: the logic (`transforms/ifco/`), the promises (`contracts/ifco/`), or the
raw tables, which are made as those of any source are (`raw.py`).
"""

from collections.abc import Sequence

import dagster as dg

from fq_platform.assets.raw import raw_key
from fq_platform.assets.tables import TableAsset
from fq_platform.contracts import CONTRACTS
from fq_platform.sources import Sources

UPSTREAM: dict[str, tuple[str, ...]] = {
    "dim_company": ("ifco_orders_silver", "ifco_invoices_silver"),
    "dim_sales_owner": ("ifco_orders_silver",),
    "dim_contact": ("ifco_orders_silver",),
    "fct_ifco_orders": ("ifco_orders_silver", "dim_company"),
    "fct_ifco_invoices": ("ifco_invoices_silver", "fct_ifco_orders", "dim_company"),
    "orders": ("fct_ifco_orders",),
    "invoices": ("fct_ifco_invoices",),
    "orders_vw": ("fct_ifco_orders", "fct_ifco_invoices"),
    "salesowners_vw": ("fct_ifco_orders",),
    "order_sales_owner_vw": ("fct_ifco_orders", "salesowners_vw"),
    "sales_owner_commission_vw": ("order_sales_owner_vw", "fct_ifco_invoices"),
    "ifco_crate_distribution": ("fct_ifco_orders",),
    "ifco_order_contacts": ("fct_ifco_orders",),
    "ifco_order_addresses": ("fct_ifco_orders",),
    "ifco_commissions": ("sales_owner_commission_vw",),
    "ifco_company_salesowners": ("fct_ifco_orders",),
    "ifco_crate_orders_by_month": ("fct_ifco_orders",),
    "ifco_owner_training": ("fct_ifco_orders",),
    "ifco_top_owners_by_month": ("fct_ifco_orders",),
}
"""What each table is made of besides raw ones, by the contracts' names."""

OF_TODAY = frozenset({"ifco_crate_orders_by_month", "ifco_owner_training", "ifco_top_owners_by_month"})
"""The tables that depend on which day is today."""


def build_ifco_assets(sources: Sources) -> Sequence[dg.AssetsDefinition]:
    """The curated, shared and analytics assets of the IFCO application.

    Args:
        sources: The application's sources: the collections `orders` and `invoices`, without days.

    Returns:
        One asset a table, in the order in which data flows.
    """

    def table(name: str) -> dg.AssetKey:
        return dg.AssetKey(list(CONTRACTS[name].table(sources.app).key))

    def of_raw(name: str, collection: str) -> TableAsset:
        return TableAsset(CONTRACTS[name], {collection: raw_key(sources, collection)}, incremental=True)

    declared = (
        of_raw("ifco_orders_silver", "orders"),
        of_raw("ifco_invoices_silver", "invoices"),
        *(
            TableAsset(CONTRACTS[name], {one: table(one) for one in upstream}, takes_today=name in OF_TODAY)
            for name, upstream in UPSTREAM.items()
        ),
    )
    return [asset.build(sources) for asset in declared]
