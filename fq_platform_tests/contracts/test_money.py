"""Money is decimal: no column of any table's promise is a floating-point number, and none that names money is else."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import dagster as dg
import pytest

from fq_platform.contracts import CONTRACTS, Column, Contract
from fq_platform.contracts.model import MONEY
from fq_platform.definitions import defs

FLOATS_ALLOWED: frozenset[str] = frozenset()
"""`table.column` of what is measured rather than counted; so far even weights are decimals."""

FLOAT = re.compile(r"\b(float|double|real)\b")
MONEY_WORDS = re.compile(
    r"(?<![a-z])(amount|balance|commission|cost|credit|debit|discount|due|fee|gross|net|paid|price|revenue|tax|total|"
    r"turnover|value|vat)(?![a-z])"
)
NO_AMOUNTS = ("_id", "_at", "_date", "_count", "_number", "_days", "is_", "has_")
"""Beginnings and ends of names that say that it is none: `vat_id`, `due_date`, `is_paid`."""

TypedName = tuple[str, str]


def floats(table: str, columns: Iterable[TypedName]) -> list[str]:
    """The columns that hold, or whose parts hold, floating-point numbers."""
    found = [f"{table}.{name}: {kind}" for name, kind in columns if FLOAT.search(kind)]
    return [text for text in found if text.partition(":")[0] not in FLOATS_ALLOWED]


def money_that_is_no_decimal(table: str, columns: Iterable[TypedName]) -> list[str]:
    """The columns that are named for money, or are lists of such, and are something else than decimals."""
    return [
        f"{table}.{name}: {kind}"
        for name, kind in columns
        if MONEY_WORDS.search(name.rpartition(".")[2])
        and not name.rpartition(".")[2].startswith(NO_AMOUNTS)
        and not name.endswith(NO_AMOUNTS)
        and not kind.startswith("decimal(")
    ]


def columns_of(contract: Contract) -> Iterator[TypedName]:
    """A contract's columns, and those of its lines."""
    for column in contract.columns:
        yield column.name, column.type
        for part in column.fields:
            yield f"{column.name}.{part.name}", part.type


def columns_in_dagster(spec: dg.AssetSpec) -> Iterator[TypedName]:
    """The columns that Dagster shows of an asset before it is made."""
    schema = spec.metadata.get("dagster/column_schema", dg.TableSchema([]))
    yield from ((column.name, column.type) for column in schema.columns)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_no_column_of_a_contract_is_a_float(contract: Contract) -> None:
    assert floats(contract.name, columns_of(contract)) == []


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_columns_named_for_money_are_decimals(contract: Contract) -> None:
    assert money_that_is_no_decimal(contract.name, columns_of(contract)) == []


def test_no_column_that_dagster_shows_is_a_float() -> None:
    shown = {spec.key.path[-1]: list(columns_in_dagster(spec)) for spec in defs.resolve_all_asset_specs()}
    assert shown["fct_orders"]
    assert shown["ifco_commissions"]
    for name, columns in shown.items():
        assert floats(name, columns) == []
        assert money_that_is_no_decimal(name, columns) == []


@pytest.mark.parametrize(
    ("column", "is_float"),
    [
        (Column("commission", "double", "Euros"), True),
        (Column("lines", "array<struct<net:float>>", "Lines"), True),
        (Column("gross_value", "string", "Euros"), False),
        (Column("vat", "bigint", "Cents"), False),
    ],
)
def test_money_in_another_type_would_be_found(column: Column, is_float: bool) -> None:
    contract = replace(CONTRACTS["fct_orders"], columns=(Column("net_amount", MONEY, "Euros"), column))
    found = floats("fct_orders", columns_of(contract))
    assert bool(found) == is_float
    assert found or money_that_is_no_decimal("fct_orders", columns_of(contract)) == [
        f"fct_orders.{column.name}: {column.type}"
    ]
