"""What the tables must hold, computed anew in plain Python from the documents that stand in MongoDB.

Shares no code with the transforms and knows nothing of partitions, runs or history.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from fq_platform_tests.soak.shop import EVENT, exact

Rows = set[tuple[Any, ...]]
Documents = Mapping[str, list[dict[str, Any]]]
ZERO = Decimal("0.00")

COLUMNS = {
    "curated.ecommerce_db_orders_silver": ("order_id", "order_date", "status", "total_amount"),
    "curated.ecommerce_db_invoices_silver": ("invoice_id", "invoice_date", "due_date", "status", "gross_amount"),
    "curated.ecommerce_db_payments_silver": ("payment_id", "payment_date", "payment_amount"),
    "analytics.fct_orders": (
        "order_id",
        "line_number",
        "order_date",
        "customer_name",
        "customer_country",
        "product_category",
        "quantity",
        "net_sales_amount",
    ),
    "analytics.sales_summary": (
        "order_date",
        "product_category",
        "currency",
        "order_count",
        "line_count",
        "net_sales_amount",
    ),
    "analytics.accounts_receivable": (
        "as_of_date",
        "customer_id",
        "currency",
        "age_bucket",
        "invoice_count",
        "invoiced_amount",
        "paid_amount",
        "open_amount",
        "credit_amount",
    ),
}
"""The tables that are compared, by those of their columns that say what they are about."""


def expected(documents: Documents, first_day: dt.date, today: dt.date) -> dict[str, Rows]:
    """The rows of every table in `COLUMNS`.

    Args:
        documents: All documents by collection.
        first_day: The day of what has none, and the first of the receivables.
        today: The last of the receivables.
    """
    documents = {
        name: [each | {field: _owned(each[field], first_day, today)} for each in found]
        if (field := EVENT.get(name))
        else found
        for name, found in documents.items()
    }
    lines = list(_lines(documents))
    return {
        "curated.ecommerce_db_orders_silver": {
            (str(order["_id"]), order["order_date"], order["status"].strip().lower(), exact(order["total"]))
            for order in documents["orders"]
        },
        "curated.ecommerce_db_invoices_silver": {
            (
                str(invoice["_id"]),
                invoice["invoice_date"],
                invoice["due_date"].date(),
                invoice["status"],
                exact(invoice["total_gross"]),
            )
            for invoice in documents["invoices"]
        },
        "curated.ecommerce_db_payments_silver": {
            (str(payment["_id"]), payment["payment_date"], exact(payment["amount"]))
            for payment in documents["payments"]
        },
        "analytics.fct_orders": {line[:8] for line in lines},
        "analytics.sales_summary": _sales(lines),
        "analytics.accounts_receivable": _receivables(documents, first_day, today),
    }


def _owned(moment: dt.datetime | None, first_day: dt.date, today: dt.date) -> dt.date:
    """The day (UTC) of a document: the first one also owns what has none, and what lies outside of the days."""
    day = moment.date() if moment else first_day
    return day if first_day <= day <= today else first_day


def _lines(documents: Documents) -> Iterable[tuple[Any, ...]]:
    customers = {customer["_id"]: customer for customer in documents["customers"]}
    products = {product["_id"]: product for product in documents["products"]}
    for order in documents["orders"]:
        customer = customers[order["customer_id"]]
        for line in order["lines"]:
            yield (
                str(order["_id"]),
                line["line_number"],
                order["order_date"],
                customer["name"],
                customer["address"]["country"],
                products[line["product_id"]]["category"],
                Decimal(str(line["quantity"])),
                exact(line["line_total"]),
                order["currency"],
                order["status"].strip().lower(),
            )


def _sales(lines: Iterable[tuple[Any, ...]]) -> Rows:
    orders: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    amounts: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for number, _, day, _, _, category, _, amount, currency, status in lines:
        if status != "cancelled":
            key = (day, category, currency)
            orders[key].add(number)
            counts[key] += 1
            amounts[key] += amount
    return {(*key, len(orders[key]), counts[key], amounts[key]) for key in counts}


def _receivables(documents: Documents, first_day: dt.date, today: dt.date) -> Rows:
    """Every day's debts, from the whole history."""
    invoices = {(each["_id"], each["currency"]): each for each in documents["invoices"] if each["status"] != "void"}
    rows: Rows = set()
    for number in range((today - first_day).days + 1):
        day = first_day + dt.timedelta(days=number)
        paid: dict[Any, Decimal] = defaultdict(Decimal)
        loose: dict[Any, Decimal] = defaultdict(Decimal)
        for payment in documents["payments"]:
            if payment["payment_date"] > day:
                continue
            key = (payment["invoice_id"], payment["currency"])
            if key in invoices:
                paid[key] += exact(payment["amount"])
            else:
                loose[str(payment["customer_id"]), payment["currency"]] += exact(payment["amount"])
        sums: dict[Any, list[Any]] = defaultdict(lambda: [0, ZERO, ZERO, ZERO, ZERO])
        for key, invoice in invoices.items():
            who = (str(invoice["customer_id"]), invoice["currency"])
            if invoice["invoice_date"] > day:
                if key in paid:
                    loose[who] += paid[key]
                continue
            gross = exact(invoice["total_gross"])
            _add(sums[*who, _bucket(gross - paid[key], (day - invoice["due_date"].date()).days)], 1, gross, paid[key])
        for who, amount in loose.items():
            _add(sums[*who, "unallocated"], 0, ZERO, amount)
        rows |= {(day, *key, *values) for key, values in sums.items()}
    return rows


def _add(sums: list[Any], count: int, invoiced: Decimal, paid: Decimal) -> None:
    for index, value in enumerate((count, invoiced, paid, max(invoiced - paid, ZERO), max(paid - invoiced, ZERO))):
        sums[index] += value


def _bucket(open_amount: Decimal, days_late: int) -> str:
    if open_amount <= 0:
        return "settled"
    if days_late <= 0:
        return "not_due"
    return next((f"{most - 29}-{most}" for most in (30, 60, 90) if days_late <= most), "90+")
