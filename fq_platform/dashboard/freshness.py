"""How fresh tables are and which of their checks fail, as Dagster's instance has it.

Belongs here: reading that state, without changing it. Does not: showing it (`banner.py`).
"""

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from fq_platform.settings import Settings

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord


class Age(Enum):
    """What a table's freshness policy says of it."""

    FRESH = "fresh"
    LATE = "late"
    TOO_OLD = "too old"


@dataclass(frozen=True)
class Made:
    """When a table was made last.

    Args:
        table: Its name, such as `analytics.ifco_commissions`.
        at: The moment (UTC) of its last materialisation; None if Dagster knows of none.
        age: What its policy says; fresh if it has none.
    """

    table: str
    at: dt.datetime | None
    age: Age


@dataclass(frozen=True)
class Failure:
    """A check that failed when it was evaluated last.

    Args:
        check: Its name.
        table: The table that it is of.
        is_error: Whether rows that fail it are refused, or runs fail of it; else it warns.
        at: When it was evaluated (UTC).
        path: The page of it in Dagster's UI.
    """

    check: str
    table: str
    is_error: bool
    at: dt.datetime
    path: str


@dataclass(frozen=True)
class State:
    """What Dagster says of some tables and of all that they are made of.

    Args:
        made: The tables asked for.
        failures: The failed checks of those and of the tables upstream of them; errors first.
    """

    made: tuple[Made, ...]
    failures: tuple[Failure, ...]

    @property
    def as_of(self) -> dt.datetime | None:
        """Since when no table asked for is older; None if one was never made."""
        moments = [made.at for made in self.made]
        return min((moment for moment in moments if moment), default=None) if all(moments) else None


def instance_home(settings: Settings) -> Path | None:
    """The folder of Dagster's instance: DAGSTER_HOME, else that of `fq dev`; None if there is none yet."""
    home = Path(os.environ.get("DAGSTER_HOME") or settings.dagster_home)
    return home if (home / "dagster.yaml").is_file() else None


def read_state(home: Path, tables: Sequence[str], now: dt.datetime) -> State:
    """Ask Dagster's instance for the state of tables.

    Args:
        home: What `instance_home` returned.
        tables: Their names, such as `analytics.ifco_commissions`.
        now: The moment (with its zone) that ages are counted up to.

    Returns:
        Their state; tables that the definitions do not have are left out.
    """
    import dagster as dg

    from fq_platform.definitions import defs

    graph = defs.resolve_asset_graph()
    named = {table: dg.AssetKey(table.split(".")) for table in tables}
    known = {table: key for table, key in named.items() if graph.has(key)}
    concerned = {*known.values(), *(above for key in known.values() for above in graph.get_ancestor_asset_keys(key))}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        moments = _last_materialisations(instance, list(known.values()))
        failures = _failures(instance, [key for key in graph.asset_check_keys if key.asset_key in concerned])
    made = [Made(table, moments.get(key), _age(graph, key, moments.get(key), now)) for table, key in known.items()]
    return State(tuple(made), tuple(sorted(failures, key=lambda one: (not one.is_error, one.table, one.check))))


def _last_materialisations(
    instance: "dg.DagsterInstance", keys: "Sequence[dg.AssetKey]"
) -> "dict[dg.AssetKey, dt.datetime]":
    entries = [record.asset_entry for record in instance.get_asset_records(keys)]
    return {
        entry.asset_key: _moment(entry.last_materialization.timestamp)
        for entry in entries
        if entry.last_materialization is not None
    }


def _age(graph: "AssetGraph", key: "dg.AssetKey", made: dt.datetime | None, now: dt.datetime) -> Age:
    """By the policy, not by what the freshness daemon noted: it may not be running."""
    from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy

    policy = graph.get(key).freshness_policy_or_from_metadata
    if made is None or not isinstance(policy, TimeWindowFreshnessPolicy):
        return Age.FRESH
    if now - made > policy.fail_window.to_timedelta():
        return Age.TOO_OLD
    return Age.LATE if policy.warn_window and now - made > policy.warn_window.to_timedelta() else Age.FRESH


def _failures(instance: "dg.DagsterInstance", keys: "Sequence[dg.AssetCheckKey]") -> list[Failure]:
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    evaluated = ((key, _evaluated(instance, key, record)) for key, record in latest.items())
    found = (_failure(key, record) for key, record in evaluated if record is not None)
    return [failure for failure in found if failure is not None]


def _evaluated(
    instance: "dg.DagsterInstance", key: "dg.AssetCheckKey", latest: "AssetCheckExecutionRecord"
) -> "AssetCheckExecutionRecord | None":
    """The last record with a result: a run that goes on, or was killed, has one that was only planned."""
    from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

    if latest.status in COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES:
        return latest
    before = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=1, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
    )
    return before[0] if before else None


def _failure(key: "dg.AssetCheckKey", record: "AssetCheckExecutionRecord") -> Failure | None:
    from dagster import AssetCheckEvaluation, AssetCheckSeverity

    # Without an evaluation the check itself broke off.
    evaluation = record.evaluation
    told = evaluation if isinstance(evaluation, AssetCheckEvaluation) else None
    if record.event is None or (told is not None and told.passed):
        return None
    return Failure(
        key.name,
        ".".join(key.asset_key.path),
        told is None or told.severity is AssetCheckSeverity.ERROR,
        _moment(record.event.timestamp),
        f"/assets/{'/'.join(key.asset_key.path)}?view=checks&checkDetail={key.name}",
    )


def _moment(timestamp: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC)
