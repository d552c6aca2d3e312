"""Tests of IFCO's dimensions, facts and published tables, made of a small business with one of each oddity."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform.contracts import IFCO
from fq_platform_tests.transforms.ifco.conftest import TWICE
from fq_platform_tests.transforms.test_schemas import assert_columns_are_promised

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

pytestmark = pytest.mark.services

Tables = dict[str, "DataFrame"]


def _rows(made: "Tables", name: str, key: str) -> "dict[Any, Row]":
    rows = made[name].collect()
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_every_table_has_exactly_the_columns_of_its_contract(made: "Tables") -> None:
    assert_columns_are_promised(made, IFCO)


def test_of_rows_with_the_same_order_id_the_first_counts(made: "Tables") -> None:
    assert made["ifco_orders_silver"].where(f"order_id = '{TWICE}'").count() == 3

    order = _rows(made, "fct_ifco_orders", "order_id")[TWICE]

    assert (order["order_date"], order["salesowners"]) == (dt.date(2022, 2, 2), ["Ada"])
    assert "Eve" not in _rows(made, "dim_sales_owner", "sales_owner")


def test_orders_have_the_merged_company_and_the_contact_also_where_there_is_none(made: "Tables") -> None:
    orders = _rows(made, "fct_ifco_orders", "order_id")
    contacts = _rows(made, "dim_contact", "contact_key")

    for order in ("o1", "o2", "o3"):
        assert (orders[order]["company_key"], orders[order]["company_name"]) == ("c3", "Fresh Fruits Co")
    assert [orders[order]["company_id"] for order in ("o1", "o2", "o3")] == ["c1", "c2", "c3"]
    assert (orders["no company"]["company_key"], orders["no company"]["company_name"]) == ("unknown", "Unknown")
    shown = {order: (row["contact_full_name"], row["contact_address"]) for order, row in orders.items()}
    assert shown["o1"] == ("Ana Díaz", "Lugo, 27001")
    assert shown["o4"] == ("John Doe", "Lugo, UNK00")
    assert shown["o3"] == shown["no owner"] == ("John Doe", "Unknown, UNK00")
    assert orders["o3"]["contact_key"] == "unknown" != orders["o4"]["contact_key"]
    ana = contacts[orders["o1"]["contact_key"]]
    assert (ana["first_name"], ana["surname"], ana["city"], ana["postal_code"]) == ("Ana", "Díaz", "Lugo", "27001")
    assert ana["order_count"] == 6
    assert contacts["unknown"]["contact_full_name"] == "John Doe"
    assert (orders["o1"]["main_sales_owner"], orders["no owner"]["main_sales_owner"]) == ("Ada", None)


def test_the_net_value_is_exact_until_it_is_added_up(made: "Tables") -> None:
    invoices = _rows(made, "fct_ifco_invoices", "invoice_id")
    published = _rows(made, "invoices", "invoice_id")

    assert invoices["i1"]["net_value"] == Decimal("82.644628099174")
    assert invoices["i3"]["net_value"] == Decimal("0.007462686567")
    assert invoices["i7"]["net_value"] is None
    assert published["i1"]["net_value"] == Decimal("82.64")
    assert published["i3"]["net_value"] == Decimal("0.01")
    assert invoices["i1"]["order_date"] == dt.date(2022, 1, 29)
    assert (invoices["i5"]["order_date"], invoices["i5"]["company_name"]) == (None, "Unknown")
    assert invoices["i3"]["company_key"] == "c3"


def test_only_valid_orders_are_in_the_view_with_what_was_invoiced(made: "Tables") -> None:
    orders = _rows(made, "orders_vw", "order_id")

    assert orders.keys() == {"o1", "o2", "o3", "o4", TWICE}
    assert orders["o1"].asDict() | {"contact_full_name": None, "contact_address": None} == {
        "order_id": "o1",
        "order_date": dt.date(2022, 1, 29),
        "company_key": "c3",
        "company_name": "Fresh Fruits Co",
        "crate_type": "Plastic",
        "contact_full_name": None,
        "contact_address": None,
        "main_sales_owner": "Ada",
        "owner_count": 4,
        "invoice_count": 2,
        "gross_value": Decimal("200.00"),
        "net_value": Decimal("165.29"),  # 2 x 82.6446: rounded before, it would be 165.28
    }
    assert (orders["o3"]["invoice_count"], orders["o3"]["net_value"]) == (0, Decimal("0.00"))
    assert made["orders"].count() == 9


def test_owners_have_positions_from_one(made: "Tables") -> None:
    owned = {(row["order_id"], row["position"]): row["sales_owner"] for row in made["salesowners_vw"].collect()}
    of_o1 = made["order_sales_owner_vw"].where("order_id = 'o1'").orderBy("position").collect()

    assert [owned["o1", position] for position in (1, 2, 3, 4)] == ["Ada", "Bob", "Cem", "Dee"]
    assert not any(order == "no owner" for order, _ in owned)
    assert [(row["sales_owner"], row["position"], row["company_key"]) for row in of_o1] == [
        ("Ada", 1, "c3"),
        ("Bob", 2, "c3"),
        ("Cem", 3, "c3"),
        ("Dee", 4, "c3"),
    ]


def test_commissions_are_shares_of_every_invoice_by_position_and_rounded_once(made: "Tables") -> None:
    earned = _rows(made, "sales_owner_commission_vw", "sales_owner")

    net = 2 * Decimal("82.644628099174")
    owners = {owner: (row["commission"], row["order_count"]) for owner, row in earned.items()}
    assert owners["Cem"] == (round(net * Decimal("0.0095"), 2), 1)
    assert owners["Dee"] == (Decimal("0.00"), 0)  # the fourth earns nothing
    # 6 % of the order invoiced twice and of 200 euros for an order whose other rows do not count
    assert owners["Ada"] == (Decimal("21.92"), 2)
    # 2.5 % of o1, 6 % of the 0.0075 euros of o2
    assert owners["Bob"] == (Decimal("4.13"), 2)
    assert owners["Leonard Cohen"] == (Decimal("3.00"), 1)


def test_oddities_are_found_and_named(made: "Tables") -> None:
    from fq_platform.checks import ifco_violations as violations

    def found(rows: "DataFrame") -> list[tuple[Any, ...]]:
        return sorted(tuple(row) for row in rows.collect())

    assert found(violations.repeated_order_ids(made["ifco_orders_silver"])) == [(TWICE, 3)]
    without = violations.orders_without_contact(made["ifco_orders_silver"])
    assert found(without.select("order_id")) == [("no owner",), ("o3",)]
    assert found(violations.contacts_not_read(made["ifco_orders_silver"])) == [
        ("no owner", ["contact_data: cannot be read: call Bob"])
    ]
    assert found(violations.orders_invoiced_again(made["fct_ifco_invoices"])) == [
        ("o1", 2, ["i1", "i2"], Decimal("200.00"))
    ]
    assert found(violations.invoices_for_others(made["fct_ifco_invoices"], made["fct_ifco_orders"])) == [
        ("i4", "o4", "Veggies Unlimited", "Fresh Fruits Co")
    ]
    left_out = violations.orders_left_out(made["orders_vw"], made["fct_ifco_orders"])
    assert [row[0] for row in found(left_out.select("order_id"))] == ["cardboard", "no company", "no day", "no owner"]
