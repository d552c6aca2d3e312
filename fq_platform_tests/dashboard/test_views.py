"""The pages: figures of the tables, filters, empty states, errors in words."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from fq_platform.contracts import CONTRACTS
from fq_platform.dashboard.page import NO_ROWS
from fq_platform.dashboard.pages import PAGES, Page
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import Settings
from fq_platform_tests.dashboard.conftest import Look, open_page, said
from fq_platform_tests.fixtures.analytics_lake import append, arrow_schema, create_table

BY_PATH = {page.path: page for page in PAGES}
COMMISSIONS = CONTRACTS["ifco_commissions"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_page_shows_what_its_tables_hold(look: Look, page: Page) -> None:
    app = look(page)

    assert [title.value for title in app.title] == [page.title]
    assert [words for words in said(app) if "agree to the cent" not in words] == []
    assert all(len(table.value) > 0 for table in app.dataframe)
    assert len(app.dataframe) + len(app.metric) > 0


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_page_without_tables_says_what_to_do(over: Callable[[Settings], None], settings: Settings, page: Page) -> None:
    over(settings)

    app = open_page(page)

    assert [title.value for title in app.title] == [page.title]
    assert said(app)
    assert all("is not there yet: materialise it in the Dagster UI, or run `make demo`" in words for words in said(app))


def test_money_stays_decimal_up_to_the_table(look: Look) -> None:
    [table] = look(BY_PATH["commissions"]).dataframe

    assert list(table.value["commission"])[:2] == [Decimal("650.31"), Decimal("487.77")]


def test_key_figures_have_units_and_thousands_apart(look: Look) -> None:
    figures = {figure.label: (figure.value, figure.delta) for figure in look(BY_PATH["overview"]).metric}

    assert figures["Orders"] == ("48", "1 Jan 2024 to 21 Dec 2025")
    assert figures["Commissions (EUR)"] == ("1,918.18", "to 6 sales owners")
    assert figures["Revenue (EUR)"] == ("14,378.95", "1 Jan 2026 to 10 Jan 2026")
    assert figures["Receivables (EUR)"] == ("25,110.45", "13,036.80 of it overdue")
    assert figures["Unmatched payments"] == ("1", "of 5 payments")
    assert figures["Differences"] == ("0", "in 40 comparisons")


def test_currency_is_chosen_and_never_mixed(look: Look) -> None:
    app = look(BY_PATH["revenue"])
    euros = app.dataframe[0].value["revenue_amount"].sum()

    app.selectbox[0].select("GBP").run()

    assert app.dataframe[0].value["revenue_amount"].sum() == euros == Decimal("14378.95")
    assert said(app) == []


def test_period_company_and_owner_narrow_the_orders(look: Look) -> None:
    app = look(BY_PATH["contacts"])
    assert len(app.dataframe[0].value) == 48

    app.date_input[0].set_value((dt.date(2025, 1, 1), dt.date(2025, 12, 21))).run()
    assert len(app.dataframe[0].value) == 24

    app.multiselect[0].select("Bay Seafood Ltd").run()
    assert set(app.dataframe[0].value["company_name"]) == {"Bay Seafood Ltd"}
    assert len(app.dataframe[0].value) == 6

    app.multiselect[1].select("Ada Lindqvist").run()
    assert 0 < len(app.dataframe[0].value) < 6


def test_choice_that_nothing_answers_to_says_so(look: Look) -> None:
    app = look(BY_PATH["company-owners"])

    app.multiselect[0].select("Alpine Greens GmbH").run()
    app.multiselect[1].select("Farid Haddad").run()

    assert said(app) == [NO_ROWS]
    assert not app.dataframe


def test_owner_is_found_by_the_whole_name(look: Look) -> None:
    app = look(BY_PATH["company-owners"])

    app.multiselect[1].select("Bruno Söder").run()

    assert list(app.dataframe[0].value["company_name"]) == ["Alpine Greens GmbH", "Bay Seafood Ltd"]


def test_month_counts_whole_if_the_period_begins_within_it(look: Look) -> None:
    app = look(BY_PATH["crate-orders"])

    app.date_input[0].set_value((dt.date(2025, 11, 20), dt.date(2025, 12, 1))).run()

    assert {str(month) for month in app.dataframe[0].value["month"]} == {"2025-11-01", "2025-12-01"}


def test_unmatched_payments_are_what_is_listed_first(look: Look) -> None:
    app = look(BY_PATH["matching"])

    assert "Matched" not in set(app.dataframe[0].value["match_status"])
    assert list(app.dataframe[0].value["difference_amount"])[-1] == Decimal("-138.00")


def test_new_data_shows_at_once(over: Callable[[Settings], None], settings: Settings) -> None:
    table = create_table(open_catalog(settings), COMMISSIONS, settings)
    append(table, COMMISSIONS, [{"rank": 1, "sales_owner": "Ada", "commission": Decimal("1.10")}])
    over(settings)
    app = open_page(BY_PATH["commissions"])
    assert list(app.dataframe[0].value["commission"]) == [Decimal("1.10")]

    append(table, COMMISSIONS, [{"rank": 2, "sales_owner": "Bo", "commission": Decimal("0.30")}])
    app.run()

    assert list(app.dataframe[0].value["commission"]) == [Decimal("1.10"), Decimal("0.30")]


def test_table_without_rows_is_no_error(over: Callable[[Settings], None], settings: Settings) -> None:
    for name in ("receivables_ageing", "dim_customers"):
        table = create_table(open_catalog(settings), CONTRACTS[name], settings)
        table.append(pa.Table.from_pylist([], schema=arrow_schema(CONTRACTS[name])))
    over(settings)

    app = open_page(BY_PATH["ageing"])

    assert said(app) == [
        "The table analytics.receivables_ageing has no rows yet: materialise what it is made of, then the table"
    ]


def test_damaged_table_is_told_in_words(over: Callable[[Settings], None], settings: Settings) -> None:
    table = create_table(open_catalog(settings), COMMISSIONS, settings)
    Path(table.metadata_location.removeprefix("file://")).unlink()
    over(settings)

    app = open_page(BY_PATH["commissions"])

    [words] = said(app)
    assert "analytics.ifco" in words
    assert "What to do: " in words
    assert "Traceback" not in words
