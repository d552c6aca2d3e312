"""What `fq sync` says at its end: a table for people, JSON for machines.

Belongs here: words and layout. Does not: the sync.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

if TYPE_CHECKING:
    from fq_platform.extraction.sync import SyncResult

COUNTS = ("inserted", "updated", "deleted", "unchanged", "rescued")


def show(results: "Sequence[SyncResult]", console: Console) -> None:
    """Print a line a table, then what changed in their schemas, then whether anything was written at all."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("table", overflow="fold")
    for name in (*COUNTS, "seconds"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    for result in results:
        counts = (f"{getattr(result, name):,}" for name in COUNTS)
        table.add_row(_short(result.table), *counts, f"{result.seconds:.1f}")
    if not console.is_terminal:  # a log or a file has room
        console.width = max(
            console.width, Measurement.get(console, console.options.update(max_width=9_999), table).maximum
        )
    console.print(table)
    for result in results:
        for change in result.schema_changes:
            console.print(f"{_short(result.table)}: {change}", markup=False, highlight=False, soft_wrap=True)
    if not any(result.changed for result in results):
        console.print("No table changed: all agree with the source already, so nothing was written.", soft_wrap=True)


def as_json(results: "Sequence[SyncResult]") -> str:
    """One object a table; the snapshot's id is text, since JavaScript would round it."""
    return json.dumps([_object(result) for result in results], indent=2)


def _object(result: "SyncResult") -> dict[str, Any]:
    return {
        "table": _short(result.table),
        **{name: getattr(result, name) for name in COUNTS},
        "changed": result.changed,
        "schema_changes": list(result.schema_changes),
        "bytes": result.bytes,
        "seconds": round(result.seconds, 3),
        "snapshot_id": str(result.snapshot_id) if result.snapshot_id is not None else None,
    }


def _short(qualified: str) -> str:
    """The table's name as `fq query` takes it, without the catalog."""
    return qualified.partition(".")[2]
