"""A lakehouse with the raw orders of the sample business, landed from the embedded MongoDB without any Spark.

Belongs here: making it. Does not: what is made of it (`materialise.py`).
"""

import os
from typing import Any


def run(home: str, days: int, orders: int) -> dict[str, Any]:
    """Land the orders, of which each day has about the same number.

    Args:
        home: Folder of the lake.
        days: How many days, from the first of the sample business on.
        orders: How many orders in all.

    Returns:
        How many rows were landed, and the days (ISO).

    Raises:
        Exception: They could not be landed.
    """
    os.environ |= {"FQ_HOME": home, "FQ_DEMO_DAYS": str(days), "FQ_DEMO_ORDERS": str(orders), "FQ_IFCO_SOURCE": "none"}
    # The definitions read the settings when they are imported.
    import datetime as dt

    from rich.console import Console

    from benchmarks.jobs.materialise import table_outcome
    from fq_platform.demo.sample_data import START
    from fq_platform.demo.server import sample_mongo
    from fq_platform.settings import get_settings

    last = START + dt.timedelta(days=days - 1)
    with sample_mongo(get_settings(), Console(stderr=True, quiet=True)):
        landed = table_outcome("raw/ecommerce_db_orders", START, last)
    return {"rows": landed.rows, "days": [(START + dt.timedelta(days=day)).isoformat() for day in range(days)]}
