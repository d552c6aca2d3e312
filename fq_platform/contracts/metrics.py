"""What each measure of the analytics layer is: its formula, its unit, and over what it may be added up.

Belongs here: data only; a test holds it to the contracts, which say what a column holds and who owns it. Does not: the
page made of it (`metrics_page.py`).
"""

from dataclasses import dataclass

AMOUNT = "currency of the row"
EUROS = "EUR"
ORDERS = "orders"
INVOICES = "invoices"
LINES = "lines"
UNITS = "units"
PART = "part of 1"

ALL = "everything"
WITHIN_CURRENCY = "everything but currencies"
NOTHING = "nothing"

ORDINALS = frozenset({"line_number", "bucket_number", "invoice_row_number", "position", "rank"})
"""Numbers that say which, not how much."""
ATTRIBUTES = frozenset({"vat_rate"})
"""Numbers that a row is about."""


@dataclass(frozen=True)
class Metric:
    """One measure.

    Args:
        formula: How it is computed, in SQL with words where SQL would be long; columns are those of the tables that
            the column's contract names as its sources.
        unit: What is counted, or the currency.
        adds_up: Over what its rows may be summed, so that the sum means something.
    """

    formula: str
    unit: str
    adds_up: str


_SOLD = "where not is_cancelled"
_PER_LINE = {
    "unit_price": Metric("the line's unit_price", AMOUNT, NOTHING),
    "quantity": Metric("the line's quantity", UNITS, "the lines of one product"),
    "gross_sales_amount": Metric("quantity * unit_price, rounded half up", AMOUNT, WITHIN_CURRENCY),
    "discount_amount": Metric("the line's discount, 0 if none", AMOUNT, WITHIN_CURRENCY),
    "net_sales_amount": Metric("the line's line_amount, as the source states it", AMOUNT, WITHIN_CURRENCY),
}


def _sales(net: str, counted: str) -> dict[str, Metric]:
    """The measures of any grouping of order lines; `counted` says over what orders may be added up."""
    return {
        "order_count": Metric(f"count(distinct order_id) {_SOLD}", ORDERS, counted),
        "line_count": Metric(f"count(*) {_SOLD}", LINES, ALL),
        "quantity": Metric(f"sum(quantity) {_SOLD}", UNITS, ALL),
        "gross_sales_amount": Metric(f"sum(gross_sales_amount) {_SOLD}", AMOUNT, WITHIN_CURRENCY),
        "discount_amount": Metric(f"sum(discount_amount) {_SOLD}", AMOUNT, WITHIN_CURRENCY),
        net: Metric(f"sum(net_sales_amount) {_SOLD}", AMOUNT, WITHIN_CURRENCY),
    }


def _revenue(counted: str) -> dict[str, Metric]:
    returned = f"sum(net_sales_amount) {_SOLD} and order_status = 'returned'"
    return _sales("revenue_amount", counted) | {"returned_amount": Metric(returned, AMOUNT, WITHIN_CURRENCY)}


_ONCE_A_DAY = "days, customers, currencies"
_ONCE_A_CATEGORY = "days, currencies; not categories: an order can have several"
_AS_OF = "customers, buckets; not days: each day tells the whole"
_NOT_VOID = "where the invoice is not void"

METRICS: dict[str, dict[str, Metric]] = {
    "fct_orders": _PER_LINE,
    "sales_summary": _sales("net_sales_amount", _ONCE_A_CATEGORY),
    "accounts_receivable": {
        "invoice_count": Metric("count(*) of invoices not void, issued by as_of_date", INVOICES, _AS_OF),
        "invoiced_amount": Metric("sum(gross_amount) of those invoices", AMOUNT, _AS_OF),
        "paid_amount": Metric(
            "sum(payment_amount) paid on them by as_of_date; in unallocated, what no invoice claims", AMOUNT, _AS_OF
        ),
        "open_amount": Metric("sum(greatest(invoiced - paid, 0)), invoice by invoice", AMOUNT, _AS_OF),
        "credit_amount": Metric("sum(greatest(paid - invoiced, 0)), invoice by invoice", AMOUNT, _AS_OF),
    },
    "revenue_by_day": _revenue("days, currencies"),
    "revenue_by_customer": _revenue(_ONCE_A_DAY),
    "revenue_by_category": _revenue(_ONCE_A_CATEGORY),
    "vat_report": {
        "invoice_count": Metric(
            f"count(distinct invoice_id) {_NOT_VOID}",
            INVOICES,
            "days, currencies; not rates: an invoice can have several",
        ),
        "line_count": Metric(f"count(*) of invoice lines {_NOT_VOID}", LINES, ALL),
        "net_amount": Metric(f"sum(lines.net_amount) {_NOT_VOID}", AMOUNT, WITHIN_CURRENCY),
        "vat_amount": Metric(f"sum(lines.vat_amount) {_NOT_VOID}; never computed anew", AMOUNT, WITHIN_CURRENCY),
        "gross_amount": Metric(f"sum(lines.gross_amount) {_NOT_VOID}", AMOUNT, WITHIN_CURRENCY),
    },
    "receivables_ageing": {
        "invoice_count": Metric("accounts_receivable.invoice_count where open_amount > 0", INVOICES, _AS_OF),
        "open_amount": Metric("accounts_receivable.open_amount where it is > 0", AMOUNT, _AS_OF),
        "overdue_amount": Metric("open_amount, but 0 if not due or without a due date", AMOUNT, _AS_OF),
    },
    "payment_matching": {
        "payment_amount": Metric("the payment's amount, 0 without one", AMOUNT, WITHIN_CURRENCY),
        "invoiced_amount": Metric(
            "the invoice's gross_amount, 0 if void or none", AMOUNT, "rows with invoice_row_number 1 of one currency"
        ),
        "paid_amount": Metric(
            "sum(payment_amount) of the invoice; the payment's own without one",
            AMOUNT,
            "rows with invoice_row_number 1 or null of one currency",
        ),
        "difference_amount": Metric(
            "paid_amount - invoiced_amount", AMOUNT, "rows with invoice_row_number 1 or null of one currency"
        ),
    },
    "reconciliation": {
        "source_count": Metric("documents, or lines, of the day in source_table", "documents or lines", "days"),
        "target_count": Metric("the same in target_table", "documents or lines", "days"),
        "difference_count": Metric("target_count - source_count", "documents or lines", "days"),
        "source_amount": Metric("sum of the amounts of the day in source_table", AMOUNT, "days"),
        "target_amount": Metric("the same in target_table", AMOUNT, "days"),
        "difference_amount": Metric("target_amount - source_amount", AMOUNT, "days"),
    },
    "fct_ifco_invoices": {
        "gross_value": Metric("cents of the source / 100", EUROS, ALL),
        "net_value": Metric("gross_value / (1 + vat_rate / 100), 12 decimal places", EUROS, f"{ALL}; round the sum"),
    },
    "invoices": {
        "gross_value": Metric("fct_ifco_invoices.gross_value", EUROS, ALL),
        "net_value": Metric(
            "round(fct_ifco_invoices.net_value, 2)", EUROS, "nothing; add up fct_ifco_invoices.net_value, then round"
        ),
    },
    "orders_vw": {
        "owner_count": Metric("size(salesowners)", "sales owners", NOTHING),
        "invoice_count": Metric("count(invoice_id) of the order", INVOICES, ALL),
        "gross_value": Metric("sum(gross_value) of the order's invoices, 0 if none", EUROS, ALL),
        "net_value": Metric(
            "round(sum(net_value) of the order's invoices, 2), 0 if none",
            EUROS,
            "nothing; add up fct_ifco_invoices.net_value, then round",
        ),
    },
    "sales_owner_commission_vw": {
        "commission": Metric(
            "round(sum(net_value * rate), 2) over the invoices of their orders; rate: 6 % in position 1, 2.5 % in 2, "
            "0.95 % in 3, else 0",
            EUROS,
            "sales owners",
        ),
        "order_count": Metric("count(distinct order_id) of invoiced orders with a rate > 0", ORDERS, NOTHING),
    },
    "ifco_commissions": {"commission": Metric("sales_owner_commission_vw.commission", EUROS, "sales owners")},
    "ifco_crate_distribution": {"order_count": Metric("count(*) of orders", ORDERS, ALL)},
    "ifco_crate_orders_by_month": {
        "order_count": Metric("count(*) of orders up to today", ORDERS, ALL),
        "share": Metric("order_count / all orders of the month, 4 decimal places", PART, "the crate types of a month"),
    },
    "ifco_owner_training": {
        "plastic_orders": Metric("count(*) of orders in plastic crates in the 12 months up to today", ORDERS, NOTHING),
        "orders": Metric("count(*) of orders in the 12 months up to today", ORDERS, NOTHING),
        "plastic_share": Metric("plastic_orders / orders, 4 decimal places", PART, NOTHING),
    },
    "ifco_top_owners_by_month": {
        "plastic_orders": Metric(
            "count(*) of orders in plastic crates in the month and the two before it", ORDERS, NOTHING
        )
    },
}
"""Table (the contract's name) -> column -> what it is; in the order of the page."""
