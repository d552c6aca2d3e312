"""The contracts of IFCO's published analyses.

Belongs here: data only. Does not: the types that contracts are written in (`contracts/model.py`).
"""

from fq_platform.contracts.ifco.curated import APP, CRATE_TYPES, OWNER
from fq_platform.contracts.model import BIGINT, DATE, MONEY, STRING, Column, Contract
from fq_platform.contracts.shared import UNKNOWN_LABEL
from fq_platform.lakehouse.layout import Layer

SHARE = "decimal(5,4)"
"""A part of a whole, 1 for all of it."""

_PLASTIC = "fct_ifco_orders.crate_type fct_ifco_orders.order_date"

IFCO_CRATE_DISTRIBUTION = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_crate_distribution",
    app=APP,
    grain="one merged company and crate type that it ordered",
    description="How many orders of each crate type each company placed.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("company_id", STRING, "The merged company", "fct_ifco_orders.company_key"),
        Column("company_name", STRING, "Canonical name of the merged company"),
        Column("crate_type", STRING, f"What the crates are made of; `{UNKNOWN_LABEL}` if the order says nothing"),
        Column("order_count", BIGINT, "Orders", ""),
    ),
    primary_key=("company_id", "crate_type"),
    not_null=("company_name", "order_count"),
    accepted={"crate_type": (*CRATE_TYPES, UNKNOWN_LABEL)},
)

IFCO_ORDER_CONTACTS = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_order_contacts",
    app=APP,
    grain="one order",
    description="Whom to ask about each order.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("order_id", STRING, "Identifier of the order"),
        Column("contact_full_name", STRING, "First name and surname; `John Doe` if there is neither"),
    ),
    primary_key=("order_id",),
    not_null=("contact_full_name",),
)

IFCO_ORDER_ADDRESSES = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_order_addresses",
    app=APP,
    grain="one order",
    description="Where the contact of each order is.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("order_id", STRING, "Identifier of the order"),
        Column("contact_address", STRING, "City, postal code; `Unknown` and `UNK00` where the order has none"),
    ),
    primary_key=("order_id",),
    not_null=("contact_address",),
)

IFCO_COMMISSIONS = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_commissions",
    app=APP,
    grain="one sales owner",
    description="Sales owners by what they earn.",
    owner=OWNER,
    source="sales_owner_commission_vw",
    columns=(
        Column("rank", BIGINT, "1 for the highest commission; those who earn the same are in the order of names", ""),
        Column("sales_owner", STRING, "Full name"),
        Column("commission", MONEY, "Euros"),
    ),
    primary_key=("sales_owner",),
    not_null=("rank", "commission"),
)

IFCO_COMPANY_SALESOWNERS = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_company_salesowners",
    app=APP,
    grain="one merged company with an order",
    description="Who looks after each company.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("company_id", STRING, "The merged company", "fct_ifco_orders.company_key"),
        Column("company_name", STRING, "Canonical name of the merged company"),
        Column(
            "list_salesowners",
            STRING,
            "Full names of its sales owners, each once, ascending by first name, with commas between",
            "fct_ifco_orders.salesowners",
        ),
    ),
    primary_key=("company_id",),
    not_null=("company_name", "list_salesowners"),
)

IFCO_CRATE_ORDERS_BY_MONTH = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_crate_orders_by_month",
    app=APP,
    grain="one month and crate type, from the month of the first order to today's",
    description="How the orders of each crate type develop.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("month", DATE, "Its first day", "fct_ifco_orders.order_date"),
        Column("crate_type", STRING, f"What the crates are made of; `{UNKNOWN_LABEL}` if the order says nothing"),
        Column("order_count", BIGINT, "Orders; 0 if none", ""),
        Column("share", SHARE, "Part of the month's orders; null in a month without any", ""),
    ),
    primary_key=("month", "crate_type"),
    not_null=("order_count",),
    accepted={"crate_type": (*CRATE_TYPES, UNKNOWN_LABEL)},
)

IFCO_OWNER_TRAINING = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_owner_training",
    app=APP,
    grain="one sales owner of any order up to today",
    description="Which sales owners sold the fewest plastic crates in the twelve months that end with today. An order "
    "counts for each of its owners.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("rank", BIGINT, "1 for who needs training most: fewest plastic orders, lowest share, then names", ""),
        Column("sales_owner", STRING, "Full name", "fct_ifco_orders.salesowners"),
        Column("plastic_orders", BIGINT, "Their orders of plastic crates in the twelve months", _PLASTIC),
        Column("orders", BIGINT, "Their orders in the twelve months", "fct_ifco_orders.order_date"),
        Column("plastic_share", SHARE, "Part of their orders that is plastic; null if they have none", _PLASTIC),
        Column(
            "as_of_date",
            DATE,
            "Today: what the setting says, else the day of the last order",
            "fct_ifco_orders.order_date",
        ),
    ),
    primary_key=("sales_owner",),
    not_null=("rank", "plastic_orders", "orders", "as_of_date"),
)

IFCO_TOP_OWNERS_BY_MONTH = Contract(
    layer=Layer.ANALYTICS,
    name="ifco_top_owners_by_month",
    app=APP,
    grain="one month and rank of the best five",
    description="Who sold most plastic crates in the three months that end with each month. An order counts for each "
    "of its owners.",
    owner=OWNER,
    source="fct_ifco_orders",
    columns=(
        Column("month", DATE, "First day of the last of the three months", "fct_ifco_orders.order_date"),
        Column("rank", BIGINT, "1 to 5; those who sold the same are in the order of names", ""),
        Column("sales_owner", STRING, "Full name", "fct_ifco_orders.salesowners"),
        Column("plastic_orders", BIGINT, "Their orders of plastic crates in the three months", ""),
    ),
    primary_key=("month", "rank"),
    not_null=("sales_owner", "plastic_orders"),
)
