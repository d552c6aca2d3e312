"""What the pages on revenue, VAT, debts and payments ask.

Belongs here: their SQL. Does not: the marts themselves, which are tables (`contracts/marts.py`).

Amounts in different currencies never add up, so every question is about one currency, or has it as a column.
"""

import datetime as dt
from collections.abc import Sequence

from fq_platform.contracts.marts import OPEN_BUCKETS
from fq_platform.dashboard.questions.question import Period, Question, among, literal, select, within

AGEING = "analytics.receivables_ageing"
BY_DAY = "analytics.revenue_by_day"
BY_CUSTOMER = "analytics.revenue_by_customer"
BY_CATEGORY = "analytics.revenue_by_category"
VAT = "analytics.vat_report"
MATCHING = "analytics.payment_matching"
RECONCILIATION = "analytics.reconciliation"
CUSTOMERS = "shared.dim_customers"

_REVENUE = """sum(revenue_amount) AS revenue_amount, sum(returned_amount) AS returned_amount,
sum(discount_amount) AS discount_amount, sum(order_count)::BIGINT AS order_count"""
_IN = "currency = {}"


def ageing(day: dt.date, currency: str, customers: Sequence[str]) -> Question:
    """What is owed on a day in each age bucket, in the order of the buckets."""
    return select(
        "age_bucket, sum(open_amount) AS open_amount, sum(invoice_count)::BIGINT AS invoice_count, "
        "count(DISTINCT customer_id) AS customer_count",
        f"{AGEING} LEFT JOIN {CUSTOMERS} USING (customer_id)",
        f"as_of_date = {literal(day)}",
        _IN.format(literal(currency)),
        among("customer_name", customers),
        group="age_bucket, bucket_number",
        order="bucket_number",
    )


def ageing_by_customer(day: dt.date, currency: str, customers: Sequence[str]) -> Question:
    """What each customer owes on a day, a column for each age bucket; who owes most comes first."""
    of_bucket = "coalesce(sum(open_amount) FILTER (age_bucket = {}), 0)::DECIMAL(38, 2) AS {}"
    by_bucket = ", ".join(of_bucket.format(literal(bucket), bucket_column(bucket)) for bucket in OPEN_BUCKETS)
    return select(
        f"coalesce(customer_name, customer_id) AS customer, sum(open_amount) AS open_amount, "
        f"sum(overdue_amount) AS overdue_amount, {by_bucket}",
        f"{AGEING} LEFT JOIN {CUSTOMERS} USING (customer_id)",
        f"as_of_date = {literal(day)}",
        _IN.format(literal(currency)),
        among("customer_name", customers),
        group="customer_id, customer_name",
        order="open_amount DESC, customer",
    )


def bucket_column(bucket: str) -> str:
    """The column that a bucket has in `ageing_by_customer`, such as `days_1_30`."""
    return "days_" + bucket.replace("-", "_").replace("+", "_more")


def revenue_by_day(period: Period | None, currency: str) -> Question:
    """Revenue of each day."""
    return select(
        f"order_date, {_REVENUE}",
        BY_DAY,
        within("order_date", period),
        _IN.format(literal(currency)),
        group="order_date",
        order="order_date",
    )


def revenue_by_customer(period: Period | None, currency: str, customers: Sequence[str]) -> Question:
    """Revenue with each customer in a period, the highest first."""
    return select(
        f"customer_name, customer_country, {_REVENUE}",
        BY_CUSTOMER,
        within("order_date", period),
        _IN.format(literal(currency)),
        among("customer_name", customers),
        group="customer_id, customer_name, customer_country",
        order="revenue_amount DESC, customer_name",
    )


def revenue_by_category(period: Period | None, currency: str) -> Question:
    """Revenue with each product category in a period, the highest first."""
    return select(
        f"product_category, {_REVENUE}",
        BY_CATEGORY,
        within("order_date", period),
        _IN.format(literal(currency)),
        group="product_category",
        order="revenue_amount DESC, product_category",
    )


def vat(period: Period | None, currency: str) -> Question:
    """VAT of each month and rate."""
    return select(
        "month, CASE WHEN is_rate_stated THEN vat_rate::VARCHAR || ' %' ELSE 'none stated' END AS rate, "
        "sum(net_amount) AS net_amount, sum(vat_amount) AS vat_amount, sum(gross_amount) AS gross_amount, "
        "sum(invoice_count)::BIGINT AS invoice_count",
        VAT,
        within("invoice_date", period),
        _IN.format(literal(currency)),
        group="month, vat_rate, is_rate_stated",
        order="month, vat_rate, is_rate_stated",
    )


def matching(period: Period | None, currency: str, customers: Sequence[str]) -> Question:
    """How many invoices and payments have come to what, and what is left of them."""
    return select(
        "match_status, count(*) AS row_count, "
        # An invoice paid in parts has a row for each, and its amounts in each of them.
        "coalesce(sum(difference_amount) FILTER (coalesce(invoice_row_number, 1) = 1), 0) AS difference_amount",
        f"{MATCHING} LEFT JOIN {CUSTOMERS} USING (customer_id)",
        within("coalesce(payment_date, invoice_date)", period),
        _IN.format(literal(currency)),
        among("customer_name", customers),
        group="match_status",
        order="row_count DESC, match_status",
    )


def matches(period: Period | None, currency: str, statuses: Sequence[str], customers: Sequence[str]) -> Question:
    """Payments beside their invoices, the latest first."""
    return select(
        "match_status, coalesce(customer_name, customer_id) AS customer, invoice_number, invoice_date, due_date, "
        "invoiced_amount, payment_number, payment_date, payment_amount, paid_amount, difference_amount",
        f"{MATCHING} LEFT JOIN {CUSTOMERS} USING (customer_id)",
        within("coalesce(payment_date, invoice_date)", period),
        _IN.format(literal(currency)),
        among("match_status", statuses),
        among("customer_name", customers),
        order="coalesce(payment_date, invoice_date) DESC, match_id",
    )


def reconciled(period: Period | None) -> Question:
    """For each pair of tables and currency: how much was compared, and what differs."""
    return select(
        "step, source_table, target_table, currency, count(*) AS day_count, "
        "sum(source_amount) AS source_amount, sum(target_amount) AS target_amount, "
        "sum(difference_amount) AS difference_amount, "
        "count(*) FILTER (difference_amount <> 0 OR difference_count <> 0) AS differing_days, "
        "count(*) FILTER (is_pending) AS pending_days",
        RECONCILIATION,
        within("reconciled_date", period),
        group="step, source_table, target_table, currency",
        order="step DESC, source_table, target_table, currency",
    )


def differences(period: Period | None) -> Question:
    """The days on which two tables do not agree, the latest first."""
    return select(
        "reconciled_date, step, source_table, target_table, currency, source_count, target_count, difference_count, "
        "source_amount, target_amount, difference_amount, is_pending",
        RECONCILIATION,
        within("reconciled_date", period),
        "(difference_amount <> 0 OR difference_count <> 0)",
        order="reconciled_date DESC, step DESC, source_table, target_table, currency",
    )
