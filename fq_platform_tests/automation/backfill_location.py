"""A code location of two dated tables for tests whose runs are processes of their own, which can be killed.

Each partition made is a line `<run id> <table> <day>` of the file `made` in the folder that BACKFILL_TEST_FOLDER names.
"""

import os
import signal
from pathlib import Path

import dagster as dg

from fq_platform.automation.backfills import backfill_policy
from fq_platform.automation.partitions import days
from fq_platform.automation.pools import MONGODB, table_pool

FOLDER = Path(os.environ["BACKFILL_TEST_FOLDER"])
DATED = dg.DailyPartitionsDefinition("2026-01-01", end_date="2027-01-01")


def make(context: dg.AssetExecutionContext, table: str) -> None:
    """Make the partitions asked for; where a file `kill-<day>` stands, the process is killed at that day, once."""
    for day in days(context):
        if (FOLDER / f"kill-{table}-{day}").exists():
            (FOLDER / f"kill-{table}-{day}").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        with (FOLDER / "made").open("a") as made:
            made.write(f"{context.run_id} {table} {day}\n")


@dg.asset(partitions_def=DATED, backfill_policy=backfill_policy(), pool=MONGODB)
def landed(context: dg.AssetExecutionContext) -> None:
    """Stands for a raw table."""
    make(context, "landed")


@dg.asset(
    partitions_def=DATED, backfill_policy=backfill_policy(), pool=table_pool(dg.AssetKey("curated")), deps=[landed]
)
def curated(context: dg.AssetExecutionContext) -> None:
    """Stands for a table that is made of it."""
    make(context, "curated")


defs = dg.Definitions(assets=[landed, curated], executor=dg.in_process_executor)
