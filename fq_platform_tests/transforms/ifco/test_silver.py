"""Tests of the curated IFCO tables: contacts in every shape, days, owners, cents; nothing guessed, nothing silent."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform.extraction.keys import parse_key
from fq_platform_tests.transforms.ifco.pipeline import INVOICES, ORDERS, ifco_changelog, ifco_invoice, ifco_order

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

pytestmark = pytest.mark.services

Person = tuple[str | None, str | None, str | None, str | None]
NOBODY: Person = (None, None, None, None)
LIAV: Person = ("Liav", "Ichenbaum", "Tel Aviv", None)

WHOLE: dict[str | None, Person] = {
    '[{ "contact_name":"Para", "contact_surname":"Cetamol", "city":"Frankfurt am Oder", "cp": 3934}]': (
        *("Para", "Cetamol", "Frankfurt am Oder", "3934"),
    ),
    '{"contact_name":"Ana", "contact_surname":"Díaz", "city":"Lugo", "cp":"08023"}': ("Ana", "Díaz", "Lugo", "08023"),
    '{ "contact_name":"Liav", "contact_surname": "Ichenbaum", "city":"Tel Aviv"}': LIAV,
    '[{"city":"Gotham"}]': (None, None, "Gotham", None),
    '[{"contact_name":"Eve","contact_surname":null,"city":" ","cp":""}]': ("Eve", None, None, None),
    '[{"contact_name":"* Mark\\u00fcs ","contact_surname":"\\"Söder\\"","city":"Łódź #  W","cp":"90\\u00a0001"}]': (
        *("Marküs", "Söder", "Łódź W", "90 001"),
    ),
    '[{"contact_name":"O\'Neill & Sons, Ltd.","city":"\'s-Hertogenbosch (NL)"}]': (
        *("O'Neill & Sons, Ltd.", None, "'s-Hertogenbosch (NL)", None),
    ),
    **dict.fromkeys((None, "", " ", "[]", "{}", "[{}]", "null", "[ null ]"), NOBODY),
}
"""Text of a contact -> first name, surname, city, postal code; nothing is wrong with these."""

TORN: dict[str, Person] = {
    '[{ "contact_name":"Liav", "contact_surname": "Ichenbaum", "city":"Tel Aviv"}': LIAV,
    '[{ "contact_name":"Liav", "contact_surname": "Ichenbaum", "city":"Tel Aviv"': LIAV,
    '[{ "contact_name":"Liav", "contact_surname": "Ichenbaum", "city":"Tel A': ("Liav", "Ichenbaum", "Tel A", None),
    '"contact_name":"Li\\u0061v", "cp": 39': ("Liav", None, None, "39"),
    '{"cp":"1203", "city": "New York", "contact_name": "J\\u00f': ("J u00f", None, "New York", "1203"),
}
UNREADABLE = ("call Bob", "[1, 2]", '{"phone": "123"}', "[{]")
SEVERAL = '[{"contact_name":"Ana"},{"contact_name":"Bea"}]'

DAYS: dict[str | None, dt.date | None] = {
    "29.02.24": dt.date(2024, 2, 29),
    " 1.2.22 ": dt.date(2022, 2, 1),
    "31.12.99": dt.date(2099, 12, 31),
    None: None,
}
NO_DAYS = ("29.02.23", "2022-01-29", "29.01.2022", "01.29.22", "yesterday")


@pytest.fixture(scope="module")
def orders(spark: "SparkSession") -> "dict[str, Row]":
    """Orders of every kind at once, by `row_id`."""
    from fq_platform.transforms.ifco.ifco_orders_silver import ifco_orders_silver

    texts = [*WHOLE, *TORN, *UNREADABLE, SEVERAL]
    days = [*DAYS, *NO_DAYS]
    rows = [
        *(ifco_order(order_id=f"contact {text}", contact_data=text) for text in texts),
        *(ifco_order(order_id=f"day {text}", date=text) for text in days),
        ifco_order(order_id="twice", crate_type=" plastic "),
        ifco_order(order_id="twice", _id="twice#2", crate_type="Cardboard"),
        ifco_order(order_id="owners", salesowners=" Ada  Lovelace,, Markus Söder ,Ada Lovelace,*Yuri Gagarin, "),
        ifco_order(order_id="nobody", salesowners=None, company_name='"Fresh  Fruits" c.o', company_id=" c1 "),
    ]
    made = ifco_orders_silver(ifco_changelog(spark, ORDERS, *rows)).collect()
    return {parse_key(row["row_id"]): row for row in made}


def _person(row: "Row") -> Person:
    return row["contact_first_name"], row["contact_surname"], row["contact_city"], row["contact_postal_code"]


def test_contacts_are_read_in_every_shape_and_letters_stay(orders: "dict[str, Row]") -> None:
    read = {text: orders[f"contact {text}"] for text in WHOLE}

    assert {text: _person(row) for text, row in read.items()} == WHOLE
    assert [row["data_issues"] for row in read.values()] == [[]] * len(WHOLE)


def test_of_torn_json_is_read_what_is_there_and_it_is_said(orders: "dict[str, Row]") -> None:
    read = {text: orders[f"contact {text}"] for text in TORN}

    assert {text: _person(row) for text, row in read.items()} == TORN
    for text, row in read.items():
        assert row["data_issues"] == [f"contact_data: torn, read as far as it goes: {text}"]


def test_what_is_no_contact_is_none_and_stands_in_the_issues(orders: "dict[str, Row]") -> None:
    for text in UNREADABLE:
        row = orders[f"contact {text}"]
        assert _person(row) == NOBODY
        assert row["data_issues"] == [f"contact_data: cannot be read: {text}"]
    several = orders[f"contact {SEVERAL}"]
    assert several["contact_first_name"] == "Ana"
    assert several["data_issues"] == [f"contact_data: only the first is used: {SEVERAL}"]


def test_days_are_read_in_one_spelling_and_no_other_is_guessed_at(orders: "dict[str, Row]") -> None:
    assert {text: orders[f"day {text}"]["order_date"] for text in DAYS} == DAYS
    for text in NO_DAYS:
        row = orders[f"day {text}"]
        assert (row["order_date"], row["data_issues"]) == (None, [f"date: cannot be read: {text}"])


def test_every_row_is_kept_also_with_the_order_id_of_another(orders: "dict[str, Row]") -> None:
    rows = [orders["twice"], orders["twice#2"]]

    assert [(row["order_id"], row["crate_type"]) for row in rows] == [("twice", "Plastic"), ("twice", "Cardboard")]


def test_owners_stand_once_each_in_their_order(orders: "dict[str, Row]") -> None:
    assert orders["owners"]["salesowners"] == ["Ada Lovelace", "Markus Söder", "Yuri Gagarin"]
    assert orders["nobody"]["salesowners"] == []
    assert (orders["nobody"]["company_id"], orders["nobody"]["company_name"]) == ("c1", "Fresh Fruits c.o")


def test_cents_become_euros_exactly_and_what_is_no_number_is_said(spark: "SparkSession") -> None:
    from fq_platform.transforms.ifco.ifco_invoices_silver import ifco_invoices_silver

    amounts: dict[str | None, tuple[Any, list[str]]] = {
        "324222": (Decimal("3242.22"), []),
        "-5": (Decimal("-0.05"), []),
        "9007199254740993": (Decimal("90071992547409.93"), []),  # no double holds it
        "100.5": (Decimal("1.01"), ["grossValue: rounded from 100.5"]),
        "12,50": (None, ["grossValue: cannot be read: 12,50"]),
        None: (None, []),
    }
    rows = [ifco_invoice(id=f"{text}", grossValue=text) for text in amounts]
    odd = ifco_invoice(id="odd", orderId=" o1 ", vat="a fifth")

    made = {
        parse_key(row["row_id"]): row
        for row in ifco_invoices_silver(ifco_changelog(spark, INVOICES, *rows, odd)).collect()
    }

    for text, expected in amounts.items():
        assert (made[f"{text}"]["gross_value"], made[f"{text}"]["data_issues"]) == expected
    assert (made["odd"]["order_id"], made["odd"]["vat_rate"]) == ("o1", None)
    assert made["odd"]["data_issues"] == ["vat: cannot be read: a fifth"]
    assert made["324222"]["vat_rate"] == Decimal("19.00")
