"""Whether a day of a table still has to follow the table that it is made of, told by Dagster's event log.

Belongs here: the question about one day of two tables. Does not: following (`following.py`), or days that are due
(`completeness.py`).
"""

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.automation.materialisations import EventLog, Run

if TYPE_CHECKING:
    from dagster import DagsterInstance

_EVERYTHING = 2**62
"""Greater than the id of any event."""
_UNDER_WAY = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)


class Pending:
    """Looks at the event log as it is now, beside one run.

    Args:
        instance: Whose event log is read.
        run_id: The run that asks: what it makes itself is made by the time it asks.
    """

    def __init__(self, instance: "DagsterInstance", run_id: str) -> None:
        self._log = EventLog(instance, until=_EVERYTHING)
        under_way = instance.get_runs(dg.RunsFilter(statuses=list(_UNDER_WAY)))
        self._others = [Run(instance, run.run_id) for run in under_way if run.run_id != run_id]

    def __call__(self, source: dg.AssetKey, target: dg.AssetKey, day: dt.date) -> bool:
        """Whether a day of a table still has to follow another.

        Args:
            source: The table that it is made of, directly or not.
            target: The table.
            day: The day of both.

        Returns:
            True if the target was never made, if the source got other rows after the target began to be made, or if a
            run makes the source just now: its rows may be there before its events are.
        """
        made = self._log.last(target, day)
        if made is None or self._log.has_news(source, day, since=self._log.begun(made)):
            return True
        return any(source in run.assets and run.is_about(day) for run in self._others)
