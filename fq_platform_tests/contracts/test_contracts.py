"""Tests of the contracts themselves: the naming rule, and that what they name exists."""

import re
from collections.abc import Iterator

import pytest

from fq_platform.contracts import ACCOUNTING, CONTRACTS, IFCO, Column, Contract
from fq_platform.contracts.markdown import DOCUMENT, rewritten
from fq_platform.lakehouse.layout import Layer

SUFFIX_TYPES = {
    "_id": "string",
    "_at": "timestamp",
    "_date": "date",
    "month": "date",
    "_amount": "decimal(18,2)",
    "_price": "decimal(18,2)",
    "_rate": "decimal(5,2)",
    "_count": "bigint",
    "_days": "bigint",
    "_kg": "decimal(18,3)",
    "quantity": "decimal(18,3)",
}
"""The naming rule of docs/data-model.md: the end of a column's name says its type."""

PROMISED = {"gross_value", "net_value", "commission", "rank", "position", "orders", "plastic_orders"}
"""Names in the IFCO application's tables that its analysts were promised, whatever the rule says."""

NO_CURRENCY_IN_THE_SOURCE = {"customers_silver", "dim_customers"}


def _columns(contract: Contract) -> Iterator[Column]:
    for column in contract.columns:
        yield column
        yield from column.fields


contracts = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)


@contracts
def test_every_column_obeys_the_naming_rule(contract: Contract) -> None:
    for column in _columns(contract):
        if contract.name in IFCO and column.name in PROMISED:
            continue
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", column.name), column.name
        suffix = next((suffix for suffix in SUFFIX_TYPES if column.name.endswith(suffix)), None)
        if suffix:
            assert column.type == SUFFIX_TYPES[suffix], column.name
        else:
            # A type that has a suffix of its own must not come without it; whole numbers may also be numbers of lines.
            assert column.type not in set(SUFFIX_TYPES.values()) - {"string", "bigint"}, column.name
            assert column.type != "bigint" or column.name.endswith("_number"), column.name
        assert column.name.startswith(("is_", "has_")) == (column.type == "boolean"), column.name


@contracts
def test_money_has_its_currency_beside_it(contract: Contract) -> None:
    has_money = any(column.type == "decimal(18,2)" for column in _columns(contract))
    has_currency = "currency" in [column.name for column in contract.columns]
    if contract.name in IFCO:  # whose amounts are all euros
        assert not has_currency
    else:
        assert has_money == has_currency or contract.name in NO_CURRENCY_IN_THE_SOURCE


@contracts
def test_tables_are_named_for_their_layer(contract: Contract) -> None:
    assert contract.name.endswith("_silver") == (contract.layer is Layer.CURATED)
    assert contract.name.startswith("dim_") == (contract.layer is Layer.SHARED)


@contracts
def test_every_column_that_a_promise_names_exists(contract: Contract) -> None:
    names = [column.name for column in contract.columns]
    assert len(set(names)) == len(names)
    assert {*contract.primary_key, *contract.not_null, *contract.accepted} <= set(names)
    assert contract.partition_column is None or contract.partition_column in names
    nested = {f"{column.name}.{inner.name}" for column in contract.columns for inner in column.fields}
    for reference in contract.references:
        assert reference.column in {*names, *nested}
        assert CONTRACTS[reference.table].primary_key == (reference.key,)


@contracts
def test_everything_is_described_in_one_line(contract: Contract) -> None:
    for text in (contract.grain, *(column.description for column in _columns(contract))):
        assert text
        assert not text.endswith(".")
        assert "\n" not in text
    assert contract.description.endswith(".")


def test_tables_live_where_the_design_puts_them() -> None:
    assert [contract.table("ecommerce_db").qualified for contract in ACCOUNTING.values()] == [
        "iceberg.curated.ecommerce_db_orders_silver",
        "iceberg.curated.ecommerce_db_customers_silver",
        "iceberg.curated.ecommerce_db_invoices_silver",
        "iceberg.curated.ecommerce_db_payments_silver",
        "iceberg.shared.dim_products",
        "iceberg.shared.dim_customers",
        "iceberg.analytics.fct_orders",
        "iceberg.analytics.sales_summary",
        "iceberg.analytics.accounts_receivable",
        "iceberg.analytics.revenue_by_day",
        "iceberg.analytics.revenue_by_customer",
        "iceberg.analytics.revenue_by_category",
        "iceberg.analytics.vat_report",
        "iceberg.analytics.receivables_ageing",
        "iceberg.analytics.payment_matching",
        "iceberg.analytics.reconciliation",
    ]


def test_tables_of_the_ifco_application_have_their_names_whatever_the_sources_file_is_for() -> None:
    tables = {contract.table("ecommerce_db") for contract in IFCO.values()}

    assert {table.name for table in tables} == IFCO.keys()
    assert {table.key for table in tables if table.app} == {
        ("curated", "ifco_orders_silver"),
        ("curated", "ifco_invoices_silver"),
    }
    assert {table.name for table in tables if table.layer is Layer.SHARED} == {
        "dim_company",
        "dim_sales_owner",
        "dim_contact",
    }


def test_no_two_contracts_have_the_same_name() -> None:
    assert len(CONTRACTS) == len(ACCOUNTING) + len(IFCO)


def test_the_reference_in_the_docs_is_that_of_the_contracts() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    assert page == rewritten(page), "run `python -m fq_platform.contracts.markdown`"
    assert page.count("\n### ") == len(CONTRACTS)
