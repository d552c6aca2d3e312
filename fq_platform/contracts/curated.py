"""The contracts of the curated layer: one table per collection, cleaned and typed.

Belongs here: data only. Does not: the types that contracts are written in (`model.py`).
"""

from fq_platform.contracts.model import (
    BIGINT,
    DATE,
    EVERYTHING,
    MONEY,
    QUANTITY,
    RATE,
    STRING,
    STRINGS,
    TIMESTAMP,
    Column,
    Contract,
    Reference,
    lines,
)
from fq_platform.lakehouse.layout import Layer

OWNER = "team:data-platform"
"""Who answers for what is made of a source alone."""

CURRENCIES = ("EUR", "GBP", "USD")
ORDER_STATUSES = ("placed", "paid", "shipped", "delivered", "cancelled", "returned")
CUSTOMER_KINDS = ("business", "consumer")

_CURRENCY = Column("currency", STRING, "ISO 4217 code of every amount in the row")
_UPDATED_AT = Column("updated_at", TIMESTAMP, "Last change in the source, UTC")
DATA_ISSUES = Column(
    "data_issues",
    STRINGS,
    "Source values that could not be kept as they are, `<path>: <problem>`; empty if none",
    EVERYTHING,
)

ORDERS_SILVER = Contract(
    layer=Layer.CURATED,
    name="orders_silver",
    grain="one live order",
    description="Orders in their latest version, cleaned and typed, with their lines.",
    owner=OWNER,
    source="orders",
    columns=(
        Column("order_id", STRING, "Identifier of the source document", "orders._id"),
        Column("order_number", STRING, "Number shown to the customer"),
        Column("customer_id", STRING, "Who ordered"),
        Column(
            "order_date", DATE, "Day (UTC) of the window that owns the order", "orders._fq_window orders.order_date"
        ),
        Column("ordered_at", TIMESTAMP, "When it was ordered, UTC", "orders.order_date"),
        Column("status", STRING, "Where the order stands, lower case"),
        _CURRENCY,
        Column("shipping_street", STRING, "Street and house number", "orders.shipping_address.street"),
        Column(
            "shipping_postal_code", STRING, "Postal code as the source has it", "orders.shipping_address.postal_code"
        ),
        Column("shipping_city", STRING, "City", "orders.shipping_address.city"),
        Column("shipping_country", STRING, "ISO 3166 code of two letters", "orders.shipping_address.country"),
        Column("notes", STRING, "Free text"),
        lines(
            "The order's lines, in the source's order",
            Column("line_number", BIGINT, "Number of the line; its position from 1 where the source has none"),
            Column("product_id", STRING, "What was ordered"),
            Column("sku", STRING, "Stock keeping unit as ordered"),
            Column("quantity", QUANTITY, "Units ordered"),
            Column("unit_price", MONEY, "Price of one unit before discount, without VAT"),
            Column("discount_amount", MONEY, "Discount on the line, 0 if none", "orders.lines.discount"),
            Column(
                "line_amount",
                MONEY,
                "Quantity x unit price - discount, as the source states it",
                "orders.lines.line_total",
            ),
        ),
        Column("total_amount", MONEY, "The order's total as the source states it, without VAT", "orders.total"),
        _UPDATED_AT,
        DATA_ISSUES,
    ),
    primary_key=("order_id",),
    not_null=("order_date", "status", "currency", "lines", "data_issues"),
    accepted={"status": ORDER_STATUSES, "currency": CURRENCIES},
    references=(
        Reference("customer_id", "customers_silver", "customer_id"),
        Reference("lines.product_id", "dim_products", "product_id"),
    ),
    partition_column="order_date",
)

CUSTOMERS_SILVER = Contract(
    layer=Layer.CURATED,
    name="customers_silver",
    grain="one live customer",
    description="Customers in their latest version, cleaned and typed. Holds personal data.",
    owner=OWNER,
    source="customers",
    columns=(
        Column("customer_id", STRING, "Identifier of the source document", "customers._id"),
        Column("customer_number", STRING, "Number shown to the customer"),
        Column("customer_name", STRING, "Name of the person or company", "customers.name"),
        Column("email", STRING, "E-mail address, lower case"),
        Column("phone", STRING, "Telephone number as the source has it"),
        Column("customer_kind", STRING, "business or consumer", "customers.kind"),
        Column("vat_id", STRING, "VAT identification number of a business"),
        Column("street", STRING, "Street and house number", "customers.address.street"),
        Column("postal_code", STRING, "Postal code as the source has it", "customers.address.postal_code"),
        Column("city", STRING, "City", "customers.address.city"),
        Column("country", STRING, "ISO 3166 code of two letters", "customers.address.country"),
        Column("payment_terms_days", BIGINT, "Days from invoice to due date"),
        Column(
            "credit_limit_amount", MONEY, "Credit limit; the source states no currency for it", "customers.credit_limit"
        ),
        Column("created_at", TIMESTAMP, "When the customer was created, UTC"),
        _UPDATED_AT,
        DATA_ISSUES,
    ),
    primary_key=("customer_id",),
    not_null=("data_issues",),
    accepted={"customer_kind": CUSTOMER_KINDS},
)

INVOICES_SILVER = Contract(
    layer=Layer.CURATED,
    name="invoices_silver",
    grain="one live invoice",
    description="Invoices in their latest version, cleaned and typed, with their lines. Void ones are kept.",
    owner=OWNER,
    source="invoices",
    columns=(
        Column("invoice_id", STRING, "Identifier of the source document", "invoices._id"),
        Column("invoice_number", STRING, "Number shown to the customer"),
        Column("order_id", STRING, "The order invoiced"),
        Column("customer_id", STRING, "Who owes it"),
        Column(
            "invoice_date",
            DATE,
            "Day (UTC) of the window that owns the invoice",
            "invoices._fq_window invoices.invoice_date",
        ),
        Column("invoiced_at", TIMESTAMP, "When it was issued, UTC", "invoices.invoice_date"),
        Column("due_date", DATE, "Last day (UTC) on which it is not overdue"),
        Column("status", STRING, "open, paid or void, as the source states it"),
        _CURRENCY,
        lines(
            "The invoice's lines, in the source's order",
            Column("line_number", BIGINT, "Number of the line; its position from 1 where the source has none"),
            Column("description", STRING, "What is invoiced"),
            Column("net_amount", MONEY, "Without VAT", "invoices.lines.net"),
            Column("vat_rate", RATE, "VAT in percent"),
            Column("vat_amount", MONEY, "VAT", "invoices.lines.vat"),
            Column("gross_amount", MONEY, "With VAT", "invoices.lines.gross"),
        ),
        Column("net_amount", MONEY, "Total without VAT", "invoices.total_net"),
        Column("vat_amount", MONEY, "Total VAT", "invoices.total_vat"),
        Column("gross_amount", MONEY, "Total with VAT: what the customer owes", "invoices.total_gross"),
        _UPDATED_AT,
        DATA_ISSUES,
    ),
    primary_key=("invoice_id",),
    not_null=("invoice_date", "status", "currency", "lines", "gross_amount", "data_issues"),
    accepted={"status": ("open", "paid", "void"), "currency": CURRENCIES},
    references=(
        Reference("order_id", "orders_silver", "order_id"),
        Reference("customer_id", "customers_silver", "customer_id"),
    ),
    partition_column="invoice_date",
)

PAYMENTS_SILVER = Contract(
    layer=Layer.CURATED,
    name="payments_silver",
    grain="one live payment",
    description="Payments in their latest version, cleaned and typed.",
    owner=OWNER,
    source="payments",
    columns=(
        Column("payment_id", STRING, "Identifier of the source document", "payments._id"),
        Column("payment_number", STRING, "Number of the payment"),
        Column("invoice_id", STRING, "The invoice paid"),
        Column("customer_id", STRING, "Who paid"),
        Column(
            "payment_date",
            DATE,
            "Day (UTC) of the window that owns the payment",
            "payments._fq_window payments.payment_date",
        ),
        Column("paid_at", TIMESTAMP, "When the money was received, UTC", "payments.payment_date"),
        Column("payment_amount", MONEY, "Money received; negative for a refund", "payments.amount"),
        _CURRENCY,
        Column("payment_method", STRING, "How it was paid, lower case", "payments.method"),
        Column("payment_reference", STRING, "Reference text", "payments.reference"),
        _UPDATED_AT,
        DATA_ISSUES,
    ),
    primary_key=("payment_id",),
    not_null=("payment_date", "payment_amount", "currency", "data_issues"),
    accepted={
        "payment_method": ("bank_transfer", "card", "direct_debit", "cash"),
        "currency": CURRENCIES,
    },
    references=(
        Reference("invoice_id", "invoices_silver", "invoice_id"),
        Reference("customer_id", "customers_silver", "customer_id"),
    ),
    partition_column="payment_date",
)
