"""One sale of the sample business: an order, perhaps its invoice, perhaps its payments.

Belongs here: how these three follow from one another, and their documents. Does not: how many sales there are and when.
"""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fq_platform.demo.sample_masters import Customer, Product
from fq_platform.demo.sample_rules import (
    DAY_MS,
    INVOICED_WITHIN_DAYS,
    MILLISECOND,
    Document,
    dice,
    has,
    money,
    object_id,
    rounded,
)

EUR_IN = {"EUR": Decimal(1), "USD": Decimal("1.10"), "GBP": Decimal("0.86")}
"""What one EUR costs in each currency that the business sells in."""

_NOTES = (
    "Leave at the door",
    "Bitte bei Müller abgeben",
    "Ring twice,\nthen wait",
    '"Fragile"; top up',
    "🎁 gift wrap",
)
_HOUR_MS = DAY_MS // 24


@dataclass(frozen=True)
class Sale:
    """An order and what followed from it until the end of the data."""

    order: Document
    invoice: Document | None
    payments: list[Document]


@dataclass(frozen=True)
class _Line:
    """One order line in exact numbers; the documents may hold some of them in another type."""

    product: Product
    quantity: int
    price: Decimal
    discount: Decimal | None
    discount_is_null: bool

    @property
    def total(self) -> Decimal:
        return rounded(self.quantity * self.price - (self.discount or 0))


def sale(
    seed: int, index: int, ordered: dt.datetime, end: dt.datetime, customer: Customer, products: Sequence[Product]
) -> Sale:
    """Make one sale.

    Args:
        seed: The seed of the data set.
        index: Zero-based number of the order.
        ordered: When it was ordered.
        end: When the data ends; what would happen then or later has not happened yet.
        customer: Who orders.
        products: What can be ordered.

    Returns:
        The order with, if they exist by then, its invoice and payments.
    """
    roll = dice(seed, "sales", index)
    lines = _lines(roll, customer, products)
    order = _order(roll, seed, index, ordered, end, customer, lines)
    if has("order cancelled", seed, index) or has("order never invoiced", seed, index):
        return Sale(order, None, [])
    longest = INVOICED_WITHIN_DAYS * DAY_MS
    invoiced = ordered + MILLISECOND * min(roll.randrange(longest), roll.randrange(longest))
    if invoiced >= end:
        return Sale(order, None, [])
    invoice, gross = _invoice(seed, index, invoiced, order, customer, lines)
    payments = _payments(roll, seed, index, end, customer, invoice, gross)
    return Sale(order, invoice, payments)


def _lines(roll: random.Random, customer: Customer, products: Sequence[Product]) -> list[_Line]:
    lines = []
    for product in roll.sample(products, roll.choices((1, 2, 3, 4, 5), (30, 30, 20, 12, 8))[0]):
        quantity = roll.randrange(1, 21) if customer.is_business else roll.randrange(1, 4)
        price = rounded(product.price * EUR_IN[customer.currency])
        discounted = roll.randrange(6) == 0
        # Tenths of a cent, so that rounding the line's total matters.
        discount = rounded(quantity * price * roll.choice((5, 10, 15)) / 100) if discounted else None
        lines.append(_Line(product, quantity, price, discount, discount_is_null=roll.randrange(5) == 0))
    return lines


def _order(
    roll: random.Random,
    seed: int,
    index: int,
    ordered: dt.datetime,
    end: dt.datetime,
    customer: Customer,
    lines: list[_Line],
) -> Document:
    status = _status(roll, seed, index, (end - ordered).days)
    pause = 0 if status == "placed" else roll.randrange(_HOUR_MS, 72 * _HOUR_MS)
    if has("order with untidy status", seed, index):
        status = roll.choice((status.upper(), f" {status.capitalize()}"))
    careless = has("order with postal code as int", seed, index)
    document: Document = {
        "_id": object_id(seed, "orders", ordered, index),
        "order_number": f"O-{index + 1:07d}",
        "customer_id": customer.id,
        "order_date": ordered,
        "status": status,
        "currency": customer.currency,
        "shipping_address": replace(customer.address, postal_code_as_int=careless).document(),
    }
    if has("order with notes", seed, index):
        document["notes"] = roll.choice(_NOTES)
    elif has("order with null notes", seed, index):
        document["notes"] = None
    document["lines"] = [_order_line(number, line) for number, line in enumerate(lines, start=1)]
    document["total"] = money(sum((line.total for line in lines), Decimal()))
    document["updated_at"] = min(ordered + MILLISECOND * pause, end - MILLISECOND)
    if has("order with quantity as double", seed, index):
        document["lines"][0]["quantity"] = float(lines[0].quantity)
    if has("order with line price as string", seed, index):
        document["lines"][-1]["unit_price"] = str(lines[-1].price)
    return document


def _status(roll: random.Random, seed: int, index: int, whole_days: int) -> str:
    """The status that an order has come to, given the whole days between it and the end of the data."""
    if has("order cancelled", seed, index):
        return "cancelled"
    if has("order returned", seed, index):
        return "returned"
    stages = ("placed", "paid", "shipped", "delivered")
    return roll.choices(
        stages, (70, 25, 5, 0) if whole_days < 1 else (5, 30, 45, 20) if whole_days < 4 else (1, 2, 7, 90)
    )[0]


def _order_line(number: int, line: _Line) -> Document:
    document: Document = {
        "line_number": number,
        "product_id": line.product.id,
        "sku": line.product.sku,
        "quantity": line.quantity,
        "unit_price": money(line.price),
    }
    if line.discount is not None:
        document["discount"] = money(line.discount)
    elif line.discount_is_null:
        document["discount"] = None
    document["line_total"] = money(line.total)
    return document


def _invoice(
    seed: int, index: int, invoiced: dt.datetime, order: Document, customer: Customer, lines: list[_Line]
) -> tuple[Document, Decimal]:
    """The invoice's document, still unpaid, and its total with VAT."""
    documents = []
    total_net = total_vat = Decimal()
    for number, line in enumerate(lines, start=1):
        vat = rounded(line.total * line.product.vat_rate / 100)
        total_net += line.total
        total_vat += vat
        documents.append(
            {
                "line_number": number,
                "description": line.product.name,
                "net": money(line.total),
                "vat_rate": money(line.product.vat_rate),
                "vat": money(vat),
                "gross": money(line.total + vat),
            }
        )
    gross = total_net + total_vat
    midnight = invoiced.replace(hour=0, minute=0, second=0, microsecond=0)
    document = {
        "_id": object_id(seed, "invoices", invoiced, index),
        "invoice_number": f"I-{index + 1:07d}",
        "order_id": order["_id"],
        "customer_id": customer.id,
        "invoice_date": invoiced,
        "due_date": midnight + dt.timedelta(days=customer.payment_terms_days),
        "currency": order["currency"],
        "status": "open",
        "lines": documents,
        "total_net": money(total_net),
        "total_vat": money(total_vat),
        "total_gross": str(gross) if has("invoice with total as string", seed, index) else money(gross),
        "updated_at": invoiced,
    }
    return document, gross


def _payments(
    roll: random.Random,
    seed: int,
    index: int,
    end: dt.datetime,
    customer: Customer,
    invoice: Document,
    gross: Decimal,
) -> list[Document]:
    """The payments that came in until the end; brings the invoice's status and time of change up to date."""
    if has("order returned", seed, index):
        invoice["status"] = "void"
        return []
    method = "bank_transfer" if customer.is_business else roll.choice(("card", "card", "direct_debit", "cash"))
    longest = 20 if customer.is_business else 5
    paid, paid_at, documents = Decimal(), invoice["invoice_date"], []
    for part, amount in enumerate(_instalments(seed, index, gross)):
        paid_at += MILLISECOND * roll.randrange(_HOUR_MS, longest * DAY_MS)
        if paid_at >= end:
            break
        paid += amount
        documents.append(_payment(seed, index, part, paid_at, method, amount, invoice))
    if documents:
        invoice["status"] = "paid" if paid >= gross else "open"
        invoice["updated_at"] = documents[-1]["payment_date"]
    return documents


def _instalments(seed: int, index: int, gross: Decimal) -> list[Decimal]:
    """The amounts that a customer pays, in their order: none, less than owed, as owed (in two), or more."""
    if has("invoice overpaid", seed, index):
        return [gross + 10]
    if has("invoice paid in two parts", seed, index):
        first = rounded(gross * Decimal("0.6"))
        return [first, gross - first]
    if has("invoice paid in part", seed, index):
        return [rounded(gross / 2)]
    return [] if has("invoice unpaid", seed, index) else [gross]


def _payment(
    seed: int, index: int, part: int, paid_at: dt.datetime, method: str, amount: Decimal, invoice: Document
) -> Document:
    document = {
        "_id": object_id(seed, "payments", paid_at, 2 * index + part),
        "payment_number": f"P-{index + 1:07d}-{part + 1}",
        "invoice_id": invoice["_id"],
        "customer_id": invoice["customer_id"],
        "payment_date": paid_at,
        "amount": money(amount),
        "currency": invoice["currency"],
        "method": method,
        "reference": invoice["invoice_number"],
        "updated_at": paid_at,
    }
    if has("payment without reference", seed, index):
        del document["reference"]
    elif has("payment with null reference", seed, index):
        document["reference"] = None
    return document
