"""The contracts of the IFCO application's tables, whose names are the same whatever the sources file is for.

Belongs here: their order. Does not: the promises themselves, one module per kind of table.
"""

from fq_platform.contracts.ifco.analyses import (
    IFCO_COMMISSIONS,
    IFCO_COMPANY_SALESOWNERS,
    IFCO_CRATE_DISTRIBUTION,
    IFCO_CRATE_ORDERS_BY_MONTH,
    IFCO_ORDER_ADDRESSES,
    IFCO_ORDER_CONTACTS,
    IFCO_OWNER_TRAINING,
    IFCO_TOP_OWNERS_BY_MONTH,
)
from fq_platform.contracts.ifco.curated import IFCO_INVOICES_SILVER, IFCO_ORDERS_SILVER
from fq_platform.contracts.ifco.facts import FCT_IFCO_INVOICES, FCT_IFCO_ORDERS
from fq_platform.contracts.ifco.published import (
    INVOICES,
    ORDER_SALES_OWNER_VW,
    ORDERS,
    ORDERS_VW,
    SALES_OWNER_COMMISSION_VW,
    SALESOWNERS_VW,
)
from fq_platform.contracts.ifco.shared import DIM_COMPANY, DIM_CONTACT, DIM_SALES_OWNER

IFCO_CONTRACTS = (
    IFCO_ORDERS_SILVER,
    IFCO_INVOICES_SILVER,
    DIM_COMPANY,
    DIM_SALES_OWNER,
    DIM_CONTACT,
    FCT_IFCO_ORDERS,
    FCT_IFCO_INVOICES,
    ORDERS,
    INVOICES,
    ORDERS_VW,
    SALESOWNERS_VW,
    ORDER_SALES_OWNER_VW,
    SALES_OWNER_COMMISSION_VW,
    IFCO_CRATE_DISTRIBUTION,
    IFCO_ORDER_CONTACTS,
    IFCO_ORDER_ADDRESSES,
    IFCO_COMMISSIONS,
    IFCO_COMPANY_SALESOWNERS,
    IFCO_CRATE_ORDERS_BY_MONTH,
    IFCO_OWNER_TRAINING,
    IFCO_TOP_OWNERS_BY_MONTH,
)
"""In the order in which data flows."""
