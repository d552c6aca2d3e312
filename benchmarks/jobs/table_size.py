"""What a raw table weighs beside its rows (data files, manifests, metadata), and what its small syncs cost.

Belongs here: one table, landed day by day, and its sizes. Does not: what follows for larger ones (`benchmarks/scale`).
"""

import datetime as dt
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.documents import DAYS, START, encoded
from benchmarks.jobs.sync import warm_up
from benchmarks.lake import Lake
from benchmarks.measure import Cost

if TYPE_CHECKING:
    from pyiceberg.table import Table

_SETTLED = 5
"""Commits that do not count: the first ones also make columns."""
_UNCHANGED = 5
"""Comparisons of a collection that has not changed."""


def run(uri: str, home: str, collection: str, warm: str, documents: int) -> dict[str, Any]:
    """Land a collection a day at a time, so that each day is a commit; then all of its days at once, in another lake.

    Args:
        uri: The replay server.
        home: Folder of the lakes.
        collection: What to land; so small that all of its documents are different.
        warm: A small collection of the same kind, to warm up with.
        documents: How many documents it has.

    Returns:
        Bytes, and seconds of a sync, by name.
    """
    warm_up(uri, Path(home) / "warm", warm)
    daily = Lake(uri, Path(home) / "daily")
    lists, metadata, changed = [], [], []
    for day in range(DAYS):
        changed.append(_cost_of(daily, collection, START.date() + dt.timedelta(days=day)))
        table = daily.table(collection)
        lists.append(_list_bytes(table))
        metadata.append(len(_metadata(table)))
    unchanged = [_cost_of(daily, collection, START.date()) for _ in range(_UNCHANGED)]
    at_once = Lake(uri, Path(home) / "at_once")
    at_once.sync(collection, by_day=True)
    return {
        "source": sum(map(len, encoded("clean", documents))),
        "stored": sum(path.stat().st_size for path in daily.data_files(collection)),
        "metadata": metadata[-1],
        "metadata_a_snapshot": _growth(metadata),
        "list_a_manifest": _growth(lists),
        "files_a_commit": _files_a_commit(daily),
        **_schema(table),
        **_manifests(table, at_once.table(collection)),
        "changed_cpu": statistics.median(cost.cpu for cost in changed[_SETTLED:]),
        "changed_wall": statistics.median(cost.wall for cost in changed[_SETTLED:]),
        "unchanged_cpu": statistics.median(cost.cpu for cost in unchanged),
        "unchanged_wall": statistics.median(cost.wall for cost in unchanged),
    }


def _cost_of(lake: Lake, collection: str, day: dt.date) -> Cost:
    cost = Cost()
    with cost.measured():
        lake.sync(collection, by_day=True, only=day)
    return cost


def _metadata(table: "Table") -> str:
    return _local(table.metadata_location).read_text(encoding="utf-8")


def _list_bytes(table: "Table") -> int:
    snapshot = table.current_snapshot()
    return _local(snapshot.manifest_list).stat().st_size if snapshot else 0


def _growth(sizes: Sequence[int]) -> float:
    """Bytes that each further commit adds."""
    return (sizes[-1] - sizes[_SETTLED]) / (len(sizes) - 1 - _SETTLED)


def _files_a_commit(lake: Lake) -> float:
    """Files that a commit with rows of one day writes: data, manifest, list of manifests, metadata."""
    return len([path for path in lake.stored() if "/replay/" in path]) / DAYS


def _schema(table: "Table") -> dict[str, float]:
    """What a column costs in the metadata: each schema that the table ever had stands there whole."""
    schema = json.loads(_metadata(table))["schemas"][-1]
    columns = len(table.schema().column_names)
    return {"columns": columns, "metadata_a_column": len(json.dumps(schema, separators=(",", ":"))) / columns}


def _manifests(daily: "Table", at_once: "Table") -> dict[str, float]:
    """What a data file costs in a manifest, and a manifest without any, from manifests of one file and of many."""
    single, many = (
        list(snapshot.manifests(table.io)) for table in (daily, at_once) if (snapshot := table.current_snapshot())
    )
    files = many[0].added_files_count or 0
    alone = statistics.mean(manifest.manifest_length for manifest in single)
    entry = (many[0].manifest_length - alone) / (files - 1)
    return {"manifest_a_file": entry, "manifest_alone": alone - entry, "files_at_once": files}


def _local(address: str) -> Path:
    return Path(address.removeprefix("file://"))
