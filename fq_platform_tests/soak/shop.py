"""The sample business going on in a MongoDB: documents come when their time has come, and people change them later.

What it touched is written down by day, for comparison with what the platform requested.
"""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from bson import Decimal128
from pymongo import MongoClient
from pymongo.database import Database

from fq_platform.demo.sample_data import DATABASE, generate
from fq_platform.demo.sample_rules import Document, money, rounded
from fq_platform.sources import Sources

EVENT = {"orders": "order_date", "invoices": "invoice_date", "payments": "payment_date"}
Touched = set[tuple[str, dt.date | None]]
"""Collections and days whose documents were changed; no day for collections without days."""


class Shop:
    """A business from `sources.start_date` on.

    Args:
        sources: The sources file, for its first day.
        days: How many days it will go on.
        orders_a_day: About how many orders come in a day.
        uri: Gives the URI of the MongoDB, which is another one after each restart.
        now: The clock.
    """

    def __init__(
        self, sources: Sources, days: int, orders_a_day: int, uri: Callable[[], str], now: Callable[[], dt.datetime]
    ) -> None:
        self._first_day = sources.start_date
        self._uri = uri
        self._now = now
        self._dice = random.Random(f"{sources.start_date}/{days}")
        business = generate(1, sources.start_date, days + 1, orders_a_day * (days + 1))
        self._coming = iter(sorted(_in_time(business.documents()), key=lambda item: item[0]))
        self._next = next(self._coming, None)
        self._fields: Document = {}
        self._broken: Any = None
        self.touched: Touched = set()
        self.changes = 0

    def open(self) -> None:
        """Index what is asked for by field, as the declared collections should be."""
        for database in self._database():
            for name, field in EVENT.items():
                database[name].create_index(field)
                database[name].create_index("updated_at")

    def go_on(self) -> None:
        """Let everything come in whose time has come since."""
        due: dict[str, list[Document]] = {}
        while self._next and self._next[0] <= self._now():
            _, name, document = self._next
            due.setdefault(name, []).append(document | {"updated_at": self._now()} | self._new_fields(name))
            self._next = next(self._coming, None)
        for database in self._database():
            for name, documents in due.items():
                database[name].insert_many(documents)
                for document in documents:
                    self._touch(name, document)
            self._settle_invoices(database, due.get("payments", []))

    def correct(self) -> None:
        """Late corrections: an order's quantity, an invoice's due date, a payment's amount, each some days ago."""
        for database in self._database():
            order = self._some(database, "orders")
            first = order["lines"][0]
            more = int(first["quantity"]) + 1
            price = Decimal(str(first["unit_price"]))
            less = first.get("discount")
            total = rounded(more * price - (less.to_decimal() if less else 0))
            rest = [line["line_total"].to_decimal() for line in order["lines"][1:]]
            lines = [{**first, "quantity": more, "line_total": money(total)}, *order["lines"][1:]]
            self._set(database, "orders", order, lines=lines, total=money(total + sum(rest, Decimal())))
            invoice = self._some(database, "invoices")
            self._set(database, "invoices", invoice, due_date=invoice["due_date"] + dt.timedelta(days=3))
            for payment in self._sample(database, "payments", 1):
                self._set(database, "payments", payment, amount=money(payment["amount"].to_decimal() + 1))

    def rename(self) -> None:
        """A customer moves to another country and a product to another category."""
        for database in self._database():
            customer = self._some(database, "customers")
            self._set(database, "customers", customer, name=f"{customer['name']} II", address=_ABROAD)
            product = self._some(database, "products")
            self._set(database, "products", product, category=f"{product['category']} and more")

    def delete(self) -> None:
        """An order without an invoice, and a payment."""
        for database in self._database():
            invoiced = database["invoices"].distinct("order_id")
            for name, condition in (("orders", {"_id": {"$nin": invoiced}}), ("payments", {})):
                for document in self._sample(database, name, 1, condition):
                    database[name].delete_one({"_id": document["_id"]})
                    self._touch(name, document)

    def move(self) -> None:
        """Two orders swap their days, an invoice and a payment go to another day, an order has none for a while."""
        for database in self._database():
            one, other, lost = self._sample(database, "orders", 3)
            self._set(database, "orders", one, order_date=other["order_date"])
            self._set(database, "orders", other, order_date=one["order_date"])
            self._set(database, "orders", lost, order_date=None)
            for name, days in (("invoices", 1), ("payments", -1)):
                for document in self._sample(database, name, 1):
                    there = document[EVENT[name]] + dt.timedelta(days=days)
                    self._set(database, name, document, **{EVENT[name]: there})

    def find_again(self) -> None:
        """What had no day gets one."""
        for database in self._database():
            for order in database["orders"].find({"order_date": None}):
                self._set(database, "orders", order, order_date=self._some(database, "invoices")["invoice_date"])

    def date_ahead(self) -> None:
        """An order that is dated tomorrow: it belongs to the first day until then."""
        for database in self._database():
            order = self._some(database, "orders")
            self._set(database, "orders", order, order_date=self._now() + dt.timedelta(days=1))

    def burst(self) -> None:
        """Somebody's script changes most of the orders there are, one by one."""
        for database in self._database():
            for order in list(database["orders"].find({}).sort("_id")):
                if self._dice.random() < 0.8:
                    self._set(database, "orders", order, notes=f"checked on {self._now():%d %b}")

    def change_schema(self) -> None:
        """From now on orders have a field more, and one of them a total that is no number."""
        self._fields = {"channel": "web", "campaign": {"name": "spring", "cost": money(Decimal("0.5"))}}
        for database in self._database():
            order = self._some(database, "orders")
            self._set(database, "orders", order, **self._fields, notes=17)

    def break_invoice(self) -> None:
        """An invoice whose total is not the sum of its lines."""
        for database in self._database():
            invoice = self._some(database, "invoices")
            self._broken = invoice["_id"], invoice["total_gross"]
            gross = Decimal(str(invoice["total_gross"])) + 100
            self._set(database, "invoices", invoice, total_gross=money(gross))

    def mend_invoice(self) -> None:
        """That invoice put right."""
        for database in self._database():
            number, total = self._broken
            self._set(database, "invoices", database["invoices"].find_one({"_id": number}) or {}, total_gross=total)

    def documents(self) -> dict[str, list[Document]]:
        """All that stands in MongoDB now."""
        for database in self._database():
            return {name: list(database[name].find({})) for name in (*EVENT, "customers", "products")}
        raise AssertionError("not reached")

    def _database(self) -> Iterator[Database[Document]]:
        with MongoClient[Document](self._uri(), tz_aware=True) as client:
            yield client[DATABASE]

    def _new_fields(self, name: str) -> Document:
        return self._fields if name == "orders" else {}

    def _settle_invoices(self, database: Database[Document], payments: list[Document]) -> None:
        """What has been paid in full is marked as paid, every second time."""
        for payment in payments[::2]:
            invoice = database["invoices"].find_one({"_id": payment["invoice_id"], "status": "open"})
            if invoice is not None:
                self._set(database, "invoices", invoice, status="paid")

    def _some(self, database: Database[Document], name: str, condition: Document | None = None) -> Document:
        return self._sample(database, name, 1, condition)[0]

    def _sample(
        self, database: Database[Document], name: str, count: int, condition: Document | None = None
    ) -> list[Document]:
        dated = {EVENT[name]: {"$ne": None}} if name in EVENT else {}
        found = list(database[name].find({**(condition or {}), **dated}).sort("_id"))
        return self._dice.sample(found, min(count, len(found)))

    def _set(self, database: Database[Document], collection: str, document: Document, /, **changes: Any) -> None:
        new = {**changes, "updated_at": self._now()}
        database[collection].update_one({"_id": document["_id"]}, {"$set": new})
        self._touch(collection, document)
        self._touch(collection, document | new)

    def _touch(self, name: str, document: Document) -> None:
        self.changes += 1
        if name not in EVENT:
            self.touched.add((name, None))
            return
        moment = document[EVENT[name]]
        day = moment.date() if moment else self._first_day
        self.touched.add((name, day if self._first_day <= day <= self._now().date() else self._first_day))


_ABROAD = {"street": "Rua Augusta 1", "postal_code": "1100-048", "city": "Lisboa", "country": "PT"}


def _in_time(documents: Iterator[tuple[str, Document]]) -> Iterator[tuple[dt.datetime, str, Document]]:
    """Each document with the moment at which it comes in, an invoice unpaid as it is then."""
    for name, document in documents:
        if name == "invoices" and document["status"] == "paid":
            document["status"] = "open"
        yield document.get(EVENT.get(name, "created_at")), name, document


def exact(value: Any) -> Decimal:
    """A number as MongoDB has it (also one that stands as text), exactly."""
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))
