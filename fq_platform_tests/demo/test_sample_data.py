"""The sample business is reproducible, adds up, stays within its days, and holds every kind of dirt."""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import bson
import pytest
from bson import Decimal128

from fq_platform.demo.sample_data import COLLECTIONS, START, Business, business_of, generate
from fq_platform.settings import PACKAGE, Settings
from fq_platform.sources import load_sources

Documents = dict[str, list[dict[str, Any]]]
ORDERS = 1_200
EVENT_TIMES = {"orders": "order_date", "invoices": "invoice_date", "payments": "payment_date"}


def _documents(business: Business) -> Documents:
    found: Documents = defaultdict(list)
    for collection, document in business.documents():
        found[collection].append(document)
    return found


def _hash(business: Business) -> str:
    digest = hashlib.sha256()
    for collection, document in business.documents():
        digest.update(collection.encode())
        digest.update(bson.encode(document))
    return digest.hexdigest()


def _exact(value: Any) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value or 0))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def documents() -> Documents:
    return _documents(generate(7, START, 31, ORDERS))


def test_the_same_seed_yields_the_same_bytes_on_every_machine():
    # A change of this hash means that data which is loaded already differs: raise sample_rules.VERSION with it.
    assert _hash(generate(7, START, 31, 200)) == "62d0121400b48e683fcc5958e995337b4f0fd0806525441a93deddce106eccac"


def test_another_seed_yields_other_documents():
    assert _hash(generate(8, START, 31, 200)) != _hash(generate(7, START, 31, 200))


def test_the_default_settings_ask_for_a_month_and_ten_thousand_orders():
    assert business_of(Settings(_env_file=None)) == Business(20260101, dt.date(2026, 1, 1), 31, 10_000)


def test_it_has_the_collections_that_the_packaged_sources_file_declares(documents: Documents):
    sources = load_sources(PACKAGE / "sources.yaml")
    assert set(documents) == set(COLLECTIONS) == set(sources.collections)
    for collection, declared in sources.collections.items():
        assert declared.partition_by == EVENT_TIMES.get(collection)


def test_the_counts_are_those_asked_for(documents: Documents):
    assert len(documents["orders"]) == ORDERS
    assert len(documents["customers"]) == ORDERS // 20
    assert len(documents["products"]) == 120
    uncancelled = [order for order in documents["orders"] if "cancel" not in order["status"].lower()]
    assert 0.80 < len(documents["invoices"]) / len(uncancelled) < 0.93
    assert len(documents["payments"]) > 0.5 * len(documents["invoices"])


def test_ids_and_numbers_are_unique(documents: Documents):
    for collection, name in zip(
        COLLECTIONS, ("customer_number", "sku", "order_number", "invoice_number", "payment_number"), strict=True
    ):
        for field in ("_id", name):
            assert max(Counter(document[field] for document in documents[collection]).values()) == 1


def test_references_point_to_documents(documents: Documents):
    ids = {collection: {document["_id"] for document in documents[collection]} for collection in COLLECTIONS}
    for order in documents["orders"]:
        assert order["customer_id"] in ids["customers"]
        assert {line["product_id"] for line in order["lines"]} <= ids["products"]
    assert {invoice["order_id"] for invoice in documents["invoices"]} <= ids["orders"]
    assert {payment["invoice_id"] for payment in documents["payments"]} <= ids["invoices"]


@pytest.mark.parametrize("collection", EVENT_TIMES)
def test_every_event_time_lies_within_the_days(documents: Documents, collection: str):
    for document in documents[collection]:
        assert dt.date(2026, 1, 1) <= document[EVENT_TIMES[collection]].date() <= dt.date(2026, 1, 31)
        assert document[EVENT_TIMES[collection]] <= document["updated_at"] < dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


def test_one_thing_happens_after_another(documents: Documents):
    orders = {order["_id"]: order for order in documents["orders"]}
    invoices = {invoice["_id"]: invoice for invoice in documents["invoices"]}
    for invoice in invoices.values():
        pause = invoice["invoice_date"] - orders[invoice["order_id"]]["order_date"]
        assert dt.timedelta() <= pause < dt.timedelta(days=3)
    for payment in documents["payments"]:
        assert payment["payment_date"] > invoices[payment["invoice_id"]]["invoice_date"]


def test_orders_come_in_on_every_day_more_on_fridays_than_on_sundays_and_by_day_than_by_night(documents: Documents):
    times = [order["order_date"] for order in documents["orders"]]
    assert times == sorted(times)
    assert len({time.date() for time in times}) == 31
    weekdays = Counter(time.weekday() for time in times)
    assert weekdays[4] > 2 * weekdays[6]
    assert sum(8 <= time.hour < 20 for time in times) > 0.7 * len(times)


def test_some_orders_stand_on_the_first_and_the_last_millisecond_of_a_day(documents: Documents):
    times = Counter(order["order_date"].time() for order in documents["orders"])
    assert times[dt.time(0, 0)] == 7
    assert times[dt.time(23, 59, 59, 999_000)] == 7


def test_orders_add_up_to_the_cent(documents: Documents):
    for order in documents["orders"]:
        for line in order["lines"]:
            exact = _exact(line["quantity"]) * _exact(line["unit_price"]) - _exact(line.get("discount"))
            assert _exact(line["line_total"]) == exact == _cents(exact) > 0
        assert _exact(order["total"]) == sum(_exact(line["line_total"]) for line in order["lines"])


def test_invoices_add_up_to_their_order_with_vat_halves_rounded_up(documents: Documents):
    halves = 0
    orders = {order["_id"]: order for order in documents["orders"]}
    for invoice in documents["invoices"]:
        for line in invoice["lines"]:
            vat = _exact(line["net"]) * _exact(line["vat_rate"]) / 100
            halves += vat * 1_000 % 10 == 5
            assert _exact(line["vat"]) == _cents(vat)
            assert _exact(line["gross"]) == _exact(line["net"]) + _exact(line["vat"])
        for total in ("net", "vat", "gross"):
            assert _exact(invoice[f"total_{total}"]) == sum(_exact(line[total]) for line in invoice["lines"])
        order = orders[invoice["order_id"]]
        assert _exact(invoice["total_net"]) == _exact(order["total"])
        assert (invoice["currency"], invoice["customer_id"]) == (order["currency"], order["customer_id"])
    assert halves > 0


def test_invoices_are_unpaid_paid_in_part_in_full_in_two_parts_and_overpaid(documents: Documents):
    paid: dict[Any, list[Decimal]] = defaultdict(list)
    for payment in documents["payments"]:
        paid[payment["invoice_id"]].append(_exact(payment["amount"]))
    kinds: Counter[str] = Counter()
    for invoice in documents["invoices"]:
        amounts, gross = paid[invoice["_id"]], _exact(invoice["total_gross"])
        status = "void" if invoice["status"] == "void" else "paid" if sum(amounts) >= gross else "open"
        assert invoice["status"] == status
        kinds["unpaid" if not amounts else "in two" if len(amounts) == 2 else "once"] += 1
        kinds["void"] += status == "void"
        kinds["in part"] += 0 < sum(amounts) < gross
        kinds["overpaid"] += sum(amounts) > gross
    assert all(kinds[kind] >= 3 for kind in ("unpaid", "in two", "once", "void", "in part", "overpaid")), kinds


def test_cancelled_orders_are_never_invoiced(documents: Documents):
    cancelled = {order["_id"] for order in documents["orders"] if "cancel" in order["status"].lower()}
    assert cancelled
    assert not cancelled & {invoice["order_id"] for invoice in documents["invoices"]}


DIRT: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "email missing": ("customers", lambda it: "email" not in it),
    "phone null": ("customers", lambda it: it.get("phone", 0) is None),
    "phone missing": ("customers", lambda it: "phone" not in it),
    "vat_id only of businesses": ("customers", lambda it: it["kind"] == "consumer" and "vat_id" not in it),
    "customer's postal code an int": ("customers", lambda it: isinstance(it["address"]["postal_code"], int)),
    "payment terms a double": ("customers", lambda it: isinstance(it["payment_terms_days"], float)),
    "credit limit null": ("customers", lambda it: it["credit_limit"] is None),
    "price a string": ("products", lambda it: isinstance(it["unit_price"], str)),
    "weight an int": ("products", lambda it: isinstance(it["weight_kg"], int)),
    "weight a double": ("products", lambda it: isinstance(it["weight_kg"], float)),
    "tags empty": ("products", lambda it: it["tags"] == []),
    "discontinued missing": ("products", lambda it: "discontinued" not in it),
    "status untidy": ("orders", lambda it: it["status"] != it["status"].strip().lower()),
    "status with a blank": ("orders", lambda it: it["status"].startswith(" ")),
    "order in USD": ("orders", lambda it: it["currency"] == "USD"),
    "order in GBP": ("orders", lambda it: it["currency"] == "GBP"),
    "order's postal code an int": ("orders", lambda it: isinstance(it["shipping_address"]["postal_code"], int)),
    "notes missing": ("orders", lambda it: "notes" not in it),
    "notes null": ("orders", lambda it: it.get("notes", 0) is None),
    "notes": ("orders", lambda it: bool(it.get("notes"))),
    "quantity a double": ("orders", lambda it: isinstance(it["lines"][0]["quantity"], float)),
    "line price a string": ("orders", lambda it: isinstance(it["lines"][-1]["unit_price"], str)),
    "discount": ("orders", lambda it: isinstance(it["lines"][0].get("discount"), Decimal128)),
    "discount null": ("orders", lambda it: it["lines"][0].get("discount", 0) is None),
    "discount missing": ("orders", lambda it: "discount" not in it["lines"][0]),
    "total a string": ("invoices", lambda it: isinstance(it["total_gross"], str)),
    "reference null": ("payments", lambda it: it.get("reference", 0) is None),
    "reference missing": ("payments", lambda it: "reference" not in it),
}


@pytest.mark.parametrize("kind", DIRT)
def test_every_kind_of_dirt_occurs_a_few_times_but_never_everywhere(documents: Documents, kind: str):
    collection, is_dirty = DIRT[kind]
    dirty = sum(is_dirty(document) for document in documents[collection])
    assert 3 <= dirty < len(documents[collection])


def test_all_statuses_occur(documents: Documents):
    assert {order["status"].strip().lower() for order in documents["orders"]} == {
        "placed", "paid", "shipped", "delivered", "cancelled", "returned",
    }  # fmt: skip


def test_a_data_set_of_a_hundred_orders_is_whole(documents: Documents):
    small = _documents(generate(1, START, 30, 100))
    assert len(small["orders"]) == 100
    assert len(small["customers"]) == 20
    assert small["invoices"]
    assert small["payments"]
