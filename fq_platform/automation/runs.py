"""Tags of the runs that are launched by themselves.

Belongs here: what all such runs share. Does not: which runs there are (`mongo_changes`, `cascade.py`, `schedules.py`).
"""

from collections.abc import Mapping

UNATTENDED: Mapping[str, str] = {
    # Nobody is there to press Re-execute when a process was killed or a machine restarted: once more, from the step
    # that it was at. What a step fails of is not repeated so: it tries again itself, if the error may pass.
    "dagster/max_retries": "1",
    "dagster/retry_on_asset_or_op_failure": "false",
    "dagster/retry_strategy": "FROM_FAILURE",
    # Before backfills, which have all the time.
    "dagster/priority": "1",
    # Six hours: what hangs must not hold the tables' pools until somebody looks.
    "dagster/max_runtime": "21600",
}
"""A run whose process died is taken up once more; it goes before backfills, and is ended when it hangs."""
