"""The contracts of the IFCO application's curated layer: one table per file, cleaned and typed.

Belongs here: data only. Does not: the types that contracts are written in (`contracts/model.py`).
"""

from fq_platform.contracts.curated import DATA_ISSUES
from fq_platform.contracts.model import DATE, MONEY, RATE, STRING, STRINGS, Column, Contract
from fq_platform.lakehouse.layout import Layer

APP = "ifco"
"""The application's name."""

OWNER = "team:sales-analytics"
"""Who answers for its tables."""

CRATE_TYPES = ("Metal", "Plastic", "Wood")

IFCO_ORDERS_SILVER = Contract(
    layer=Layer.CURATED,
    name="ifco_orders_silver",
    app=APP,
    grain="one row of the orders file that still stands in it",
    description="Orders of crates, cleaned and typed; every row is kept, also where an order_id repeats. "
    "Holds personal data.",
    owner=OWNER,
    source="orders",
    columns=(
        Column(
            "row_id",
            STRING,
            "What raw calls the row: its order_id, possibly in quotes, a number behind it where it repeats",
            "orders._id",
        ),
        Column("order_id", STRING, "Identifier of the order", "orders.order_id orders._id"),
        Column("order_date", DATE, "Day of the order, written dd.MM.yy in the source", "orders.date"),
        Column("company_id", STRING, "Who ordered, as the source has it"),
        Column("company_name", STRING, "Name of the company, as the source spells it"),
        Column("crate_type", STRING, "What the crates are made of"),
        Column("contact_first_name", STRING, "First name of the contact", "orders.contact_data"),
        Column("contact_surname", STRING, "Surname of the contact", "orders.contact_data"),
        Column("contact_city", STRING, "City of the contact", "orders.contact_data"),
        Column(
            "contact_postal_code", STRING, "Postal code of the contact, as the source has it", "orders.contact_data"
        ),
        Column("salesowners", STRINGS, "Full names of the sales owners, the main one first, each once; empty if none"),
        DATA_ISSUES,
    ),
    primary_key=("row_id",),
    not_null=("salesowners", "data_issues"),
    accepted={"crate_type": CRATE_TYPES},
)

IFCO_INVOICES_SILVER = Contract(
    layer=Layer.CURATED,
    name="ifco_invoices_silver",
    app=APP,
    grain="one invoice of the invoices file that still stands in it",
    description="Invoices for orders of crates, cleaned and typed, amounts in euros. An order can have several.",
    owner=OWNER,
    source="invoices",
    columns=(
        Column(
            "row_id",
            STRING,
            "What raw calls the row: its id, possibly in quotes, a number behind it where it repeats",
            "invoices._id",
        ),
        Column("invoice_id", STRING, "Identifier of the invoice", "invoices.id invoices._id"),
        Column("order_id", STRING, "The order invoiced", "invoices.orderId"),
        Column("company_id", STRING, "Who owes it", "invoices.companyId"),
        Column("gross_value", MONEY, "Euros with VAT; the source states cents", "invoices.grossValue"),
        Column("vat_rate", RATE, "VAT in percent", "invoices.vat"),
        DATA_ISSUES,
    ),
    primary_key=("row_id",),
    not_null=("data_issues",),
)
