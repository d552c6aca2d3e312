"""What only so many runs may do at a time.

Belongs here: the names of the pools. Does not: their limits, which are the instance's (`dagster.yaml`).
"""

import dagster as dg

MONGODB = "mongodb"
"""Reading the source: a limit of the runs that a production server has to bear at once."""

UPKEEP = "upkeep"
"""Compaction, expiry and the like: they go over all tables, so one at a time; they may run beside writers."""


def table_pool(asset: dg.AssetKey) -> str:
    """The pool of those who write a table, such as `table_analytics_fct_orders`.

    Two writers do no harm, for commits are optimistic; but the second one's work is done, and audited, twice.
    """
    return "_".join(("table", *asset.path))
