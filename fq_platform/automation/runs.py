"""Tags of the runs that are launched by themselves.

Belongs here: what all such runs share. Does not: which runs there are (`sensors.py`, `schedules.py`).
"""

from collections.abc import Mapping

UNATTENDED: Mapping[str, str] = {
    # Nobody is there to press Re-execute after a restart or a short outage. Once, so that a fault that stays is told.
    "dagster/max_retries": "1",
    "dagster/retry_on_asset_or_op_failure": "true",
    "dagster/retry_strategy": "FROM_FAILURE",
}
"""A failed run is taken up once more, from the step that failed."""
