"""What upkeep keeps, and when it finds that there is something to do: every number of it in one place.

Belongs here: policies by layer and thresholds. Does not: measuring tables, or changing them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer

MAX_AGE_PROPERTY = "history.expire.max-snapshot-age-ms"
MIN_KEPT_PROPERTY = "history.expire.min-snapshots-to-keep"
"""Properties of Iceberg's own by which a table departs from its layer's policy."""


@dataclass(frozen=True)
class Policy:
    """What is kept of a table.

    Args:
        age: Snapshots younger than this are kept.
        fewest: So many snapshots of a branch are kept, however old they are.
        most: Of more snapshots than this the oldest go before their time, but none younger than `UNTOUCHED`.
    """

    age: dt.timedelta
    fewest: int
    most: int = 500


POLICIES: Mapping[Layer, Policy] = {
    # A changelog holds its history in its rows; snapshots serve reading positions and a way back from a mistake.
    Layer.RAW: Policy(dt.timedelta(days=90), fewest=100),
    Layer.CURATED: Policy(dt.timedelta(days=30), fewest=20),
    Layer.SHARED: Policy(dt.timedelta(days=30), fewest=20),
    Layer.ANALYTICS: Policy(dt.timedelta(days=14), fewest=10),
}

UNTOUCHED = dt.timedelta(days=1)
"""No snapshot younger than this is expired: a query or a run that began with it may still be reading."""
ORPHAN_AGE = dt.timedelta(days=7)
"""A file that no metadata refers to is removed at this age: until then it may belong to a write that is running."""
YOUNGEST_ORPHAN = dt.timedelta(days=3)
"""Nobody may ask for orphans younger than this to be removed."""
AUDIT_BRANCH_AGE = dt.timedelta(days=7)
"""An audit branch that was not published is kept for inspection so long; a killed writer's hidden one, too."""
AUDIT_IN_PROGRESS = dt.timedelta(hours=1)
"""A table with an audit branch written to so lately is not compacted: publishing it would meet a moved main."""

FEWEST_INPUT_FILES = 5
"""A partition with fewer small files is left alone."""
SMALL_FRACTION = 0.75
"""A file below this part of the target size is small."""

MANIFESTS_PAY = 20
"""Manifests are rewritten from so many on, if half as many would hold the same."""

WARN_SMALL_FILES = 100
"""Small files that a compaction would merge."""
WARN_SNAPSHOTS = 1_000
WARN_MANIFESTS = 200
WARN_METADATA_BYTES = 16 * 2**20
"""Size of the metadata file, which every reader reads and every commit writes anew."""


def policy_of(layer: Layer, properties: Mapping[str, str], table: str) -> Policy:
    """The policy of a table: its layer's, unless the table's properties say otherwise.

    Args:
        layer: The table's layer.
        properties: The table's properties.
        table: The table's name, for the complaint.

    Returns:
        The policy.

    Raises:
        FqError: A property is not a number.
    """
    policy = POLICIES[layer]
    if MAX_AGE_PROPERTY in properties:
        age = _number(properties, MAX_AGE_PROPERTY, table)
        policy = replace(policy, age=dt.timedelta(milliseconds=min(age, 10**14)))
    if MIN_KEPT_PROPERTY in properties:
        policy = replace(policy, fewest=max(1, _number(properties, MIN_KEPT_PROPERTY, table)))
    return policy


def _number(properties: Mapping[str, str], name: str, table: str) -> int:
    value = properties[name]
    if not value.isdecimal():
        raise FqError(
            f"The table property {name} is {value!r}, not a whole number",
            where=table,
            fix=f"Correct it: ALTER TABLE {table} SET TBLPROPERTIES ('{name}' = '...')",
        )
    return int(value)
