"""The checks of a raw asset, answered by the step that materialises it: it knows what it changed and where to look.

Belongs here: what they are called, when they warn, and in which words. Does not: finding out (`extraction/misfits.py`,
`extraction/home.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from pathlib import Path

    from pyiceberg.table import Table

    from fq_platform.extraction.home import Home
    from fq_platform.extraction.misfits import Misfit
    from fq_platform.extraction.scope import Scope
    from fq_platform.extraction.sync import SyncResult

SCHEMA_UNCHANGED = "schema_unchanged"
VALUES_RESCUED = "values_rescued"
EVENT_TIME_USABLE = "event_time_usable"
KEYS_UNIQUE = "keys_unique"
NAMED = 5
"""How many columns or places a description names; the metadata has them all."""


def raw_check_specs(asset: dg.AssetKey, partition_by: str | None, key: str | None = None) -> list[dg.AssetCheckSpec]:
    """The checks of one raw asset. They warn and never stop anything: raw takes documents as they are.

    Args:
        asset: The raw asset.
        partition_by: The event-time field; None for a collection without days.
        key: The column of a file that its rows' `_id`s are made of; None for a collection of MongoDB.

    Returns:
        Their specs.
    """
    descriptions = {
        SCHEMA_UNCHANGED: "The last materialisation added no column to the table.",
        VALUES_RESCUED: "Every value of the documents in the windows materialised fits its column.",
    }
    if partition_by:
        descriptions[EVENT_TIME_USABLE] = (
            f"Every document has a day: `{partition_by}` is a date, not before the first day."
        )
    if key:
        descriptions[KEYS_UNIQUE] = f"No two rows of the file have the same `{key}`."
    return [dg.AssetCheckSpec(name, asset=asset, description=text) for name, text in descriptions.items()]


def answers(result: "SyncResult", table: "Table", asked: "Scope", spill: "Path") -> list[dg.AssetCheckResult]:
    """Answer the checks after a sync, from the rows of the windows that it compared and from those of the first day.

    Args:
        result: What the sync did.
        table: The raw table as it left it.
        asked: What was asked for.
        spill: Folder for what does not fit into memory.

    Returns:
        A result for each spec.
    """
    from fq_platform.extraction.home import look_at_home
    from fq_platform.extraction.misfits import misfits
    from fq_platform.lakehouse.live import live_rows

    rows = live_rows(table, list(result.by_day)).values()
    found = [
        schema_unchanged(result.schema_changes),
        values_rescued(misfits(table, list(rows), spill), asked.partition or "the collection"),
    ]
    window = asked.windows[0]
    if window.field and window.start_date:
        home = look_at_home(table, replace(window, day=window.start_date), spill)
        found.append(event_time_usable(home, window.field, str(window.start_date)))
    return found


def schema_unchanged(changes: Sequence[str]) -> dg.AssetCheckResult:
    """Warns of columns that are new: somebody may want to type, clean or use them.

    Args:
        changes: What the table's columns gained, in sentences.
    """
    return _result(
        SCHEMA_UNCHANGED,
        None if not changes else f"The documents brought new fields: {_listed(list(changes), '; ')}.",
        {"columns_added": len(changes)} | ({"schema_changes": dg.MetadataValue.json(list(changes))} if changes else {}),
    )


def values_rescued(found: "Sequence[Misfit]", windows: str) -> dg.AssetCheckResult:
    """Warns of values that do not fit, the most frequent first.

    Args:
        found: The misfits of the documents that live in the windows looked at.
        windows: Which these are, as people call them.
    """
    values = sum(misfit.values for misfit in found)
    text = None
    if found:
        places = [f"{misfit.path} ({misfit.values:,} {_called(misfit)})" for misfit in found]
        text = f"Values rescued in {windows}: {values:,}, at {_listed(places)}."
        remedies = list(dict.fromkeys(misfit.remedy for misfit in found if misfit.remedy))
        if remedies:
            text += (
                f" For numbers that meet finer ones: say {_listed(remedies)} in the sources file before the table "
                "is landed anew."
            )
    places_found = [
        {"path": misfit.path, "column": misfit.column, "found": misfit.found, "values": misfit.values}
        for misfit in found
    ]
    return _result(
        VALUES_RESCUED,
        text,
        {"windows": windows, "rescued_values": values}
        | ({"places": dg.MetadataValue.json(places_found)} if found else {}),
    )


def event_time_usable(home: "Home", partition_by: str, first_day: str) -> dg.AssetCheckResult:
    """Warns of documents that will never have a day of their own; those of days to come are only counted.

    Args:
        home: What lives in the window of the first day.
        partition_by: The event-time field.
        first_day: The first day.
    """
    from fq_platform.extraction.home import UNUSABLE, Reason

    count = {reason: home.documents.get(reason, 0) for reason in Reason}
    text = None
    if home.unusable:
        reasons = ", ".join(f"{count[reason]:,} {reason}" for reason in UNUSABLE if count[reason])
        text = (
            f"Documents without a usable {partition_by}, in the window of the first day, {first_day}: "
            f"{home.unusable:,} ({reasons})."
        )
    numbers = {reason.name.lower(): number for reason, number in count.items()}
    return _result(EVENT_TIME_USABLE, text, {"window": first_day, "unusable": home.unusable, **numbers})


def keys_unique(key: str, repeated: Mapping[str, int]) -> dg.AssetCheckResult:
    """Warns of rows with the same key: all are kept, and somebody may count them twice.

    Args:
        key: The column.
        repeated: How many rows have the same value, for each such value.
    """
    rows = sum(repeated.values())
    text = None
    if repeated:
        named = [f"{value!r} ({count} rows)" for value, count in repeated.items()]
        text = f"Rows that share their {key} with others: {rows:,}, of {_listed(named)}. All are kept."
    return _result(KEYS_UNIQUE, text, {"repeated_keys": len(repeated), "rows": rows})


def _result(name: str, problem: str | None, metadata: dict[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=problem is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=problem,
        metadata=metadata,
    )


def _called(misfit: "Misfit") -> str:
    """The type of the values, and the column's that they are not."""
    found = misfit.found.removeprefix("number").lower() if misfit.found.startswith("number") else misfit.found
    return f"{found} in {misfit.column}" if misfit.column and len(misfit.column) <= 40 else found


def _listed(names: list[str], separator: str = ", ") -> str:
    more = len(names) - NAMED
    return separator.join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
