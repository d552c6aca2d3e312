"""The contracts of the IFCO application's facts.

Belongs here: data only. Does not: the types that contracts are written in (`contracts/model.py`).
"""

from fq_platform.contracts.ifco.curated import APP, CRATE_TYPES, OWNER
from fq_platform.contracts.ifco.shared import NO_CITY, NO_CONTACT_NAME, NO_POSTAL_CODE
from fq_platform.contracts.model import DATE, MONEY, RATE, STRING, STRINGS, Column, Contract, Reference
from fq_platform.contracts.shared import UNKNOWN_ID
from fq_platform.lakehouse.layout import Layer

EXACT_MONEY = "decimal(28,12)"
"""An amount that is rounded to cents only once it has been added up."""

_CONTACT = "ifco_orders_silver.contact_first_name ifco_orders_silver.contact_surname"

FCT_IFCO_ORDERS = Contract(
    layer=Layer.ANALYTICS,
    name="fct_ifco_orders",
    app=APP,
    grain="one order",
    description="Orders of crates with the attributes of company and contact. Of rows that share an order_id the first "
    "one counts.",
    owner=OWNER,
    source="ifco_orders_silver",
    columns=(
        Column("order_id", STRING, "Identifier of the order"),
        Column("order_date", DATE, "Day of the order"),
        Column("company_id", STRING, "Who ordered, as the source has it"),
        Column(
            "company_key", STRING, f"The merged company; `{UNKNOWN_ID}` if there is none", "dim_company.company_key"
        ),
        Column("company_name", STRING, "Canonical name of the merged company", "dim_company.company_name"),
        Column("crate_type", STRING, "What the crates are made of"),
        Column(
            "contact_key",
            STRING,
            f"The contact; `{UNKNOWN_ID}` if the order has none",
            f"{_CONTACT} ifco_orders_silver.contact_city",
        ),
        Column(
            "contact_full_name", STRING, f"First name and surname; `{NO_CONTACT_NAME}` if there is neither", _CONTACT
        ),
        Column(
            "contact_address",
            STRING,
            f"City, postal code; `{NO_CITY}` and `{NO_POSTAL_CODE}` where the order has none",
            "ifco_orders_silver.contact_city ifco_orders_silver.contact_postal_code",
        ),
        Column("salesowners", STRINGS, "Full names of the sales owners, the main one first; empty if none"),
        Column(
            "main_sales_owner", STRING, "The first of them; null if there is none", "ifco_orders_silver.salesowners"
        ),
    ),
    primary_key=("order_id",),
    not_null=("company_key", "company_name", "contact_key", "contact_full_name", "contact_address", "salesowners"),
    accepted={"crate_type": CRATE_TYPES},
    references=(
        Reference("company_key", "dim_company", "company_id"),
        Reference("contact_key", "dim_contact", "contact_key"),
        Reference("main_sales_owner", "dim_sales_owner", "sales_owner"),
    ),
)

FCT_IFCO_INVOICES = Contract(
    layer=Layer.ANALYTICS,
    name="fct_ifco_invoices",
    app=APP,
    grain="one invoice",
    description="Invoices for orders of crates, in euros. An order that is invoiced twice is twice in here.",
    owner=OWNER,
    source="ifco_invoices_silver",
    columns=(
        Column("invoice_id", STRING, "Identifier of the invoice"),
        Column("order_id", STRING, "The order invoiced"),
        Column("order_date", DATE, "Day of that order", "fct_ifco_orders.order_date"),
        Column(
            "company_key", STRING, f"The merged company; `{UNKNOWN_ID}` if there is none", "dim_company.company_key"
        ),
        Column("company_name", STRING, "Canonical name of the merged company", "dim_company.company_name"),
        Column("gross_value", MONEY, "Euros with VAT"),
        Column("vat_rate", RATE, "VAT in percent"),
        Column(
            "net_value",
            EXACT_MONEY,
            "Euros without VAT, gross / (1 + VAT / 100), not rounded to cents: round what is added up of it",
            "ifco_invoices_silver.gross_value ifco_invoices_silver.vat_rate",
        ),
    ),
    primary_key=("invoice_id",),
    not_null=("order_id", "company_key", "company_name", "gross_value", "vat_rate", "net_value"),
    references=(
        Reference("order_id", "fct_ifco_orders", "order_id"),
        Reference("company_key", "dim_company", "company_id"),
    ),
)
