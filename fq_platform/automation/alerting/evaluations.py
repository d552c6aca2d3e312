"""The evaluations of asset checks since the last look: each of them once, whoever made it and whenever it was stored.

Belongs here: the position in Dagster's records of checks. Does not: which of them are told (`checks.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord as Record

_PAGE = 100


def new_evaluations(
    instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey], position: dict[str, Any]
) -> list[tuple[dg.AssetCheckKey, "Record"]]:
    """The evaluations that came since the last look.

    A run first plans its checks, which makes a record each, and evaluates them later, in these same records; another
    run may have planned and evaluated them meanwhile. So the position holds, by check, the last record seen and those
    seen that were only planned.

    Args:
        instance: The instance.
        keys: The checks.
        position: How far the last look went; is moved on. Of a check that it does not know, only the last record is
            new.

    Returns:
        The evaluations in the order in which they were made.
    """
    seen: dict[str, int] = position.setdefault("seen", {})
    planned: dict[str, list[int]] = position.setdefault("planned", {})
    keys = list(keys)
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    found: list[tuple[dg.AssetCheckKey, Record]] = []
    waiting: dict[str, list[Record]] = {}
    for key, newest in latest.items():
        name = key.to_user_string()
        records = _records(instance, key, newest, seen.get(name), planned.get(name, []))
        found += [(key, record) for record in records if _is_evaluated(record)]
        waiting[name] = [record for record in records if not _is_evaluated(record)]
        seen[name] = newest.id
    position["planned"] = _unfinished(instance, waiting)
    position["seen"] = {name: seen.get(name, 0) for name in sorted(key.to_user_string() for key in keys)}
    return sorted(found, key=lambda one: (one[1].event.timestamp if one[1].event else 0, one[1].id))


def _records(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, newest: "Record", seen: int | None, planned: list[int]
) -> "Sequence[Record]":
    """The records of a check that are new, and those that were only planned, as they are now."""
    wanted = {*planned, newest.id} if seen is None or newest.id > seen else set(planned)
    if seen is None or (newest.id == seen and wanted <= {newest.id}):
        return [newest] if newest.id in wanted else []
    oldest, records = min({*planned, seen + 1}), [newest]
    while records[-1].id > oldest:
        page = instance.event_log_storage.get_asset_check_execution_history(key, _PAGE, cursor=records[-1].id)
        records += page
        if len(page) < _PAGE:
            break
    return [record for record in records if record.id > seen or record.id in wanted]


def _unfinished(instance: dg.DagsterInstance, waiting: "Mapping[str, Sequence[Record]]") -> dict[str, list[int]]:
    """The records that may still be evaluated: their runs have not ended."""
    runs = sorted({record.run_id for records in waiting.values() for record in records})
    if not runs:
        return {}
    ended = {run.run_id for run in instance.get_runs(dg.RunsFilter(run_ids=runs)) if run.is_finished}
    known = {run.run_id for run in instance.get_runs(dg.RunsFilter(run_ids=runs))}
    left = {
        name: [record.id for record in records if record.run_id in known and record.run_id not in ended]
        for name, records in waiting.items()
    }
    return {name: ids for name, ids in left.items() if ids}


def _is_evaluated(record: "Record") -> bool:
    from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

    return record.status in COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
