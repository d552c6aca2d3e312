"""All tables made of the same few documents. Belongs here: that. Does not: assertions."""

import datetime as dt
from typing import TYPE_CHECKING

from fq_platform.assets.accounting import RECONCILED
from fq_platform_tests.transforms.raw import (
    CUSTOMERS,
    DAY,
    INVOICES,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    changelog,
    customer,
    invoice,
    order,
    payment,
    product,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def raw_tables(spark: "SparkSession") -> "dict[str, DataFrame]":
    """One document of each collection, and two products, by collection."""
    return {
        "orders": changelog(spark, ORDERS, order()),
        "customers": changelog(spark, CUSTOMERS, customer()),
        "invoices": changelog(spark, INVOICES, invoice()),
        "payments": changelog(spark, PAYMENTS, payment()),
        "products": changelog(spark, PRODUCTS, product(), product(_id="p2", sku="SKU-0002", category="Light")),
    }


def all_tables(raw: "dict[str, DataFrame]") -> "dict[str, DataFrame]":
    """Every table of a contract, by the contract's name."""
    from fq_platform.transforms.accounts_receivable import accounts_receivable
    from fq_platform.transforms.customers_silver import customers_silver
    from fq_platform.transforms.dim_customers import dim_customers
    from fq_platform.transforms.dim_products import dim_products
    from fq_platform.transforms.fct_orders import fct_orders
    from fq_platform.transforms.invoices_silver import invoices_silver
    from fq_platform.transforms.orders_silver import orders_silver
    from fq_platform.transforms.payment_matching import payment_matching
    from fq_platform.transforms.payments_silver import payments_silver
    from fq_platform.transforms.receivables_ageing import receivables_ageing
    from fq_platform.transforms.reconciliation import reconciliation
    from fq_platform.transforms.revenue_by_category import revenue_by_category
    from fq_platform.transforms.revenue_by_customer import revenue_by_customer
    from fq_platform.transforms.revenue_by_day import revenue_by_day
    from fq_platform.transforms.sales_summary import sales_summary
    from fq_platform.transforms.vat_report import vat_report

    made = {
        "orders_silver": orders_silver(raw["orders"]),
        "customers_silver": customers_silver(raw["customers"]),
        "invoices_silver": invoices_silver(raw["invoices"]),
        "payments_silver": payments_silver(raw["payments"]),
        "dim_products": dim_products(raw["products"]),
    }
    made["dim_customers"] = dim_customers(made["customers_silver"])
    made["fct_orders"] = fct_orders(made["orders_silver"], made["dim_products"], made["dim_customers"])
    made["sales_summary"] = sales_summary(made["fct_orders"])
    days = [DAY, DAY + dt.timedelta(days=1)]
    made["accounts_receivable"] = accounts_receivable(made["invoices_silver"], made["payments_silver"], days)
    made["revenue_by_day"] = revenue_by_day(made["fct_orders"])
    made["revenue_by_customer"] = revenue_by_customer(made["fct_orders"])
    made["revenue_by_category"] = revenue_by_category(made["fct_orders"])
    made["vat_report"] = vat_report(made["invoices_silver"])
    made["receivables_ageing"] = receivables_ageing(made["accounts_receivable"])
    made["payment_matching"] = payment_matching(made["invoices_silver"], made["payments_silver"])
    compared = {f"raw_{name}": raw[name] for name in ("orders", "invoices", "payments")}
    made["reconciliation"] = reconciliation(**compared, **{name: made[name] for name in RECONCILED})
    return made
