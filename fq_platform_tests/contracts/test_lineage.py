"""The declared lineage of every contract is the real one, as Spark's plan of its transform has it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform.assets.accounting import RECONCILED
from fq_platform.assets.ifco import OF_TODAY, UPSTREAM
from fq_platform.assets.tables import transform
from fq_platform.contracts import CONTRACTS, IFCO, Contract
from fq_platform.contracts.model import EVERYTHING
from fq_platform_tests.contracts.plan_lineage import Value, lineage
from fq_platform_tests.transforms import raw
from fq_platform_tests.transforms.ifco import pipeline as ifco

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services

RAW = {
    "orders": raw.ORDERS,
    "customers": raw.CUSTOMERS,
    "products": raw.PRODUCTS,
    "invoices": raw.INVOICES,
    "payments": raw.PAYMENTS,
    "raw_orders": raw.ORDERS,
    "raw_invoices": raw.INVOICES,
    "raw_payments": raw.PAYMENTS,
}
Inputs = Mapping[str, Sequence[str]]
IFCO_RAW = {"orders": ifco.ORDERS, "invoices": ifco.INVOICES}
INPUTS: Inputs = {
    "orders_silver": ["orders"],
    "customers_silver": ["customers"],
    "invoices_silver": ["invoices"],
    "payments_silver": ["payments"],
    "dim_products": ["products"],
    "dim_customers": ["customers_silver"],
    "fct_orders": ["orders_silver", "dim_products", "dim_customers"],
    "sales_summary": ["fct_orders"],
    "accounts_receivable": ["invoices_silver", "payments_silver"],
    "revenue_by_day": ["fct_orders"],
    "revenue_by_customer": ["fct_orders"],
    "revenue_by_category": ["fct_orders"],
    "vat_report": ["invoices_silver"],
    "receivables_ageing": ["accounts_receivable"],
    "payment_matching": ["invoices_silver", "payments_silver"],
    "reconciliation": ["raw_orders", "raw_invoices", "raw_payments", *RECONCILED],
}
IFCO_INPUTS: Inputs = {"ifco_orders_silver": ["orders"], "ifco_invoices_silver": ["invoices"], **UPSTREAM}
STANDS_FOR_ANY_FIELD = "_fq_rescued"

Lineage = dict[str, frozenset[str]]


def frame(spark: "SparkSession", name: str, reader: Contract) -> "DataFrame":
    """An empty input with all columns that it may have, known by its name."""
    collections = IFCO_RAW if reader.name in IFCO else RAW
    if name in collections:
        schema = f"{collections[name]}, {raw.FQ_COLUMNS}"
    else:
        schema = ", ".join(f"`{column.name}` {column.type}" for column in CONTRACTS[name].columns)
    return spark.createDataFrame([], schema).alias(name)


def real(spark: "SparkSession", contract: Contract) -> Lineage:
    """What the columns and the fields of lines are made of, rescued values left aside."""
    inputs = (IFCO_INPUTS if contract.name in IFCO else INPUTS)[contract.name]
    extra: dict[str, Any] = {"days": [raw.DAY]} if contract.name == "accounts_receivable" else {}
    if contract.name in OF_TODAY:
        extra["today"] = None
    made = transform(contract.name)(**{name: frame(spark, name, contract) for name in inputs}, **extra)
    found: Lineage = {}
    for column, value in lineage(made, inputs).items():
        found[column] = _without_rescued(value)
        for name, part in (value.element.fields if value.element else {}).items():
            found[f"{column}.{name}"] = _without_rescued(part)
    return found


def _without_rescued(value: Value) -> frozenset[str]:
    return frozenset(path for path in value.everything() if not path.endswith(f".{STANDS_FOR_ANY_FIELD}"))


def declared(contract: Contract) -> Lineage:
    """What the contract says."""
    found: Lineage = {}
    for column in contract.columns:
        found[column.name] = frozenset(contract.sources(column))
        for part in column.fields:
            found[f"{column.name}.{part.name}"] = frozenset(contract.field_sources(column, part))
    return found


def differences(spark: "SparkSession", contract: Contract) -> dict[str, tuple[list[str], list[str]]]:
    """Column -> what it is made of but is not declared, and what is declared but is not so."""
    is_so, said = real(spark, contract), declared(contract)
    assert is_so.keys() == said.keys()
    whole = {column.name for column in contract.columns if column.sources == EVERYTHING}
    return {
        name: (sorted(is_so[name] - said[name]), [] if name in whole else sorted(said[name] - is_so[name]))
        for name in said
        if is_so[name] != said[name] and not (name in whole and is_so[name] < said[name])
    }


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_declared_lineage_is_that_of_the_transform(spark: "SparkSession", contract: Contract) -> None:
    assert differences(spark, contract) == {}


def test_what_is_used_and_not_declared_or_declared_and_not_used_is_told(spark: "SparkSession") -> None:
    contract = CONTRACTS["fct_orders"]
    wrong = {"sku": "orders_silver.lines.sku", "unit_price": "orders_silver.lines.unit_price orders_silver.notes"}
    columns = tuple(replace(column, sources=wrong.get(column.name, column.sources)) for column in contract.columns)

    assert differences(spark, replace(contract, columns=columns)) == {
        "sku": (["dim_products.sku"], []),
        "unit_price": ([], ["orders_silver.notes"]),
    }
