"""The contracts of the analytics layer: facts and the summaries made of them.

Belongs here: data only. Does not: the types that contracts are written in (`model.py`).
"""

from dataclasses import replace

from fq_platform.contracts.curated import CURRENCIES, CUSTOMER_KINDS, ORDER_STATUSES
from fq_platform.contracts.model import (
    BIGINT,
    BOOLEAN,
    DATE,
    MONEY,
    QUANTITY,
    STRING,
    TIMESTAMP,
    Column,
    Contract,
    Reference,
)
from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL
from fq_platform.lakehouse.layout import Layer

SALES = "team:sales"
FINANCE = "team:finance"
"""Who answers for a table here."""

NOT_DUE = "not_due"
NO_DUE_DATE = "no_due_date"
SETTLED = "settled"
UNALLOCATED = "unallocated"
OVER_90 = "90+"
AGE_BUCKETS = (NOT_DUE, "1-30", "31-60", "61-90", OVER_90, NO_DUE_DATE, SETTLED, UNALLOCATED)
"""Where an invoice stands by days past due, and money that no invoice claims."""

_CURRENCY = Column("currency", STRING, "ISO 4217 code of every amount in the row")
_SALES = (
    Column("quantity", QUANTITY, "Units ordered"),
    Column("gross_sales_amount", MONEY, "Quantity x unit price, before discount and without VAT"),
    Column("discount_amount", MONEY, "Discount"),
    Column("net_sales_amount", MONEY, "What the order's lines state: after discount, without VAT"),
)

_OF_LINES = (
    "orders_silver.lines.quantity",
    "orders_silver.lines.quantity orders_silver.lines.unit_price",
    "orders_silver.lines.discount_amount",
    "orders_silver.lines.line_amount",
)
"""What `_SALES` are made of where they are not summed yet."""

FCT_ORDERS = Contract(
    layer=Layer.ANALYTICS,
    name="fct_orders",
    grain="one line of one order",
    description="Order lines with the attributes of product and customer. Cancelled orders are kept and flagged.",
    owner=SALES,
    source="orders_silver",
    columns=(
        Column("order_id", STRING, "Id of the order"),
        Column("line_number", BIGINT, "Number of the line in the order", "orders_silver.lines.line_number"),
        Column("order_number", STRING, "Number shown to the customer"),
        Column("order_date", DATE, "Day (UTC) of the order"),
        Column("ordered_at", TIMESTAMP, "When it was ordered, UTC"),
        Column("order_status", STRING, "Where the order stands", "orders_silver.status"),
        Column("is_cancelled", BOOLEAN, "The order was cancelled: leave it out of sales", "orders_silver.status"),
        Column(
            "customer_id",
            STRING,
            f"Who ordered; `{UNKNOWN_ID}` if dim_customers does not have them",
            "dim_customers.customer_id",
        ),
        Column("customer_name", STRING, "Name of the person or company", "dim_customers.customer_name"),
        Column("customer_kind", STRING, "business, consumer or unknown", "dim_customers.customer_kind"),
        Column("customer_country", STRING, "Country of the customer's address", "dim_customers.country"),
        Column("shipping_country", STRING, "Country of the order's shipping address"),
        Column(
            "product_id",
            STRING,
            f"What was ordered; `{UNKNOWN_ID}` if dim_products does not have it",
            "dim_products.product_id",
        ),
        Column("sku", STRING, "Stock keeping unit as ordered", "orders_silver.lines.sku dim_products.sku"),
        Column("product_name", STRING, "Name of the product", "dim_products.product_name"),
        Column(
            "product_category",
            STRING,
            f"Category of the product, `{UNKNOWN_LABEL}` if none",
            "dim_products.product_category",
        ),
        _CURRENCY,
        Column("unit_price", MONEY, "Price of one unit before discount, without VAT", "orders_silver.lines.unit_price"),
        *(replace(column, sources=sources) for column, sources in zip(_SALES, _OF_LINES, strict=True)),
    ),
    primary_key=("order_id", "line_number"),
    not_null=(
        "order_date",
        "order_status",
        "is_cancelled",
        "customer_id",
        "product_id",
        "product_category",
        "currency",
        "quantity",
        "gross_sales_amount",
        "discount_amount",
        "net_sales_amount",
    ),
    accepted={
        "order_status": ORDER_STATUSES,
        "customer_kind": (*CUSTOMER_KINDS, UNKNOWN_ID),
        "currency": CURRENCIES,
    },
    references=(
        Reference("customer_id", "dim_customers", "customer_id"),
        Reference("product_id", "dim_products", "product_id"),
    ),
    partition_column="order_date",
)

SALES_SUMMARY = Contract(
    layer=Layer.ANALYTICS,
    name="sales_summary",
    grain="one day, product category and currency with sales",
    description="Sales per day, product category and currency, without cancelled orders.",
    owner=SALES,
    source="fct_orders",
    columns=(
        Column("order_date", DATE, "Day (UTC)"),
        Column("product_category", STRING, f"Category, `{UNKNOWN_LABEL}` if none"),
        _CURRENCY,
        Column("order_count", BIGINT, "Orders with at least one line in the category", "fct_orders.order_id"),
        Column("line_count", BIGINT, "Order lines", ""),
        *_SALES,
    ),
    primary_key=("order_date", "product_category", "currency"),
    not_null=("order_count", "line_count", *(column.name for column in _SALES)),
    accepted={"currency": CURRENCIES},
    partition_column="order_date",
)

_INVOICED = "invoices_silver.gross_amount"
_BALANCE = f"{_INVOICED} payments_silver.payment_amount"

ACCOUNTS_RECEIVABLE = Contract(
    layer=Layer.ANALYTICS,
    name="accounts_receivable",
    grain="one customer, currency and age bucket on one day",
    description=(
        "What customers owe at the end of each day by age. In every row invoiced - paid = open - credit; "
        "void invoices are left out, and money beyond an invoice is credit, never netted against another invoice."
    ),
    owner=FINANCE,
    source="invoices_silver",
    columns=(
        Column("as_of_date", DATE, "The row says how things stood at the end of this day (UTC)", ""),
        Column(
            "customer_id",
            STRING,
            f"Who owes; `{UNKNOWN_ID}` where the source names nobody",
            "invoices_silver.customer_id payments_silver.customer_id",
        ),
        replace(_CURRENCY, sources="invoices_silver.currency payments_silver.currency"),
        Column(
            "age_bucket",
            STRING,
            "Days past due of the open invoices, or settled, or unallocated money",
            f"invoices_silver.due_date {_BALANCE}",
        ),
        Column("invoice_count", BIGINT, "Invoices issued so far that are in the bucket", ""),
        Column("invoiced_amount", MONEY, "What those invoices ask for, with VAT", _INVOICED),
        Column("paid_amount", MONEY, "What has been paid on them so far", "payments_silver.payment_amount"),
        Column("open_amount", MONEY, "What is still owed on them", _BALANCE),
        Column("credit_amount", MONEY, "What was paid beyond what is owed", _BALANCE),
    ),
    primary_key=("as_of_date", "customer_id", "currency", "age_bucket"),
    not_null=("invoice_count", "invoiced_amount", "paid_amount", "open_amount", "credit_amount"),
    accepted={"age_bucket": AGE_BUCKETS, "currency": CURRENCIES},
    references=(Reference("customer_id", "dim_customers", "customer_id"),),
    partition_column="as_of_date",
)
