"""Which schedules and sensors run by themselves, environment by environment: the one place that decides it.

Belongs here: names, and where they run. Does not: what they do (the modules that build them).
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.settings import Environment, get_settings

__all__ = ["RUNNING", "Environment", "require_declared", "runs", "schedule_status", "sensor_status"]

_EVERYWHERE = frozenset(
    {
        "daily_refresh",
        "ifco_refresh",
        "ifco_files",
        "weekly_upkeep",
        "mongo_changes",
        "follow_upstream",
        "dimension_changes",
        "expected_partitions",
        "alert_runs",
        "alert_checks",
        "alert_freshness",
        "alert_automation",
    }
)

RUNNING: Mapping[Environment, frozenset[str]] = {
    # A laptop notices changes by its sensor and need not compare today's documents each hour.
    Environment.LOCAL: _EVERYWHERE,
    Environment.PRODUCTION: _EVERYWHERE | {"hourly_today"},
    Environment.TEST: frozenset(),
}
"""Environment to the schedules and sensors that run in it: what does not stand here does not run."""

_FILE = "fq_platform/automation/registry.py"


def runs(name: str) -> bool:
    """Whether a schedule or sensor runs by itself in this process's environment (`FQ_ENVIRONMENT`).

    Args:
        name: Its name, such as `daily_refresh`.

    Raises:
        FqError: No environment names it.
    """
    if not any(name in names for names in RUNNING.values()):
        raise FqError(
            f"No environment says whether {name!r} runs by itself",
            where=_FILE,
            fix="Add the name to the environments that it shall run in",
        )
    return name in RUNNING[get_settings().environment]


def schedule_status(name: str) -> dg.DefaultScheduleStatus:
    """The `default_status` of a schedule, by its name; raises as `runs` does."""
    return dg.DefaultScheduleStatus.RUNNING if runs(name) else dg.DefaultScheduleStatus.STOPPED


def sensor_status(name: str) -> dg.DefaultSensorStatus:
    """The `default_status` of a sensor, by its name; raises as `runs` does."""
    return dg.DefaultSensorStatus.RUNNING if runs(name) else dg.DefaultSensorStatus.STOPPED


def require_declared(built: Iterable[str], *, all_of_them: bool) -> None:
    """Refuse schedules and sensors that no environment names, and names that nothing is built for.

    Args:
        built: The names of the schedules and sensors of the definitions.
        all_of_them: Whether these are all there can be; a sources file may have no use for some.

    Raises:
        FqError: The two differ.
    """
    found = set(built)
    for name in sorted(found):
        runs(name)
    unknown = frozenset().union(*RUNNING.values()) - found
    if unknown and all_of_them:
        raise FqError(
            f"There is no schedule or sensor called {' or '.join(map(repr, sorted(unknown)))}",
            where=_FILE,
            fix="Correct the name, or remove it",
        )
