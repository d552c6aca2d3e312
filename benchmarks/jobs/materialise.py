"""One partition of one asset, made as a run of the UI makes it: in a process that knows nothing yet.

Belongs here: the run and its cost. Does not: where Spark runs, which the settings say.
"""

import datetime as dt
import os
import time
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from fq_platform.demo.refresh import TableOutcome


def run(home: str, asset: str, day: str, remote: str = "") -> dict[str, Any]:
    """Make a partition.

    Args:
        home: Folder of the lake.
        asset: The asset, such as `curated/ecommerce_db_orders_silver`.
        day: The partition (ISO).
        remote: Address of a Spark Connect server; empty for a JVM of this process's own.

    Returns:
        Rows made; seconds of the step, of the run as Dagster records it, and of this process before the step;
        CPU-seconds of this process and its JVM.

    Raises:
        Exception: It could not be made.
    """
    os.environ |= {"FQ_HOME": home, "FQ_IFCO_SOURCE": "none", "SPARK_REMOTE": remote}
    this = psutil.Process()
    made = table_outcome(asset, dt.date.fromisoformat(day), dt.date.fromisoformat(day))
    alive = time.time() - this.create_time()
    return {
        "rows": made.rows,
        "changed": made.changed,
        "step": made.seconds,
        "recorded": _last_run_seconds(),
        "before": alive - made.seconds,
        "cpu": sum(_cpu_seconds(process) for process in (this, *this.children(recursive=True))),
    }


def table_outcome(asset: str, first: dt.date, last: dt.date) -> "TableOutcome":
    """Run one asset of the daily job for a range of days, in this process."""
    import dagster as dg

    from fq_platform.automation.partitions import range_tags
    from fq_platform.automation.schedules import DAILY_REFRESH
    from fq_platform.dagster_home import open_instance
    from fq_platform.definitions import defs
    from fq_platform.demo.refresh import run_assets
    from fq_platform.settings import get_settings

    key = dg.AssetKey(asset.split("/"))
    with open_instance(get_settings()) as instance:
        outcome = run_assets(defs.resolve_job_def(DAILY_REFRESH), instance, range_tags(first, last), [key])
    if not outcome.succeeded:
        raise RuntimeError(f"{asset} of {first} could not be made: {outcome.failures or outcome.checks}")
    return next(table for table in outcome.tables if table.name == asset)


def _last_run_seconds() -> float:
    """From start to end, as the UI shows it of a run."""
    from fq_platform.dagster_home import open_instance
    from fq_platform.settings import get_settings

    with open_instance(get_settings()) as instance:
        (record,) = instance.get_run_records(limit=1)
    return (record.end_time or 0.0) - (record.start_time or 0.0)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
