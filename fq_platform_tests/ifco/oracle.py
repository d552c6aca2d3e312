"""The IFCO analyses computed a second time, from the files and in plain Python: nothing of the platform, no Spark.

Belongs here: what each analysis means, as short as it can be said. Does not: what files are expected to give.
"""

import csv
import datetime as dt
import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

Rows = list[tuple[Any, ...]]

SHARES = (Fraction(6, 100), Fraction(25, 1000), Fraction(95, 10000))
"""Of the net value, to the first, second and third owner of an order."""
LEGAL_FORMS = {"co", "gmbh", "inc", "ltd"}
"""As far as the files have any."""


@dataclass(frozen=True)
class Order:
    """A row of orders.csv."""

    order_id: str
    day: dt.date
    company_id: str
    company_name: str
    crate_type: str
    contact: dict[str, Any]
    owners: list[str]


@dataclass(frozen=True)
class Company:
    """What several ids and spellings stand for."""

    company_id: str
    name: str


class Oracle:
    """The analyses of a folder's files.

    Args:
        folder: Where orders.csv and invoicing_data.json lie.
        today: The day of evaluation; None is that of the last order.
    """

    def __init__(self, folder: Path, today: dt.date | None = None) -> None:
        with (folder / "orders.csv").open(encoding="utf-8", newline="") as file:
            self.orders = [_order(row) for row in csv.DictReader(file, delimiter=";")]
        content = json.loads((folder / "invoicing_data.json").read_text(encoding="utf-8"))
        self.invoices: list[dict[str, str]] = content["data"]["invoices"]
        self.today = today or max(order.day for order in self.orders)
        self.recent = [order for order in self.orders if order.day <= self.today]

    @cached_property
    def companies(self) -> dict[str, Company]:
        """Every id to its company: ids with a spelling in common, legal forms, case and punctuation aside, are one.

        The id of the earliest order stands for it, and the spelling of most orders, of equals the earliest.
        """
        groups: dict[str, list[Order]] = {}
        for order in sorted(self.orders, key=lambda order: order.day):
            groups.setdefault(_bare(order.company_name), []).append(order)
        found: dict[str, Company] = {}
        for orders in groups.values():
            # Counters and dictionaries keep the order in which they first met something.
            ((name, _),) = Counter(order.company_name for order in orders).most_common(1)
            found |= {order.company_id: Company(orders[0].company_id, name) for order in orders}
        return found

    def company(self, order: Order) -> Company:
        """The company of an order."""
        return self.companies[order.company_id]

    def ifco_crate_distribution(self) -> Rows:
        """company_id, company_name, crate_type, order_count."""
        counts = Counter((self.company(order), order.crate_type) for order in self.orders)
        return [(company.company_id, company.name, crate, count) for (company, crate), count in counts.items()]

    def ifco_order_contacts(self) -> Rows:
        """order_id, contact_full_name."""
        names = ((order.order_id, order.contact) for order in self.orders)
        return [(key, f"{who['contact_name']} {who['contact_surname']}" if who else "John Doe") for key, who in names]

    def ifco_order_addresses(self) -> Rows:
        """order_id, contact_address."""
        places = ((order.order_id, order.contact) for order in self.orders)
        return [(key, f"{place.get('city', 'Unknown')}, {place.get('cp', 'UNK00')}") for key, place in places]

    def ifco_commissions(self) -> Rows:
        """rank, sales_owner, commission."""
        owners = {order.order_id: order.owners for order in self.orders}
        earned: Counter[str] = Counter()  # of fractions, so that nothing is rounded before the end
        for invoice in self.invoices:
            net = Fraction(invoice["grossValue"]) / 100 / (1 + Fraction(invoice["vat"]) / 100)
            for owner, share in zip(owners[invoice["orderId"]], SHARES, strict=False):
                earned[owner] += net * share  # type: ignore[assignment]
        rounded = [(owner, _rounded(Fraction(amount), 2)) for owner, amount in earned.items()]
        rounded.sort(key=lambda pair: (-pair[1], pair[0]))
        return [(rank, owner, amount) for rank, (owner, amount) in enumerate(rounded, 1)]

    def ifco_company_salesowners(self) -> Rows:
        """company_id, company_name, list_salesowners."""
        lists: dict[Company, set[str]] = {}
        for order in self.orders:
            lists.setdefault(self.company(order), set()).update(order.owners)
        return [(company.company_id, company.name, ", ".join(sorted(names))) for company, names in lists.items()]

    def ifco_crate_orders_by_month(self) -> Rows:
        """month, crate_type, order_count, share."""
        counts = Counter((_month(order.day), order.crate_type) for order in self.recent)
        months, crates = _months(min(order.day for order in self.recent), self.today), {key[1] for key in counts}
        rows: Rows = []
        for month in months:
            total = sum(counts[month, crate] for crate in crates)
            for crate in sorted(crates):
                share = _rounded(Fraction(counts[month, crate], total), 4) if total else None
                rows.append((month, crate, counts[month, crate], share))
        return rows

    def ifco_owner_training(self) -> Rows:
        """rank, sales_owner, plastic_orders, orders, plastic_share, as_of_date."""
        year_before = self.today.replace(year=self.today.year - 1)
        counted = [order for order in self.recent if order.day > year_before]
        rows = []
        for owner in {owner for order in self.recent for owner in order.owners}:
            own = [order for order in counted if owner in order.owners]
            plastic = sum(order.crate_type == "Plastic" for order in own)
            rows.append((owner, plastic, len(own), _rounded(Fraction(plastic, len(own)), 4) if own else None))
        rows.sort(key=lambda row: (row[1], row[3] is None, row[3] or 0, row[0]))
        return [(rank, *row, self.today) for rank, row in enumerate(rows, 1)]

    def ifco_top_owners_by_month(self) -> Rows:
        """month, rank, sales_owner, plastic_orders."""
        plastic = [order for order in self.recent if order.crate_type == "Plastic"]
        months = _months(min(order.day for order in self.recent), self.today)
        rows: Rows = []
        for position, month in enumerate(months):
            three = set(months[max(0, position - 2) : position + 1])
            sold = Counter(owner for order in plastic if _month(order.day) in three for owner in order.owners)
            best = sorted(sold, key=lambda owner: (-sold[owner], owner))[:5]
            rows += [(month, rank, owner, sold[owner]) for rank, owner in enumerate(best, 1)]
        return rows


ANALYSES = tuple(name for name in vars(Oracle) if name.startswith("ifco_"))
"""Their tables."""


def _order(row: dict[str, str]) -> Order:
    return Order(
        row["order_id"],
        dt.datetime.strptime(row["date"], "%d.%m.%y").date(),
        row["company_id"],
        " ".join(row["company_name"].split()),
        row["crate_type"],
        _contact(row["contact_data"]),
        row["salesowners"].split(", "),
    )


def _contact(text: str) -> dict[str, Any]:
    """An array of one or the bare object, of which one lacks its bracket; nothing if there is none."""
    if not text:
        return {}
    found: Any = json.loads(text + "]" * (text.startswith("[") and not text.endswith("]")))
    contact: dict[str, Any] = found[0] if isinstance(found, list) else found
    return contact


def _bare(name: str) -> str:
    """A company's name without what does not tell companies apart."""
    words = re.sub(r"[^\w\s]", "", name.lower()).split()
    return " ".join(word for word in words if word not in LEGAL_FORMS)


def _rounded(value: Fraction, digits: int) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _month(day: dt.date) -> dt.date:
    return day.replace(day=1)


def _months(first: dt.date, last: dt.date) -> list[dt.date]:
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [dt.date(number // 12, number % 12 + 1, 1) for number in numbers]
