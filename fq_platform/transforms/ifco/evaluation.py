"""What the analyses of crates share: the day on which they are made, months, crate types.

Belongs here: which orders count, and shares. Does not: what is measured.
"""

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.shared import UNKNOWN_LABEL

PLASTIC = "Plastic"
"""The crate type whose sales are evaluated."""

SHARE = "decimal(5,4)"
_WHOLE = "decimal(18,0)"


def dated_orders(fct_ifco_orders: DataFrame, today: dt.date | None) -> DataFrame:
    """The orders that there were at the end of a day.

    Args:
        fct_ifco_orders: One row an order.
        today: The day; None is that of the last order.

    Returns:
        The orders with a date that is not after it, and it in the column `today`.
    """
    dated = fct_ifco_orders.where(sf.col("order_date").isNotNull())
    if today is not None:
        known = dated.withColumn("today", sf.lit(today))
    else:
        known = dated.crossJoin(sf.broadcast(dated.agg(sf.max("order_date").alias("today"))))
    return known.where(sf.col("order_date") <= sf.col("today"))


def month_of(day: str) -> Column:
    """The first day of a day's month.

    Args:
        day: A DATE column.
    """
    return sf.trunc(day, "MM").cast("date")


def crate_type() -> Column:
    """The crate type of an order; orders that the source gives none count as `Unknown`, rather than not at all."""
    return sf.coalesce("crate_type", sf.lit(UNKNOWN_LABEL)).alias("crate_type")


def owners_of_order() -> Column:
    """A row for each owner of an order, once each, from its column `salesowners`."""
    return sf.explode(sf.array_distinct("salesowners"))


def ratio(part: Column, whole: Column) -> Column:
    """A share of counts, computed in decimals; null where there is nothing to have a share of."""
    some = sf.when(whole > 0, whole.cast(_WHOLE))
    return sf.round(part.cast(_WHOLE) / some, 4).cast(SHARE)
