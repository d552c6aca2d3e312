"""One table of engines and questions: whichever engine is asked about the same tables gives the same rows."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import pytest

from fq_platform.dashboard.questions import accounting, ifco, overview
from fq_platform.dashboard.questions.question import days, distinct
from fq_platform.query.dialects import translated
from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.query.time_travel import AsOf
from fq_platform_tests.fixtures.agreement_lake import AgreementLake
from fq_platform_tests.fixtures.analytics_rows import COMPANIES, CRATES, CUSTOMERS, DAYS, MONTHS, OWNERS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

OTHERS = (EngineName.SPARK, EngineName.TRINO)

PERIOD = (DAYS[0], DAYS[-1])
YEAR = (MONTHS[0], MONTHS[11])
TWO = CUSTOMERS[:2]

QUESTIONS = {
    "overview: orders": overview.orders(),
    "overview: invoiced": overview.invoiced(),
    "overview: commissions": overview.commissions(),
    "overview: revenue": overview.revenue("EUR"),
    "overview: vat": overview.vat("EUR"),
    "overview: owed": overview.owed(DAYS[-1], "EUR"),
    "overview: unmatched": overview.unmatched(),
    "overview: reconciled": overview.reconciled(),
    "crate distribution": ifco.crate_distribution(COMPANIES[:3], CRATES[:2]),
    "contacts and addresses": ifco.contacts(YEAR, COMPANIES[:3], OWNERS[:2]),
    "commissions": ifco.commissions([]),
    "owners of companies": ifco.company_owners([], OWNERS[1:3]),
    "crate orders by month": ifco.crate_orders_by_month(YEAR, CRATES),
    "training": ifco.training([]),
    "top owners": ifco.top_owners(YEAR, []),
    "ageing": accounting.ageing(DAYS[-1], "EUR", TWO),
    "ageing by customer": accounting.ageing_by_customer(DAYS[-1], "EUR", []),
    "revenue by day": accounting.revenue_by_day(PERIOD, "EUR"),
    "revenue by customer": accounting.revenue_by_customer(PERIOD, "GBP", TWO),
    "revenue by category": accounting.revenue_by_category(None, "EUR"),
    "VAT": accounting.vat(None, "EUR"),
    "matching": accounting.matching(None, "EUR", []),
    "matches": accounting.matches(None, "EUR", [], []),
    "reconciled": accounting.reconciled(None),
    "differences": accounting.differences(None),
    "filter: values": distinct("company_name", ifco.ORDERS),
    "filter: days": days("order_date", ifco.ORDERS),
}
"""What the dashboard asks, every question of every page."""

SQL = {
    "every type": "SELECT * FROM curated.every_type ORDER BY id",
    "decimals": """
        SELECT id, money * 2 AS twice, money + cents AS added, CAST(money AS DECIMAL(38, 2)) AS rounded, abs(money) AS
        size, round(money, 1) AS short FROM curated.every_type WHERE id < 3 ORDER BY id
    """,
    "sums": """
        SELECT flag, count(*) AS n, count(name) AS named, sum(cents) AS cents, sum(small) AS small,
        min(happened_at) AS first, max(day) AS last FROM curated.every_type GROUP BY flag ORDER BY flag
    """,
    "days and moments": """
        SELECT id, CAST(happened_at AS DATE) AS day, date_trunc('month', happened_at) AS month,
        extract(year FROM day) AS year, CAST(day + INTERVAL 1 DAY AS DATE) AS next,
        happened_at < TIMESTAMPTZ '2000-01-01 00:00:00+00' AS early
        FROM curated.every_type WHERE day BETWEEN DATE '1960-01-01' AND DATE '2026-12-31' ORDER BY id
    """,
    "texts": """
        SELECT id, lower(name) AS lower, length(name) AS letters, substr(name, 1, 2) AS begin, name || '!' AS loud,
        coalesce(name, 'nobody') AS known, name LIKE '%''%' AS quoted FROM curated.every_type ORDER BY id
    """,
    "nested": """
        SELECT id, address.city AS city, tags[1] AS tag, array_length(tags) AS tags, lines[2].price AS price
        FROM curated.every_type WHERE array_length(lines) > 0 ORDER BY id
    """,
    "unnested": """
        SELECT t.id, u.tag FROM curated.every_type AS t, UNNEST(t.tags) AS u(tag) ORDER BY t.id, u.tag
    """,
    "windows": """
        SELECT id, row_number() OVER (ORDER BY id DESC) AS place, sum(cents) OVER (ORDER BY id) AS running,
        lag(name) OVER (ORDER BY id) AS before FROM curated.every_type ORDER BY id
    """,
    "names": """
        WITH orders AS (SELECT company_key FROM ORDERS_VW WHERE net_value >= 0)
        SELECT c.company_name, count(*) AS n FROM orders JOIN Shared.Dim_Company c USING (company_key)
        WHERE EXISTS (SELECT 1 FROM curated.shared.dim_sales_owner) GROUP BY c.company_name ORDER BY c.company_name
    """,
    "documents that live": "SELECT _id, status, total FROM current(raw.ecommerce_db_orders) ORDER BY _id",
    "changed columns": "SELECT * FROM analytics.evolving ORDER BY id",
    "a changelog": "SELECT _id, _fq_op, _fq_hash, _fq_rescued, total FROM raw.ecommerce_db_orders ORDER BY 1, 2, 3",
}
"""DuckDB's SQL, translated for the others as the dashboard's questions are."""

PAST: dict[str, tuple[str, Callable[[AgreementLake], AsOf]]] = {
    "a snapshot": ("SELECT _id, status FROM raw.ecommerce_db_orders ORDER BY _id", lambda lake: lake.first_orders),
    "a moment": ("SELECT * FROM analytics.evolving ORDER BY id", lambda lake: lake.before_change),
    "two tables": (
        "SELECT e.id, o._id FROM raw.ecommerce_db_orders o, analytics.evolving e ORDER BY e.id, o._id, o._fq_op",
        lambda lake: lake.before_change,
    ),
}
"""Questions about the past, and what past that is."""

Ask = Callable[[EngineName, str, "AsOf | None"], list[dict[str, object]]]


@pytest.fixture(scope="module")
def ask(agreement_lake: AgreementLake, spark: "SparkSession") -> Iterator[Ask]:
    """Asks an engine a question in DuckDB's SQL; each question once."""
    engines: dict[EngineName, QueryEngine] = {}

    @cache
    def rows(name: EngineName, sql: str, as_of: AsOf | None = None) -> list[dict[str, object]]:
        if name not in engines:
            engines[name] = open_engine(name, agreement_lake.settings[name])
        engine = engines[name]
        return engine.execute(translated(sql, "duckdb", engine.dialect), as_of).read_all().to_pylist()

    yield rows
    for engine in engines.values():
        engine.close()


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_dashboards_questions(ask: Ask, engine: EngineName, name: str) -> None:
    expected = ask(EngineName.DUCKDB, QUESTIONS[name].sql, None)
    assert expected
    assert ask(engine, QUESTIONS[name].sql, None) == expected


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("name", SQL)
def test_types_expressions_and_names(ask: Ask, engine: EngineName, name: str) -> None:
    expected = ask(EngineName.DUCKDB, SQL[name], None)
    assert expected
    assert ask(engine, SQL[name], None) == expected


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("name", PAST)
def test_the_past(agreement_lake: AgreementLake, ask: Ask, engine: EngineName, name: str) -> None:
    sql, moment = PAST[name]
    as_of = moment(agreement_lake)
    expected = ask(EngineName.DUCKDB, sql, as_of)
    assert expected
    assert expected != ask(EngineName.DUCKDB, sql, None)
    assert ask(engine, sql, as_of) == expected


@pytest.mark.parametrize("engine", OTHERS)
def test_tables_are_listed_alike(agreement_lake: AgreementLake, engine: EngineName) -> None:
    listed = open_engine(EngineName.DUCKDB, agreement_lake.settings["duckdb"]).tables()
    assert open_engine(engine, agreement_lake.settings[engine]).tables() == listed
