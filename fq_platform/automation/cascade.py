"""How tables follow what they are made of, by themselves: the condition of each, and the sensor that evaluates them.

Belongs here: what holds for all tables. Does not: what counts as a change (`following.py`), or what notices changes in
MongoDB (`mongo_changes`).
"""

import warnings
from collections.abc import Iterable

import dagster as dg

from fq_platform.automation.following import UpstreamChanged
from fq_platform.automation.registry import sensor_status
from fq_platform.automation.runs import UNATTENDED
from fq_platform.lakehouse.layout import Layer

FOLLOW_UPSTREAM = "follow_upstream"


def follow_upstream(but_not: Iterable[dg.AssetKey] = ()) -> dg.AutomationCondition[dg.AssetKey]:
    """The condition of a table that is made again, for the days concerned, when what it is made of changed.

    It waits until runs that make it, or the tables it is made of, are done; not for the raw tables, which may be
    refreshed without end.

    Args:
        but_not: Upstream tables whose changes do not set it off.

    Returns:
        The condition.
    """
    waits_for = dg.AutomationCondition.any_deps_in_progress().ignore(dg.AssetSelection.groups(Layer.RAW.value))
    return (
        UpstreamChanged(but_not) & ~dg.AutomationCondition.in_progress() & ~waits_for.with_label("upstream_in_progress")
    ).with_label(FOLLOW_UPSTREAM)


def build_follow_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions, and requests what is behind: a range of days as one run.

    Returns:
        The sensor, running where the registry says so.
    """
    with warnings.catch_warnings():
        # Conditions of one's own are evaluated where the code is: an option that Dagster calls beta.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.AutomationConditionSensorDefinition(
            FOLLOW_UPSTREAM,
            target=dg.AssetSelection.all(),
            description="Makes the days of tables again whose upstream tables changed.",
            minimum_interval_seconds=30,
            default_status=sensor_status(FOLLOW_UPSTREAM),
            run_tags=dict(UNATTENDED),
            use_user_code_server=True,
        )
