"""The formulae of what lies in the lake: files, manifests, metadata, and how tables should be partitioned.

Belongs here: sizes and counts of one table and of all. Does not: time (`model.py`, `days.py`).
"""

import math
from dataclasses import dataclass

from benchmarks.scale.inputs import Inputs
from benchmarks.scale.model import Workload
from fq_platform.lakehouse.layout import Layer
from fq_platform.lakehouse.upkeep.policy import ORPHAN_AGE, POLICIES
from fq_platform.settings import Settings

TARGET_FILE = 512 * 2**20
"""Where a data file is closed, and what upkeep merges to: Iceberg's default."""
MANIFEST_TARGET = 8 * 2**20
"""What upkeep merges manifests to: Iceberg's default."""
METADATA_LOG = 100
"""Metadata files that the newest one names: Iceberg's default."""
WEEK = 7
"""Days from one upkeep to the next."""
DAY_PAYS = 64 * 2**20
"""A partition that gets less than this is mostly overhead: requests, statistics, a manifest's entry (assumed)."""
DAY_IS_LARGE = 8 * TARGET_FILE
"""A day with more files than this is worth dividing, so that readers of one key skip most of them (assumed)."""
COMPARED_WHOLE = 100e6
"""A collection up to this size (BSON) is compared as a whole, at each run: that takes less than a second (assumed)."""
SCHEMAS = 3
"""Schemas that a raw table keeps: the empty one, the first documents', one with later fields (assumed)."""


@dataclass(frozen=True)
class Files:
    """What one raw table has.

    Args:
        windows: Partitions.
        loaded: Data files after the first load.
        small: Data files that a week of runs adds.
        data: Bytes of data.
        added: Bytes of data that a day adds.
    """

    windows: int
    loaded: int
    small: int
    data: float
    added: float


@dataclass(frozen=True)
class Metadata:
    """The metadata of one raw table at the end of a week, before upkeep.

    Args:
        snapshots: That are kept.
        json: Bytes of the newest metadata file, which each commit writes anew and each reader reads.
        json_files: Metadata files that lie there.
        manifests: Of the newest snapshot.
        total: Bytes of all metadata files, manifests and lists of manifests.
        planning: CPU-seconds to plan a scan of all files.
    """

    snapshots: int
    json: float
    json_files: int
    manifests: int
    total: float
    planning: float


def by_day(workload: Workload) -> bool:
    """Whether a collection should declare `partition_by`: comparing all of it at each run costs more than days cost."""
    return workload.one > COMPARED_WHOLE


def files(inputs: Inputs, workload: Workload) -> Files:
    """Data files of one raw table.

    First load: windows x ceil(bytes of a window / target); a collection without days has a file a range of `_id`.
    A week: runs x 7 x windows touched, since each commit adds a file to each window that it touches.
    """
    data = workload.one * inputs.stored_part
    windows = workload.days if by_day(workload) else 1
    ranges = workload.one / inputs.document_bytes / Settings.model_fields["extraction_range_documents"].default
    each = math.ceil(data / windows / TARGET_FILE)
    loaded = windows * each if by_day(workload) else max(each, math.ceil(ranges))
    touched = min(workload.touched, windows)
    return Files(windows, loaded, workload.runs * WEEK * touched, data, data * workload.change_rate)


def metadata(inputs: Inputs, workload: Workload) -> Metadata:
    """The metadata of one raw table, with raw's retention.

    Snapshots: those of `age` days, at least `fewest`, at most `most` at upkeep, and a week's more before the next.
    metadata.json = snapshots x bytes + schemas x columns x bytes. In raw no commit deletes metadata files (its role
    must not delete): the log's hundred stay, and the others until upkeep finds them as orphans of a week.
    """
    found = files(inputs, workload)
    policy = POLICIES[Layer.RAW]
    kept = min(max(policy.fewest, workload.runs * policy.age.days), max(policy.most, workload.runs))
    week = workload.runs * WEEK
    snapshots = kept + week
    json = snapshots * inputs.metadata_snapshot + SCHEMAS * inputs.columns * inputs.metadata_column
    json_files = METADATA_LOG + workload.runs * (ORPHAN_AGE.days + WEEK)
    base = max(1, math.ceil(found.loaded * inputs.manifest_file / MANIFEST_TARGET))
    manifests = base + week
    lists = snapshots * inputs.list_manifest * (base + week / 2)
    entries = (found.loaded + found.small) * inputs.manifest_file + snapshots * inputs.manifest_alone
    planning = (found.loaded + found.small) / 1_000 * inputs.plan_thousand
    return Metadata(snapshots, json, json_files, manifests, json * json_files + lists + entries, planning)


def partition_advice(inputs: Inputs, workload: Workload) -> tuple[str, str]:
    """How to partition a collection's tables.

    Returns:
        Of the raw table, which knows days or none, and of a curated one, which knows all that Iceberg does.
    """
    day = workload.one * inputs.stored_part / workload.days
    raw = "`partition_by`: by day" if by_day(workload) else "none: compared as a whole"
    if day >= DAY_IS_LARGE:
        buckets = 2 ** math.ceil(math.log2(day / (2 * TARGET_FILE)))
        return raw, f"`days(c)`, `bucket({buckets}, key)`"
    if day >= DAY_PAYS:
        return raw, "`days(c)`"
    if day * 30 >= DAY_PAYS:
        return raw, "`months(c)`"
    return raw, "none"
