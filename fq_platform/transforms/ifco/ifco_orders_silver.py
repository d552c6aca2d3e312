"""curated/ifco_orders_silver: one row per row of the orders file, cleaned and typed.

Belongs here: the table's columns. Does not: how names and contacts are read (`texts.py`, `contacts.py`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.changelog import current
from fq_platform.transforms.documents import Document
from fq_platform.transforms.ifco.contacts import contact_value, has_others, is_torn, is_unreadable, with_contacts
from fq_platform.transforms.ifco.texts import names, tidy

_DAY = r"^\d{1,2}\.\d{1,2}\.\d\d$"


def ifco_orders_silver(orders: DataFrame) -> DataFrame:
    """Make `ifco_orders_silver` (see its contract).

    Args:
        orders: The raw changelog of orders.

    Returns:
        One row per live row of the source.
    """
    order = Document(with_contacts(current(orders), "contact_data"))
    order.remark("contact_data", "cannot be read", is_unreadable(order.text("contact_data")))
    order.remark("contact_data", "torn, read as far as it goes", is_torn())
    order.remark("contact_data", "only the first is used", has_others())
    return order.table(
        row_id=sf.col("_id"),
        order_id=sf.coalesce(order.text("order_id"), sf.col("_id")),
        order_date=order.parsed("date", _day),
        company_id=order.text("company_id"),
        company_name=tidy(order.text("company_name")),
        crate_type=sf.initcap(tidy(order.text("crate_type"))),
        contact_first_name=contact_value("contact_name"),
        contact_surname=contact_value("contact_surname"),
        contact_city=contact_value("city"),
        contact_postal_code=contact_value("cp"),
        salesowners=names(order.text("salesowners")),
    )


def _day(text: Column) -> Column:
    """A day written dd.MM.yy, of the years 2000 to 2099; no other spelling is guessed at."""
    return sf.try_to_timestamp(sf.when(text.rlike(_DAY), text), sf.lit("d.M.yy")).cast("date")
