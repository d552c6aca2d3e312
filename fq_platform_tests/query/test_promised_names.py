"""The names that analysts were promised are found as they write them: in capitals, and without a namespace."""

import pytest

from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings

PROMISED = (
    "orders",
    "invoices",
    "ORDERS_VW",
    "SALESOWNERS_VW",
    "SALES_OWNER_COMMISSION_VW",
    "ORDER_SALES_OWNER_VW",
    "fct_ifco_orders",
    "fct_ifco_invoices",
    "dim_company",
    "dim_sales_owner",
)


@pytest.fixture(scope="module")
def engine(analytics_lake: Settings) -> QueryEngine:
    return open_engine(EngineName.DUCKDB, analytics_lake)


def test_each_is_a_table_with_rows(engine: QueryEngine) -> None:
    for name in PROMISED:
        assert engine.execute(f"FROM {name}").read_all().num_rows > 0, name


def test_names_without_a_namespace_can_be_joined(engine: QueryEngine) -> None:
    sql = """
        SELECT count(*) AS n
        FROM Orders_VW JOIN ORDER_SALES_OWNER_VW o USING (order_id) JOIN Dim_Company c ON c.company_key = o.company_key
    """
    assert engine.execute(sql).read_all().to_pylist() == [{"n": 96}]


def test_they_are_listed_by_layer_and_name(engine: QueryEngine) -> None:
    listed = engine.tables()

    assert {"analytics.orders_vw", "analytics.ifco_commissions", "curated.shared.dim_company"} <= set(listed)
    assert [name for name in listed if name.startswith("analytics.")] == sorted(
        name for name in listed if name.startswith("analytics.")
    )
