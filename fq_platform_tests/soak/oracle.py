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
    "analytics.revenue_by_day": ("order_date", "currency", "order_count", "line_count", "revenue_amount"),
    "analytics.vat_report": ("invoice_date", "vat_rate", "currency", "invoice_count", "vat_amount", "gross_amount"),
    "analytics.payment_matching": ("invoice_id", "payment_id", "currency", "match_status", "difference_amount"),
    "analytics.reconciliation": (
        "reconciled_date",
        "target_table",
        "currency",
        "target_count",
        "target_amount",
        "difference_count",
        "difference_amount",
        "is_pending",
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
        "analytics.revenue_by_day": _revenue(lines),
        "analytics.vat_report": _vat(documents["invoices"]),
        "analytics.payment_matching": _matching(documents),
        "analytics.reconciliation": _reconciled(documents),
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


def _revenue(lines: Iterable[tuple[Any, ...]]) -> Rows:
    return {
        (*key, orders, count, amount)
        for key, orders, count, amount in _summed(
            ((day, currency), number, amount)
            for number, _, day, _, _, _, _, amount, currency, status in lines
            if status != "cancelled"
        )
    }


def _vat(invoices: Iterable[dict[str, Any]]) -> Rows:
    lines = [
        ((each["invoice_date"], exact(line["vat_rate"]), each["currency"]), each["_id"], line)
        for each in invoices
        if each["status"] != "void"
        for line in each["lines"]
    ]
    vat = {key: amount for key, _, _, amount in _summed((key, id_, exact(line["vat"])) for key, id_, line in lines)}
    gross = _summed((key, id_, exact(line["gross"])) for key, id_, line in lines)
    return {(*key, invoices_, vat[key], amount) for key, invoices_, _, amount in gross}


def _matching(documents: Documents) -> Rows:
    """Each payment with what came of its invoice, and each invoice without any."""
    invoices = {(each["_id"], each["currency"]): each for each in documents["invoices"]}
    paid: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for payment in documents["payments"]:
        paid[payment["invoice_id"], payment["currency"]].append(payment)
    known = {id_ for id_, _ in invoices}
    rows: Rows = set()
    for key, invoice in invoices.items():
        payments = paid.pop(key, [])
        is_void = invoice["status"] == "void"
        difference = sum((exact(each["amount"]) for each in payments), ZERO)
        difference -= ZERO if is_void else exact(invoice["total_gross"])
        status = "void_invoice_paid" if is_void and payments else "void" if is_void else _came_of(difference, payments)
        named: list[str | None] = [str(each["_id"]) for each in payments]
        rows |= {(str(key[0]), payment, key[1], status, difference) for payment in named or [None]}
    for (id_, currency), payments in paid.items():
        status = "other_currency" if id_ in known else "payment_without_invoice"
        invoice_id = str(id_) if id_ else None
        rows |= {(invoice_id, str(each["_id"]), currency, status, exact(each["amount"])) for each in payments}
    return rows


def _came_of(difference: Decimal, payments: list[dict[str, Any]]) -> str:
    if difference >= 0:
        return "overpaid" if difference else "matched"
    return "partly_paid" if sum(exact(each["amount"]) for each in payments) > 0 else "unpaid"


def _reconciled(documents: Documents) -> Rows:
    """What every table holds of a day is what the source holds, and nothing is late."""
    sold = [each for each in documents["orders"] if each["status"].strip().lower() != "cancelled"]
    billed = [each for each in documents["invoices"] if each["status"] != "void"]
    sides: list[tuple[str, list[dict[str, Any]], str, str]] = [
        ("curated.orders_silver", documents["orders"], "order_date", "total"),
        ("curated.invoices_silver", documents["invoices"], "invoice_date", "total_gross"),
        ("curated.payments_silver", documents["payments"], "payment_date", "amount"),
        ("analytics.sales_summary", sold, "order_date", "total"),
        ("analytics.revenue_by_day", sold, "order_date", "total"),
        ("analytics.revenue_by_customer", sold, "order_date", "total"),
        ("analytics.revenue_by_category", sold, "order_date", "total"),
        ("analytics.vat_report", billed, "invoice_date", "total_gross"),
    ]
    sums: dict[Any, list[Any]] = defaultdict(lambda: [0, ZERO])
    for table, found, event, amount in sides:
        for each in found:
            sums_of = sums[each[event], table, each["currency"]]
            sums_of[0] += 1 if table.startswith("curated.") else len(each["lines"])
            sums_of[1] += exact(each[amount])
    return {(*key, *values, 0, ZERO, False) for key, values in sums.items()}


def _summed(entries: Iterable[tuple[Any, Any, Decimal]]) -> Iterable[tuple[Any, int, int, Decimal]]:
    """Of (key, document, amount): for each key the documents, the entries and the sum."""
    found: dict[Any, list[tuple[Any, Decimal]]] = defaultdict(list)
    for key, document, amount in entries:
        found[key].append((document, amount))
    for key, of_key in found.items():
        yield key, len({document for document, _ in of_key}), len(of_key), sum((amount for _, amount in of_key), ZERO)


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
