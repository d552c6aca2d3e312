"""The contract of the reconciliation of raw, curated and marts.

Belongs here: data only. Does not: the marts (`marts.py`), or comparing them (`transforms/reconciliation.py`).
"""

from collections.abc import Iterable

from fq_platform.contracts.analytics import FINANCE
from fq_platform.contracts.curated import INVOICES_SILVER, ORDERS_SILVER
from fq_platform.contracts.model import BIGINT, BOOLEAN, DATE, MONEY, STRING, Column, Contract
from fq_platform.lakehouse.layout import Layer

RAW_TO_CURATED = "raw_to_curated"
CURATED_TO_MART = "curated_to_mart"
NO_CURRENCY = "XXX"
"""What ISO 4217 calls amounts without a currency."""


def _each(columns: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{table}.{column}" for table, column in columns)


_RAW_AMOUNTS = "raw_orders.total raw_invoices.total_gross raw_payments.amount"
_CURATED_AMOUNTS = "orders_silver.total_amount invoices_silver.gross_amount payments_silver.payment_amount"
_MART_AMOUNTS = (
    "sales_summary.net_sales_amount revenue_by_day.revenue_amount revenue_by_customer.revenue_amount "
    "revenue_by_category.revenue_amount vat_report.gross_amount"
)
_MART_COUNTS = (
    "sales_summary.line_count revenue_by_day.line_count revenue_by_customer.line_count revenue_by_category.line_count "
    "vat_report.line_count"
)
_LINES = " ".join(
    f"{contract.name}.lines.{field.name}"
    for contract in (ORDERS_SILVER, INVOICES_SILVER)
    for column in contract.columns
    for field in column.fields
)
_DATES = {
    "raw_orders": "_fq_window",
    "raw_invoices": "_fq_window",
    "raw_payments": "_fq_window",
    "orders_silver": "order_date",
    "invoices_silver": "invoice_date",
    "payments_silver": "payment_date",
    "sales_summary": "order_date",
    "revenue_by_day": "order_date",
    "revenue_by_customer": "order_date",
    "revenue_by_category": "order_date",
    "vat_report": "invoice_date",
}
"""Each table that is reconciled, and the column of its day."""

RECONCILIATION = Contract(
    layer=Layer.ANALYTICS,
    name="reconciliation",
    grain="one day, pair of tables and currency",
    description=(
        "Counts and amounts of a day on both sides of each step from raw over curated to mart. They agree to the cent, "
        "or the rows are refused; only a table that still has to follow what it is made of may differ, and is marked."
    ),
    owner=FINANCE,
    source="raw_orders",
    columns=(
        Column("reconciled_date", DATE, "Day (UTC) of the documents", _each(_DATES.items())),
        Column("step", STRING, f"`{RAW_TO_CURATED}` or `{CURATED_TO_MART}`", ""),
        Column("source_table", STRING, "The table that is taken as right, such as raw.orders", ""),
        Column("target_table", STRING, "The table that is compared with it, such as curated.orders_silver", ""),
        Column(
            "currency",
            STRING,
            f"ISO 4217 code of every amount in the row; `{NO_CURRENCY}` where the source has none",
            _each((table, "currency") for table in _DATES),
        ),
        Column("source_count", BIGINT, "On the side of the source: documents; lines where a mart counts lines", _LINES),
        Column("target_count", BIGINT, "The same on the side of the target", _MART_COUNTS),
        Column("difference_count", BIGINT, "target - source", f"{_LINES} {_MART_COUNTS}"),
        Column(
            "source_amount",
            MONEY,
            "Sum of what the documents of the source state",
            f"{_RAW_AMOUNTS} orders_silver.total_amount invoices_silver.gross_amount",
        ),
        Column("target_amount", MONEY, "The same on the side of the target", f"{_CURATED_AMOUNTS} {_MART_AMOUNTS}"),
        Column("difference_amount", MONEY, "target - source", f"{_RAW_AMOUNTS} {_CURATED_AMOUNTS} {_MART_AMOUNTS}"),
        Column(
            "is_pending", BOOLEAN, "They differ since the source has changed, and the target still has to follow", ""
        ),
    ),
    primary_key=("reconciled_date", "source_table", "target_table", "currency"),
    not_null=(
        "step",
        "source_count",
        "target_count",
        "difference_count",
        "source_amount",
        "target_amount",
        "difference_amount",
        "is_pending",
    ),
    accepted={"step": (RAW_TO_CURATED, CURATED_TO_MART)},
    partition_column="reconciled_date",
)
