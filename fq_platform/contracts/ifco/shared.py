"""The contracts of the IFCO application's dimensions.

Belongs here: data only. Does not: the types that contracts are written in (`contracts/model.py`).
"""

from fq_platform.contracts.ifco.curated import APP, OWNER
from fq_platform.contracts.model import BIGINT, DATE, STRING, STRINGS, Column, Contract
from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL
from fq_platform.lakehouse.layout import Layer

NO_CONTACT_NAME = "John Doe"
"""Stands where an order names nobody."""

NO_CITY = "Unknown"
NO_POSTAL_CODE = "UNK00"
"""Stand in addresses where the source has none."""

DIM_COMPANY = Contract(
    layer=Layer.SHARED,
    name="dim_company",
    app=APP,
    grain=f"one company_id of the source, and the member `{UNKNOWN_ID}`",
    description="Companies of the IFCO application: ids and spellings that mean the same company have one company_key.",
    owner=OWNER,
    source="ifco_orders_silver",
    columns=(
        Column(
            "company_id",
            STRING,
            f"An id of orders or invoices, or `{UNKNOWN_ID}`",
            "ifco_orders_silver.company_id ifco_invoices_silver.company_id",
        ),
        Column(
            "company_key",
            STRING,
            "The id that stands for the merged company: that of its earliest order",
            "ifco_orders_silver.company_id ifco_invoices_silver.company_id",
        ),
        Column(
            "company_name",
            STRING,
            f"Its canonical name: the spelling of most orders; `{UNKNOWN_LABEL}` where no order names it",
            "ifco_orders_silver.company_name",
        ),
        Column(
            "source_name", STRING, "How most orders with this company_id spell it", "ifco_orders_silver.company_name"
        ),
        Column("spellings", STRINGS, "Every spelling of the merged company, sorted", "ifco_orders_silver.company_name"),
    ),
    primary_key=("company_id",),
    not_null=("company_key", "company_name", "spellings"),
)

DIM_SALES_OWNER = Contract(
    layer=Layer.SHARED,
    name="dim_sales_owner",
    app=APP,
    grain="one sales owner of any order",
    description="The people who sell crates.",
    owner=OWNER,
    source="ifco_orders_silver",
    columns=(
        Column("sales_owner", STRING, "Full name", "ifco_orders_silver.salesowners"),
        Column("first_name", STRING, "What stands before the first blank", "ifco_orders_silver.salesowners"),
        Column("last_name", STRING, "What stands after it; null if there is nothing", "ifco_orders_silver.salesowners"),
        Column("first_order_date", DATE, "Day of their first order", "ifco_orders_silver.order_date"),
        Column("last_order_date", DATE, "Day of their last order", "ifco_orders_silver.order_date"),
        Column("order_count", BIGINT, "Orders that they are an owner of, in any position", ""),
    ),
    primary_key=("sales_owner",),
    not_null=("first_name", "order_count"),
)

DIM_CONTACT = Contract(
    layer=Layer.SHARED,
    name="dim_contact",
    app=APP,
    grain=f"one contact, told apart by name and city, and the member `{UNKNOWN_ID}` of orders without one",
    description="The people to ask about orders of crates. Holds personal data.",
    owner=OWNER,
    source="ifco_orders_silver",
    columns=(
        Column(
            "contact_key",
            STRING,
            f"Digest of name and city in lower case, or `{UNKNOWN_ID}`",
            "ifco_orders_silver.contact_first_name ifco_orders_silver.contact_surname ifco_orders_silver.contact_city",
        ),
        Column(
            "contact_full_name",
            STRING,
            f"First name and surname; `{NO_CONTACT_NAME}` if there is neither",
            "ifco_orders_silver.contact_first_name ifco_orders_silver.contact_surname",
        ),
        Column("first_name", STRING, "First name", "ifco_orders_silver.contact_first_name"),
        Column("surname", STRING, "Surname", "ifco_orders_silver.contact_surname"),
        Column("city", STRING, "City", "ifco_orders_silver.contact_city"),
        Column(
            "postal_code",
            STRING,
            "Postal code of their latest order that has one",
            "ifco_orders_silver.contact_postal_code",
        ),
        Column("order_count", BIGINT, "Orders that name them", ""),
    ),
    primary_key=("contact_key",),
    not_null=("contact_full_name", "order_count"),
)
