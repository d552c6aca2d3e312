"""What Dagster costs by itself: loading the definitions of many collections, and steps that do nothing.

Belongs here: those two, measured. Does not: the platform's own work in a step.
"""

import os
import time
from pathlib import Path
from typing import Any

_SOURCES = """app: scale
database: scale
start_date: 2026-01-01
collections:
"""
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run(home: str, collections: int, steps: int) -> dict[str, Any]:
    """Load the definitions as a code server does, then run a job of empty steps in this process.

    Args:
        home: Folder of the instance, whose storage is SQLite.
        collections: How many collections the sources file declares, all by day.
        steps: How many steps the job has.

    Returns:
        CPU-seconds of importing Dagster, of loading the definitions, and of a step; its seconds by the wall; how many
        assets there are.
    """
    folder = Path(home)
    declared = "".join(f"  c{number}: {{partition_by: at, watermark: updated}}\n" for number in range(collections))
    (folder / "sources.yaml").write_text(_SOURCES + declared, encoding="utf-8")
    os.environ |= {"FQ_HOME": home, "FQ_SOURCES": str(folder / "sources.yaml"), "FQ_IFCO_SOURCE": "none"}
    # The definitions read the settings when they are imported; the imports are what is measured.
    begun = time.process_time()
    import dagster as dg

    imported = time.process_time()
    from fq_platform.definitions import defs

    assets = len(list(defs.get_repository_def().asset_graph.materializable_asset_keys))
    loaded = time.process_time()
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        one, many = (_seconds_of_job(instance, count) for count in (1, 1 + steps))
    return {
        "import": imported - begun,
        "definitions": loaded - imported,
        "assets": assets,
        "step_cpu": (many[0] - one[0]) / steps,
        "step_wall": (many[1] - one[1]) / steps,
    }


def _seconds_of_job(instance: Any, steps: int) -> tuple[float, float]:
    """CPU and wall of a run with so many empty assets (seconds)."""
    import dagster as dg

    def empty(number: int) -> dg.AssetsDefinition:
        @dg.asset(name=f"empty_{number}")
        def made() -> None: ...

        return made

    assets = [empty(number) for number in range(steps)]
    job = dg.Definitions(
        assets=assets, jobs=[dg.define_asset_job("empty", selection="*")], executor=dg.in_process_executor
    ).resolve_job_def("empty")
    cpu, wall = time.process_time(), time.monotonic()
    job.execute_in_process(instance=instance, run_config=_QUIET)
    return time.process_time() - cpu, time.monotonic() - wall
