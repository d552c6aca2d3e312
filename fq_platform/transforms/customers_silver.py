"""curated/<app>_customers_silver: one row per live customer, cleaned and typed.

Belongs here: the table's columns. Does not: how a field is cleaned (`cleaning.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.changelog import current
from fq_platform.transforms.documents import Document


def customers_silver(customers: DataFrame) -> DataFrame:
    """Make `customers_silver` (see its contract).

    Args:
        customers: The raw changelog of customers.

    Returns:
        One row per live customer.
    """
    customer = Document(current(customers))
    address = customer.struct("address")
    return customer.table(
        customer_id=sf.col("_id"),
        customer_number=customer.text("customer_number"),
        customer_name=customer.text("name"),
        email=sf.lower(customer.text("email")),
        phone=customer.text("phone"),
        customer_kind=sf.lower(customer.text("kind")),
        vat_id=sf.upper(customer.text("vat_id")),
        street=address.text("street"),
        postal_code=address.text("postal_code"),
        city=address.text("city"),
        country=sf.upper(address.text("country")),
        payment_terms_days=customer.integer("payment_terms_days"),
        credit_limit_amount=customer.money("credit_limit"),
        created_at=customer.timestamp("created_at"),
        updated_at=customer.timestamp("updated_at"),
    )
