"""A small IFCO business with one of each oddity, its tables computed once."""

from typing import TYPE_CHECKING

import pytest

from fq_platform_tests.transforms.ifco.pipeline import (
    INVOICES,
    ORDERS,
    ifco_changelog,
    ifco_invoice,
    ifco_order,
    ifco_tables,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TWICE = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
"""Like real ids it could be the text of a UUID, so raw quotes it."""


@pytest.fixture(scope="session")
def made(spark: "SparkSession") -> "dict[str, DataFrame]":
    """Every table of the application, by the contract's name."""
    city_only = '{"city": "Lugo"}'
    orders = [
        ifco_order(order_id="o1", salesowners="Ada, Bob, Cem, Dee"),
        ifco_order(order_id="o2", date="30.01.22", company_id="c2", company_name="fresh fruits c.o", salesowners="Bob"),
        ifco_order(
            order_id="o3", date="01.01.21", company_id="c3", company_name="FRESH FRUITS GmbH", contact_data=None
        ),
        ifco_order(order_id="o4", company_id="c4", company_name="Veggies Unlimited", contact_data=city_only),
        ifco_order(order_id="no company", company_id=None, company_name=None),
        ifco_order(order_id="no owner", salesowners=" , ", contact_data="call Bob"),
        ifco_order(order_id="no day", date="soon"),
        ifco_order(order_id="cardboard", crate_type="Cardboard"),
        ifco_order(order_id=TWICE, date="02.02.22", salesowners="Ada"),
        *(ifco_order(order_id=TWICE, _id=f"{TWICE}#{n}", date="01.02.22", salesowners="Eve") for n in (2, 10)),
    ]
    invoices = [
        ifco_invoice(id="i1", orderId="o1", grossValue="10000", vat="21"),
        ifco_invoice(id="i2", orderId="o1", grossValue="10000", vat="21"),
        ifco_invoice(id="i3", orderId="o2", grossValue="1", vat="34", companyId="c3"),
        ifco_invoice(id="i4", orderId="o4", grossValue="5000", vat="0", companyId="c1"),
        ifco_invoice(id="i5", orderId="gone", companyId="c9"),
        ifco_invoice(id="i6", orderId=TWICE, grossValue="20000", vat="0"),
        ifco_invoice(id="i7", orderId="no owner", vat=None),
    ]
    return ifco_tables(ifco_changelog(spark, ORDERS, *orders), ifco_changelog(spark, INVOICES, *invoices))
