"""The contracts of the shared layer: the dimensions that every fact refers to.

Belongs here: data only. Does not: the types that contracts are written in (`model.py`).
"""

from fq_platform.contracts.curated import CURRENCIES, CUSTOMER_KINDS, DATA_ISSUES, OWNER
from fq_platform.contracts.model import (
    BIGINT,
    BOOLEAN,
    MONEY,
    QUANTITY,
    RATE,
    STRING,
    STRINGS,
    TIMESTAMP,
    Column,
    Contract,
)
from fq_platform.lakehouse.layout import Layer

UNKNOWN_ID = "unknown"
"""Key of the member that stands for whatever a fact refers to and the dimension does not have."""

UNKNOWN_LABEL = "Unknown"
"""Text of that member's attributes, and of attributes that the source leaves out."""

DIM_PRODUCTS = Contract(
    layer=Layer.SHARED,
    name="dim_products",
    grain=f"one product, and the member `{UNKNOWN_ID}`",
    description="Products in their latest version, cleaned and typed.",
    owner=OWNER,
    source="products",
    columns=(
        Column("product_id", STRING, f"Identifier of the source document, or `{UNKNOWN_ID}`", "products._id"),
        Column("sku", STRING, "Stock keeping unit"),
        Column("product_name", STRING, "Name", "products.name"),
        Column(
            "product_category", STRING, f"Category, `{UNKNOWN_LABEL}` where the source has none", "products.category"
        ),
        Column("unit_price", MONEY, "List price of one unit today, without VAT"),
        Column("currency", STRING, "ISO 4217 code of the list price"),
        Column("vat_rate", RATE, "VAT in percent"),
        Column("weight_kg", QUANTITY, "Weight of one unit in kilograms"),
        Column("tags", STRINGS, "Tags, empty if none"),
        Column(
            "is_discontinued", BOOLEAN, "No longer sold; false where the source says nothing", "products.discontinued"
        ),
        Column("created_at", TIMESTAMP, "When the product was created, UTC"),
        Column("updated_at", TIMESTAMP, "Last change in the source, UTC"),
        DATA_ISSUES,
    ),
    primary_key=("product_id",),
    not_null=("product_name", "product_category", "tags", "is_discontinued", "data_issues"),
    accepted={"currency": CURRENCIES},
)

DIM_CUSTOMERS = Contract(
    layer=Layer.SHARED,
    name="dim_customers",
    grain=f"one customer, and the member `{UNKNOWN_ID}`",
    description="Customers for analysis, without contact details.",
    owner=OWNER,
    source="customers_silver",
    columns=(
        Column("customer_id", STRING, f"Identifier of the source document, or `{UNKNOWN_ID}`"),
        Column("customer_number", STRING, "Number shown to the customer"),
        Column("customer_name", STRING, "Name of the person or company"),
        Column("customer_kind", STRING, f"business or consumer, `{UNKNOWN_ID}` where the source has none"),
        Column("city", STRING, "City"),
        Column("country", STRING, f"ISO 3166 code of two letters, `{UNKNOWN_LABEL}` where the source has none"),
        Column("payment_terms_days", BIGINT, "Days from invoice to due date"),
        Column("credit_limit_amount", MONEY, "Credit limit; the source states no currency for it"),
        Column("created_at", TIMESTAMP, "When the customer was created, UTC"),
        Column("updated_at", TIMESTAMP, "Last change in the source, UTC"),
    ),
    primary_key=("customer_id",),
    not_null=("customer_name", "customer_kind", "country"),
    accepted={"customer_kind": (*CUSTOMER_KINDS, UNKNOWN_ID)},
)
