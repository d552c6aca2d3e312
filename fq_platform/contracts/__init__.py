"""What each curated, shared and analytics table promises: columns, keys, allowed values, references.

Belongs here: data only. Does not: making the tables (`transforms/`) or checking them (`checks/`), and no pyspark.
"""

from fq_platform.contracts.analytics import ACCOUNTS_RECEIVABLE, FCT_ORDERS, SALES_SUMMARY
from fq_platform.contracts.curated import CUSTOMERS_SILVER, INVOICES_SILVER, ORDERS_SILVER, PAYMENTS_SILVER
from fq_platform.contracts.ifco import IFCO_CONTRACTS
from fq_platform.contracts.marts import MARTS
from fq_platform.contracts.model import Column, Contract, Reference
from fq_platform.contracts.shared import DIM_CUSTOMERS, DIM_PRODUCTS

ACCOUNTING: dict[str, Contract] = {
    contract.name: contract
    for contract in (
        ORDERS_SILVER,
        CUSTOMERS_SILVER,
        INVOICES_SILVER,
        PAYMENTS_SILVER,
        DIM_PRODUCTS,
        DIM_CUSTOMERS,
        FCT_ORDERS,
        SALES_SUMMARY,
        ACCOUNTS_RECEIVABLE,
        *MARTS,
    )
}
"""The contracts of what is made of the sources file's collections, by the table's name without its application."""

IFCO: dict[str, Contract] = {contract.name: contract for contract in IFCO_CONTRACTS}
"""The contracts of the IFCO application, by the table's name."""

CONTRACTS: dict[str, Contract] = {**ACCOUNTING, **IFCO}
"""Every contract by its name, in the order in which data flows."""

__all__ = ["ACCOUNTING", "CONTRACTS", "IFCO", "Column", "Contract", "Reference"]
