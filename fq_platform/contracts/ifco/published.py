"""The contracts of the tables whose names IFCO's analysts were promised.

Belongs here: data only. Does not: the types that contracts are written in (`contracts/model.py`).
"""

from fq_platform.contracts.ifco.curated import APP, CRATE_TYPES, OWNER
from fq_platform.contracts.model import BIGINT, DATE, MONEY, RATE, STRING, STRINGS, Column, Contract, Reference
from fq_platform.lakehouse.layout import Layer

ORDERS = Contract(
    layer=Layer.ANALYTICS,
    name="orders",
    app=APP,
    grain="one order",
    description="Orders of crates, few columns: what the source says, typed.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("order_id", STRING, "Identifier of the order"),
        Column("order_date", DATE, "Day of the order"),
        Column("company_id", STRING, "Who ordered, as the source has it"),
        Column("company_name", STRING, "Canonical name of the merged company"),
        Column("crate_type", STRING, "What the crates are made of"),
        Column("contact_full_name", STRING, "Whom to ask; `John Doe` if the source names nobody"),
        Column("contact_address", STRING, "City, postal code; `Unknown` and `UNK00` where the source has none"),
        Column("salesowners", STRINGS, "Full names of the sales owners, the main one first; empty if none"),
    ),
    primary_key=("order_id",),
    not_null=("company_name", "contact_full_name", "contact_address", "salesowners"),
    accepted={"crate_type": CRATE_TYPES},
)

INVOICES = Contract(
    layer=Layer.ANALYTICS,
    name="invoices",
    app=APP,
    grain="one invoice",
    description="Invoices for orders of crates, in euros rounded to cents. Add up net_value of fct_ifco_invoices where "
    "cents count.",
    owner=OWNER,
    source="fct_ifco_invoices",
    columns=(
        Column("invoice_id", STRING, "Identifier of the invoice"),
        Column("order_id", STRING, "The order invoiced"),
        Column("order_date", DATE, "Day of that order"),
        Column("company_name", STRING, "Canonical name of the merged company"),
        Column("gross_value", MONEY, "Euros with VAT"),
        Column("vat_rate", RATE, "VAT in percent"),
        Column("net_value", MONEY, "Euros without VAT, rounded half up"),
    ),
    primary_key=("invoice_id",),
    not_null=("order_id", "company_name", "gross_value", "vat_rate", "net_value"),
    references=(Reference("order_id", "orders", "order_id"),),
)

ORDERS_VW = Contract(
    layer=Layer.ANALYTICS,
    name="orders_vw",
    app=APP,
    grain="one valid order",
    description="Orders that can be analysed: with a day, a company, a known crate type and a sales owner; and what "
    "was invoiced for each.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("order_id", STRING, "Identifier of the order"),
        Column("order_date", DATE, "Day of the order"),
        Column("company_key", STRING, "The merged company"),
        Column("company_name", STRING, "Canonical name of the merged company"),
        Column("crate_type", STRING, "What the crates are made of"),
        Column("contact_full_name", STRING, "Whom to ask; `John Doe` if the source names nobody"),
        Column("contact_address", STRING, "City, postal code; `Unknown` and `UNK00` where the source has none"),
        Column("main_sales_owner", STRING, "The first sales owner"),
        Column("owner_count", BIGINT, "Sales owners of the order", "fct_ifco_orders.salesowners"),
        Column("invoice_count", BIGINT, "Invoices for the order", "fct_ifco_invoices.invoice_id"),
        Column("gross_value", MONEY, "Euros invoiced with VAT; 0 if nothing is", "fct_ifco_invoices.gross_value"),
        Column(
            "net_value",
            MONEY,
            "Euros invoiced without VAT, rounded half up once added up; 0 if nothing is",
            "fct_ifco_invoices.net_value",
        ),
    ),
    primary_key=("order_id",),
    not_null=(
        "order_date",
        "company_key",
        "company_name",
        "crate_type",
        "contact_full_name",
        "contact_address",
        "main_sales_owner",
        "owner_count",
        "invoice_count",
        "gross_value",
        "net_value",
    ),
    accepted={"crate_type": CRATE_TYPES},
)

SALESOWNERS_VW = Contract(
    layer=Layer.ANALYTICS,
    name="salesowners_vw",
    app=APP,
    grain="one position of the sales owners of an order",
    description="Who sold each order, and in which position: the first earns most.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("order_id", STRING, "Identifier of the order"),
        Column("position", BIGINT, "1 for the main sales owner, 2 for the next", "fct_ifco_orders.salesowners"),
        Column("sales_owner", STRING, "Full name", "fct_ifco_orders.salesowners"),
    ),
    primary_key=("order_id", "position"),
    not_null=("sales_owner",),
    references=(Reference("sales_owner", "dim_sales_owner", "sales_owner"),),
)

ORDER_SALES_OWNER_VW = Contract(
    layer=Layer.ANALYTICS,
    name="order_sales_owner_vw",
    app=APP,
    grain="one order and sales owner",
    description="Orders by who sold them: an order is in here once for each of its sales owners.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("order_id", STRING, "Identifier of the order"),
        Column("sales_owner", STRING, "Full name", "salesowners_vw.sales_owner"),
        Column("position", BIGINT, "Their position in the order, from 1", "salesowners_vw.position"),
        Column("order_date", DATE, "Day of the order"),
        Column("company_key", STRING, "The merged company"),
        Column("company_name", STRING, "Canonical name of the merged company"),
        Column("crate_type", STRING, "What the crates are made of"),
    ),
    primary_key=("order_id", "sales_owner"),
    not_null=("position", "company_key", "company_name"),
    references=(Reference("sales_owner", "dim_sales_owner", "sales_owner"),),
)

SALES_OWNER_COMMISSION_VW = Contract(
    layer=Layer.ANALYTICS,
    name="sales_owner_commission_vw",
    app=APP,
    grain="one sales owner",
    description="What each sales owner earns: 6 % of the net value invoiced to the first owner of an order, 2.5 % to "
    "the second, 0.95 % to the third, nothing to further ones.",
    owner=OWNER,
    source="order_sales_owner_vw",
    columns=(
        Column("sales_owner", STRING, "Full name"),
        Column(
            "commission",
            MONEY,
            "Euros, rounded half up once all orders are added up; 0 if they earn nothing",
            "fct_ifco_invoices.net_value order_sales_owner_vw.position",
        ),
        Column(
            "order_count",
            BIGINT,
            "Invoiced orders that they earn it for",
            "fct_ifco_invoices.order_id order_sales_owner_vw.position",
        ),
    ),
    primary_key=("sales_owner",),
    not_null=("commission", "order_count"),
)
