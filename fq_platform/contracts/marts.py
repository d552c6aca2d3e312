"""The contracts of the accounting marts: revenue, VAT, debts by age, payments matched.

Belongs here: data only. Does not: the facts that they are made of (`analytics.py`), or what reconciles them.
"""

from dataclasses import replace

from fq_platform.contracts.analytics import (
    AGE_BUCKETS,
    FINANCE,
    NO_DUE_DATE,
    SALES,
    SETTLED,
    UNALLOCATED,
)
from fq_platform.contracts.curated import CURRENCIES
from fq_platform.contracts.model import (
    BIGINT,
    BOOLEAN,
    DATE,
    MONEY,
    QUANTITY,
    RATE,
    STRING,
    Column,
    Contract,
    Reference,
)
from fq_platform.contracts.reconciliation import RECONCILIATION
from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL
from fq_platform.lakehouse.layout import Layer

OPEN_BUCKETS = tuple(bucket for bucket in AGE_BUCKETS if bucket not in (SETTLED, UNALLOCATED))
"""The age buckets in which something can be owed, in the order in which they are read."""

MATCHED = "matched"
PARTLY_PAID = "partly_paid"
OVERPAID = "overpaid"
UNPAID = "unpaid"
VOID = "void"
VOID_INVOICE_PAID = "void_invoice_paid"
OTHER_CURRENCY = "other_currency"
WITHOUT_INVOICE = "payment_without_invoice"
MATCH_STATUSES = (
    MATCHED,
    PARTLY_PAID,
    OVERPAID,
    UNPAID,
    VOID,
    VOID_INVOICE_PAID,
    OTHER_CURRENCY,
    WITHOUT_INVOICE,
)
"""What came of an invoice, or of a payment that settles none."""

_CURRENCY = Column("currency", STRING, "ISO 4217 code of every amount in the row")
_MONTH = Column("month", DATE, "First day of the month of the order", "fct_orders.order_date")
_REVENUE = (
    Column("order_count", BIGINT, "Orders with at least one line here", "fct_orders.order_id"),
    Column("line_count", BIGINT, "Order lines", ""),
    Column("quantity", QUANTITY, "Units ordered"),
    Column("gross_sales_amount", MONEY, "Quantity x unit price, before discount and without VAT"),
    Column("discount_amount", MONEY, "Discount"),
    Column(
        "revenue_amount",
        MONEY,
        "What the order's lines state: after discount, without VAT",
        "fct_orders.net_sales_amount",
    ),
    Column(
        "returned_amount",
        MONEY,
        "The part of the revenue whose orders have come back since: subtract it for what stayed sold",
        "fct_orders.order_status fct_orders.net_sales_amount",
    ),
)
_REVENUE_RULE = "Cancelled orders count nowhere; returned ones count, and are told beside it: as in sales_summary."
_NEVER_NULL = ("month", *(column.name for column in _REVENUE))

REVENUE_BY_DAY = Contract(
    layer=Layer.ANALYTICS,
    name="revenue_by_day",
    grain="one day and currency with sales",
    description=f"Revenue per day and currency. {_REVENUE_RULE}",
    owner=FINANCE,
    source="fct_orders",
    columns=(Column("order_date", DATE, "Day (UTC) of the orders"), _MONTH, _CURRENCY, *_REVENUE),
    primary_key=("order_date", "currency"),
    not_null=_NEVER_NULL,
    accepted={"currency": CURRENCIES},
    partition_column="order_date",
)

REVENUE_BY_CUSTOMER = Contract(
    layer=Layer.ANALYTICS,
    name="revenue_by_customer",
    grain="one day, customer and currency with sales",
    description=f"Revenue per customer, day and currency; sum the days of a period. {_REVENUE_RULE}",
    owner=SALES,
    source="fct_orders",
    columns=(
        Column("order_date", DATE, "Day (UTC) of the orders"),
        _MONTH,
        Column("customer_id", STRING, f"Who ordered; `{UNKNOWN_ID}` if dim_customers does not have them"),
        Column("customer_name", STRING, "Name of the person or company"),
        Column("customer_country", STRING, "Country of the customer's address"),
        _CURRENCY,
        *_REVENUE,
    ),
    primary_key=("order_date", "customer_id", "currency"),
    not_null=("customer_name", *_NEVER_NULL),
    accepted={"currency": CURRENCIES},
    references=(Reference("customer_id", "dim_customers", "customer_id"),),
    partition_column="order_date",
)

REVENUE_BY_CATEGORY = Contract(
    layer=Layer.ANALYTICS,
    name="revenue_by_category",
    grain="one day, product category and currency with sales",
    description=f"Revenue per product category, day and currency; sum the days of a period. {_REVENUE_RULE}",
    owner=SALES,
    source="fct_orders",
    columns=(
        Column("order_date", DATE, "Day (UTC) of the orders"),
        _MONTH,
        Column("product_category", STRING, f"Category, `{UNKNOWN_LABEL}` if none"),
        _CURRENCY,
        *_REVENUE,
    ),
    primary_key=("order_date", "product_category", "currency"),
    not_null=_NEVER_NULL,
    accepted={"currency": CURRENCIES},
    partition_column="order_date",
)

VAT_REPORT = Contract(
    layer=Layer.ANALYTICS,
    name="vat_report",
    grain="one invoice day, VAT rate and currency",
    description=(
        "VAT invoiced, by rate. The report of a period is the sum of its rows: `month` is the period of each. "
        "Void invoices count nowhere; the VAT is what the invoice lines state, added up and never computed anew."
    ),
    owner=FINANCE,
    source="invoices_silver",
    columns=(
        Column("invoice_date", DATE, "Day (UTC) of the invoices"),
        Column("month", DATE, "First day of the month in which the VAT is due", "invoices_silver.invoice_date"),
        Column("vat_rate", RATE, "VAT in percent; 0 where the source states none", "invoices_silver.lines.vat_rate"),
        Column("is_rate_stated", BOOLEAN, "The source states a rate", "invoices_silver.lines.vat_rate"),
        _CURRENCY,
        Column("invoice_count", BIGINT, "Invoices with at least one line of the rate", "invoices_silver.invoice_id"),
        Column("line_count", BIGINT, "Invoice lines", ""),
        Column("net_amount", MONEY, "Without VAT", "invoices_silver.lines.net_amount"),
        Column("vat_amount", MONEY, "VAT", "invoices_silver.lines.vat_amount"),
        Column("gross_amount", MONEY, "With VAT", "invoices_silver.lines.gross_amount"),
    ),
    primary_key=("invoice_date", "vat_rate", "is_rate_stated", "currency"),
    not_null=("month", "invoice_count", "line_count", "net_amount", "vat_amount", "gross_amount"),
    accepted={"currency": CURRENCIES},
    partition_column="invoice_date",
)

RECEIVABLES_AGEING = Contract(
    layer=Layer.ANALYTICS,
    name="receivables_ageing",
    grain="one customer, currency and age bucket with something owed on one day",
    description=(
        "What customers owe at the end of each day by how long it is overdue. Void invoices and settled ones are left "
        "out, and credit is not netted; accounts_receivable has them."
    ),
    owner=FINANCE,
    source="accounts_receivable",
    columns=(
        Column("as_of_date", DATE, "The row says how things stood at the end of this day (UTC)"),
        Column("customer_id", STRING, f"Who owes; `{UNKNOWN_ID}` where the source names nobody"),
        _CURRENCY,
        Column("age_bucket", STRING, f"Days past due; `{NO_DUE_DATE}` where the invoice has no due date"),
        Column(
            "bucket_number",
            BIGINT,
            f"Position of the bucket, from 1 ({OPEN_BUCKETS[0]}) to {len(OPEN_BUCKETS)} ({OPEN_BUCKETS[-1]})",
            "accounts_receivable.age_bucket",
        ),
        Column("invoice_count", BIGINT, "Invoices that are not settled"),
        Column("open_amount", MONEY, "What is still owed on them"),
        Column(
            "overdue_amount",
            MONEY,
            "The same where it is past due, else 0",
            "accounts_receivable.age_bucket accounts_receivable.open_amount",
        ),
    ),
    primary_key=("as_of_date", "customer_id", "currency", "age_bucket"),
    not_null=("bucket_number", "invoice_count", "open_amount", "overdue_amount"),
    accepted={"age_bucket": OPEN_BUCKETS, "currency": CURRENCIES},
    references=(Reference("customer_id", "dim_customers", "customer_id"),),
    partition_column="as_of_date",
)

_INVOICE = "invoices_silver"
_PAYMENT = "payments_silver"
_INVOICED = f"{_INVOICE}.invoice_id {_INVOICE}.status {_INVOICE}.gross_amount"
_PAID_ON_IT = f"{_INVOICE}.invoice_id {_PAYMENT}.payment_amount"

PAYMENT_MATCHING = Contract(
    layer=Layer.ANALYTICS,
    name="payment_matching",
    grain="one payment, or one invoice without any",
    description=(
        "Each payment beside the invoice that it names, and what is left of either, as of now. An invoice paid in two "
        "parts has two rows: where its amounts are summed, take those with invoice_row_number 1."
    ),
    owner=FINANCE,
    source=_PAYMENT,
    columns=(
        Column(
            "match_id",
            STRING,
            "The payment's id after `payment-`, or the invoice's after `invoice-` if it has no payment",
            f"{_INVOICE}.invoice_id {_PAYMENT}.payment_id",
        ),
        Column(
            "match_status",
            STRING,
            "What came of the invoice with all its payments, or why the payment settles none",
            f"{_INVOICED} {_PAYMENT}.payment_id {_PAYMENT}.payment_amount",
        ),
        Column(
            "customer_id",
            STRING,
            f"Who owes the invoice, else who paid; `{UNKNOWN_ID}` where the source names nobody",
            f"{_INVOICE}.customer_id {_PAYMENT}.customer_id",
        ),
        replace(_CURRENCY, sources=f"{_INVOICE}.currency {_PAYMENT}.currency"),
        Column(
            "invoice_id",
            STRING,
            "The invoice, or what the payment names in its place",
            f"{_INVOICE}.invoice_id {_PAYMENT}.invoice_id",
        ),
        Column(
            "invoice_number",
            STRING,
            "Number shown to the customer; null without an invoice",
            f"{_INVOICE}.invoice_number",
        ),
        Column("invoice_date", DATE, "Day (UTC) of the invoice", f"{_INVOICE}.invoice_date"),
        Column("due_date", DATE, "Last day (UTC) on which it is not overdue", f"{_INVOICE}.due_date"),
        Column("invoice_status", STRING, "open, paid or void, as the source states it", f"{_INVOICE}.status"),
        Column(
            "invoice_row_number",
            BIGINT,
            "Position of the row among those of its invoice, by payment date; null without an invoice",
            f"{_INVOICE}.invoice_id",
        ),
        Column("payment_id", STRING, "The payment; null if there is none"),
        Column("payment_number", STRING, "Number of the payment"),
        Column("payment_date", DATE, "Day (UTC) of the payment"),
        Column("payment_amount", MONEY, "What this payment brought; 0 without one"),
        Column(
            "invoiced_amount",
            MONEY,
            "What the invoice asks for, with VAT; 0 where the payment settles none and for void ones",
            _INVOICED,
        ),
        Column(
            "paid_amount",
            MONEY,
            "What all payments of the invoice brought together; without one, this one",
            _PAID_ON_IT,
        ),
        Column(
            "difference_amount",
            MONEY,
            "paid - invoiced: negative is owed, positive is credit",
            f"{_INVOICED} {_PAYMENT}.payment_amount",
        ),
    ),
    primary_key=("match_id",),
    not_null=(
        "match_status",
        "customer_id",
        "currency",
        "payment_amount",
        "invoiced_amount",
        "paid_amount",
        "difference_amount",
    ),
    accepted={"match_status": MATCH_STATUSES, "currency": CURRENCIES},
    references=(Reference("customer_id", "dim_customers", "customer_id"),),
)

MARTS = (
    REVENUE_BY_DAY,
    REVENUE_BY_CUSTOMER,
    REVENUE_BY_CATEGORY,
    VAT_REPORT,
    RECEIVABLES_AGEING,
    PAYMENT_MATCHING,
    RECONCILIATION,
)
"""The accounting marts, in the order in which data flows."""
