"""What users write at their assets: how a table is written and laid out, and what of an upstream table is loaded.

Belongs here: the helpers that make metadata, and reading it back. Does not: acting on it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from fq_platform.errors import FqError
from fq_platform.io_managers.scope import PARTITION_EXPR
from fq_platform.lakehouse.read_point import ReadOptions, Since
from fq_platform.lakehouse.table_options import (
    EVOLVE_PARTITION_SPEC,
    MERGE_KEYS,
    PARTITION_BY,
    SORT_BY,
    TABLE_PROPERTIES,
    WRITE_MODE,
    TableOptions,
    WriteMode,
)

AS_OF = "fq/as_of"
BRANCH = "fq/branch"
INCREMENTAL = "fq/incremental"


def iceberg_table(
    *,
    mode: WriteMode | str = WriteMode.OVERWRITE,
    keys: Sequence[str] = (),
    partition_column: str | None = None,
    partition_by: Sequence[str] | None = None,
    sort_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
    evolve_partition_spec: bool = False,
) -> dict[str, Any]:
    """The metadata of an asset that declares how its table is written and laid out.

    Args:
        mode: `overwrite` (the run's partitions, or all), `append`, `merge` (by `keys`) or `create_or_replace`.
        keys: The columns that tell rows apart when merging.
        partition_column: For an asset with time partitions: the DATE or TIMESTAMP column that they are about.
        partition_by: The table's partition fields, such as `["days(order_date)", "bucket(16, customer_id)"]`. None:
            by day over `partition_column`, if there is one.
        sort_by: Sort fields within each data file, such as `["order_id", "ordered_at DESC"]`.
        properties: Iceberg's table properties.
        evolve_partition_spec: Whether a table that is partitioned otherwise is changed to `partition_by`.

    Returns:
        The value of `metadata=` in `@dg.asset`; more keys can be added with `|`.

    Raises:
        FqError: The options contradict each other, or one cannot be read; so the definitions do not load.
    """
    options = TableOptions.from_metadata(
        {
            WRITE_MODE: mode,
            MERGE_KEYS: keys,
            PARTITION_BY: partition_by,
            SORT_BY: sort_by,
            TABLE_PROPERTIES: properties or {},
            EVOLVE_PARTITION_SPEC: evolve_partition_spec,
        }
    )
    return options.to_metadata() | ({PARTITION_EXPR: partition_column} if partition_column else {})


def loaded(
    *,
    as_of: int | str | dt.datetime | None = None,
    branch: str | None = None,
    after: int | None = None,
    until: int | None = None,
) -> dict[str, Any]:
    """The metadata of an input that declares what of the upstream table's history is loaded.

    Args:
        as_of: A snapshot id, or a moment: an ISO 8601 text (UTC if it names no zone) or a datetime with a zone.
        branch: A branch, or a tag.
        after: Only rows that were appended after this snapshot.
        until: With `after`: the last snapshot that counts; the newest if left out.

    Returns:
        The value of `metadata=` in `dg.AssetIn`, or of `input_definition_metadata=` in `defs.load_asset_value`.

    Raises:
        FqError: The options contradict each other, or one cannot be read.
    """
    if until is not None and after is None:
        raise FqError("`until` says where an increment ends, but not where it begins", fix="Give `after` too")
    metadata: dict[str, Any] = {}
    if as_of is not None:
        metadata[AS_OF] = as_of.isoformat() if isinstance(as_of, dt.datetime) else as_of
    if branch is not None:
        metadata[BRANCH] = branch
    if after is not None:
        metadata[INCREMENTAL] = {"after": after} | ({"until": until} if until is not None else {})
    read_options(metadata)
    return metadata


def read_options(metadata: Mapping[str, Any]) -> ReadOptions:
    """Read back what an input declares.

    Args:
        metadata: Of the input; it may hold other keys.

    Returns:
        What of the table's history is asked for.

    Raises:
        FqError: A value cannot be read; the message names its key.
    """
    branch = metadata.get(BRANCH)
    if branch is not None and not (isinstance(branch, str) and branch):
        raise _wrong(BRANCH, branch, "Give the name of a branch")
    return ReadOptions(
        as_of=_as_of(metadata[AS_OF]) if metadata.get(AS_OF) is not None else None,
        branch=branch,
        # True is for the asset that is made of the input; where none is, as when its checks run alone, all is loaded.
        since=_since(metadata[INCREMENTAL]) if metadata.get(INCREMENTAL) not in (None, False, True) else None,
    )


def _as_of(value: object) -> int | dt.datetime:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    try:
        moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise _wrong(AS_OF, value, "Give a snapshot id, or a moment such as 2026-01-31T08:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _since(value: object) -> Since:
    if isinstance(value, Mapping) and "after" in value and value.keys() <= {"after", "until"}:
        ends = [value["after"], value.get("until", 0)]
        if all(isinstance(end, int) for end in ends):
            return Since(value["after"], value.get("until"))
    raise _wrong(INCREMENTAL, value, 'Give snapshot ids, such as {"after": 1234}; "until" is the last that counts')


def _wrong(key: str, value: object, fix: str) -> FqError:
    return FqError(f"{value!r} is no value of {key}", where="the input's metadata", fix=fix)
