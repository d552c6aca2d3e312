"""How a table is doing, told from its metadata alone.

Belongs here: counting files, manifests and snapshots with PyIceberg. Does not: changing anything, or what
is too many (`policy.py`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.typedef import Record

from fq_platform.lakehouse.history import ancestors, is_replace
from fq_platform.lakehouse.upkeep.policy import FEWEST_INPUT_FILES, SMALL_FRACTION, UNTOUCHED, Policy

_TARGET_PROPERTY = "write.target-file-size-bytes"
_TARGET_BYTES = 512 * 2**20
_MANIFEST_TARGET_PROPERTY = "commit.manifest.target-size-bytes"
_MANIFEST_TARGET_BYTES = 8 * 2**20


@dataclass(frozen=True)
class SmallFiles:
    """The small files of a table that a compaction would merge.

    Args:
        files: How many they are.
        bytes: Their size.
        partitions: How many partitions they lie in.
    """

    files: int = 0
    bytes: int = 0
    partitions: int = 0


def total(table: Table, name: str) -> int:
    """A total that the current snapshot states, such as `data-files`; 0 for a table that was never written."""
    snapshot = table.current_snapshot()
    return summary_number(snapshot, f"total-{name}") if snapshot else 0


def summary_number(snapshot: Snapshot, name: str) -> int:
    """A number from a snapshot's summary; 0 if it does not say."""
    return int(snapshot.summary.additional_properties.get(name, 0)) if snapshot.summary else 0


def keeps_files(table: Table) -> bool:
    """Whether no file of the table may be deleted, since other tables may name it too (`gc.enabled` is false)."""
    return str(table.properties.get("gc.enabled", "true")).lower() == "false"


def target_bytes(table: Table) -> int:
    """The size that the table's data files should have (bytes)."""
    return int(table.properties.get(_TARGET_PROPERTY, _TARGET_BYTES))


def small_bytes(table: Table) -> int:
    """The size below which a data file of the table is small (bytes)."""
    return int(target_bytes(table) * SMALL_FRACTION)


def small_files(table: Table) -> SmallFiles:
    """The small files of the table's main branch that a compaction would merge.

    Args:
        table: The table.

    Returns:
        Those in partitions that have enough of them, or that together fill a file.
    """
    if total(table, "data-files") < 2:
        return SmallFiles()
    partitions: dict[tuple[object, ...], list[int]] = defaultdict(list)
    limit = small_bytes(table)
    for spec, file in _data_files(table):
        if file.file_size_in_bytes < limit:
            partitions[spec, *_values(file.partition)].append(file.file_size_in_bytes)
    chosen = [sizes for sizes in partitions.values() if _worth_merging(sizes, target_bytes(table))]
    return SmallFiles(sum(map(len, chosen)), sum(map(sum, chosen)), len(chosen))


def _worth_merging(sizes: list[int], target: int) -> bool:
    """The rule by which Iceberg's compaction chooses partitions, with the options that `compaction.py` gives it."""
    return len(sizes) >= FEWEST_INPUT_FILES or (len(sizes) > 1 and sum(sizes) > target)


def _data_files(table: Table) -> Iterator[tuple[int, DataFile]]:
    """The data files of the main branch, each with the id of its partition spec."""
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        if manifest.content is ManifestContent.DATA:
            for entry in manifest.fetch_manifest_entry(table.io):
                yield manifest.partition_spec_id, entry.data_file


@dataclass(frozen=True)
class Manifests:
    """The manifests of the current snapshot.

    Args:
        files: How many they are.
        bytes: Their size.
        needed: How many would hold the same.
    """

    files: int = 0
    bytes: int = 0
    needed: int = 0


def manifests(table: Table) -> Manifests:
    """Count the manifests of the current snapshot; only their list is read."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return Manifests()
    target = int(table.properties.get(_MANIFEST_TARGET_PROPERTY, _MANIFEST_TARGET_BYTES))
    found = snapshot.manifests(table.io)
    by_kind: dict[tuple[ManifestContent, int], int] = defaultdict(int)
    for manifest in found:
        by_kind[manifest.content, manifest.partition_spec_id] += manifest.manifest_length
    return Manifests(len(found), sum(by_kind.values()), sum(-(-size // target) for size in by_kind.values()))


def expires_before(table: Table, policy: Policy, now: dt.datetime) -> dt.datetime:
    """The time before which snapshots of a table expire.

    Args:
        table: The table.
        policy: Its policy.
        now: The present.

    Returns:
        The age limit; later if the table has more snapshots than it may have, but never within `UNTOUCHED`.
    """
    newest_first = sorted((snapshot.timestamp_ms for snapshot in table.snapshots()), reverse=True)
    by_age = now - policy.age
    if len(newest_first) <= policy.most:
        return min(by_age, now - UNTOUCHED)
    by_number = dt.datetime.fromtimestamp(newest_first[policy.most] / 1000, dt.UTC) + dt.timedelta(milliseconds=1)
    return min(max(by_age, by_number), now - UNTOUCHED)


def fewest_kept(table: Table, policy: Policy) -> int:
    """How many snapshots must be kept so that the newest one with a write of content is among them.

    Compactions and rewritten manifests only replace files: what the last write recorded in its snapshot, such as how
    far it had read its sources, is looked for beyond them.
    """
    replaced = 0
    for snapshot in ancestors(table):
        if not is_replace(snapshot):
            break
        replaced += 1
    return max(policy.fewest, replaced + 1)


def expirable(table: Table, policy: Policy, now: dt.datetime) -> int:
    """About how many snapshots an expiry would remove (branches and tags may keep some of them)."""
    limit = expires_before(table, policy, now)
    old = sum(snapshot.timestamp_ms < limit.timestamp() * 1000 for snapshot in table.snapshots())
    return max(0, min(old, len(table.snapshots()) - fewest_kept(table, policy)))


def _values(record: Record) -> list[object]:
    return [record[position] for position in range(len(record))]
