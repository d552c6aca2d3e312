"""A lakehouse with every table of the IFCO application, made of the packaged files by the platform's own job.

Belongs here: making it. Does not: asking it anything (`analyses.py`).
"""

import os
from typing import Any


def run(home: str) -> dict[str, Any]:
    """Make the tables.

    Args:
        home: Folder of the lake.

    Returns:
        How many there are.

    Raises:
        Exception: One could not be made.
    """
    os.environ |= {"FQ_HOME": home, "FQ_IFCO_SOURCE": "files"}
    # The definitions read the settings when they are imported.
    from fq_platform.automation.ifco import IFCO_REFRESH
    from fq_platform.definitions import defs

    quiet = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
    made = defs.resolve_job_def(IFCO_REFRESH).execute_in_process(run_config=quiet)
    return {"tables": len(made.get_asset_materialization_events())}
