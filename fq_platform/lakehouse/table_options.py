"""What an asset declares about its table: how it is written, how it is laid out, what it says of itself.

Belongs here: the declaration, its metadata keys and their validation. Does not: Spark, catalogs, or acting on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.partition_fields import PartitionField, SortField

WRITE_MODE = "fq/write_mode"
MERGE_KEYS = "fq/merge_keys"
PARTITION_BY = "fq/partition_by"
SORT_BY = "fq/sort_by"
TABLE_PROPERTIES = "fq/table_properties"
EVOLVE_PARTITION_SPEC = "fq/evolve_partition_spec"
COLUMN_COMMENTS = "fq/column_comments"

_RESERVED = ("comment", "format-version", "location", "owner", "provider")
"""Properties that are something else's to say, or that no writer may change."""


class WriteMode(StrEnum):
    """How rows reach a table."""

    OVERWRITE = "overwrite"
    APPEND = "append"
    MERGE = "merge"
    CREATE_OR_REPLACE = "create_or_replace"


@dataclass(frozen=True)
class TableOptions:
    """How a table is written and laid out.

    Args:
        mode: How rows reach the table.
        keys: The columns that tell rows apart when merging.
        partition_by: Partition fields, such as `("days(order_date)", "bucket(16, customer_id)")`; an empty tuple for
            none; None to leave it to the platform: by day over the column by which the asset is partitioned, if it is.
        sort_by: Sort fields within each data file, such as `("order_id", "ordered_at DESC")`.
        properties: Iceberg's table properties, kept as declared.
        evolve_partition_spec: Whether a table partitioned otherwise is changed to `partition_by`. Files that are there
            keep the partitions they were written with.

    Raises:
        FqError: The options contradict each other, or one cannot be read.
    """

    mode: WriteMode = WriteMode.OVERWRITE
    keys: tuple[str, ...] = ()
    partition_by: tuple[str, ...] | None = None
    sort_by: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    evolve_partition_spec: bool = False

    def __post_init__(self) -> None:
        _require_keys_where_merged(self.mode, self.keys)
        _require_distinct(MERGE_KEYS, self.keys)
        _require_distinct(PARTITION_BY, [str(field) for field in self.partition_fields or ()])
        _require_distinct(SORT_BY, [field.column for field in self.sort_fields])
        _require_properties(self.properties)

    @property
    def partition_fields(self) -> tuple[PartitionField, ...] | None:
        """`partition_by`, parsed."""
        return None if self.partition_by is None else tuple(PartitionField.parse(text) for text in self.partition_by)

    @property
    def sort_fields(self) -> tuple[SortField, ...]:
        """`sort_by`, parsed."""
        return tuple(SortField.parse(text) for text in self.sort_by)

    def to_metadata(self) -> dict[str, Any]:
        """The options as metadata of an asset; what is left at its default is left out."""
        metadata: dict[str, Any] = {}
        if self.mode is not WriteMode.OVERWRITE:
            metadata[WRITE_MODE] = self.mode.value
        if self.keys:
            metadata[MERGE_KEYS] = list(self.keys)
        if self.partition_by is not None:
            metadata[PARTITION_BY] = list(self.partition_by)
        if self.sort_by:
            metadata[SORT_BY] = list(self.sort_by)
        if self.properties:
            metadata[TABLE_PROPERTIES] = dict(self.properties)
        if self.evolve_partition_spec:
            metadata[EVOLVE_PARTITION_SPEC] = True
        return metadata

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Read the options back from an asset's metadata, which may hold other keys.

        Args:
            metadata: Plain values, or Dagster's metadata values around them.

        Returns:
            The options.

        Raises:
            FqError: A value has the wrong type or cannot be read; the message names its key.
        """
        given = {key: _plain(metadata[key]) for key in metadata if key.startswith("fq/")}
        partition_by = given.get(PARTITION_BY)
        properties = given.get(TABLE_PROPERTIES, {})
        if not isinstance(properties, Mapping):
            raise _wrong(TABLE_PROPERTIES, properties, 'Give a mapping, such as {"write.target-file-size-bytes": "1"}')
        evolve = given.get(EVOLVE_PARTITION_SPEC, False)
        if not isinstance(evolve, bool):
            raise _wrong(EVOLVE_PARTITION_SPEC, evolve, "Give True or False")
        return cls(
            mode=_mode(given.get(WRITE_MODE, WriteMode.OVERWRITE)),
            keys=_texts(MERGE_KEYS, given.get(MERGE_KEYS, ())),
            partition_by=None if partition_by is None else _texts(PARTITION_BY, partition_by),
            sort_by=_texts(SORT_BY, given.get(SORT_BY, ())),
            properties=dict(properties),
            evolve_partition_spec=evolve,
        )


@dataclass(frozen=True)
class TableDocs:
    """What a table says of itself.

    Args:
        description: The table's comment.
        owner: Who answers for it, such as `team:finance`.
        columns: Comments by column; fields of structs with dots, `element` and `value` inside lists and maps.
    """

    description: str = ""
    owner: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """The table that is written, with all that is declared about it.

    Args:
        table: Its name, placed.
        location: The folder that it gets when it is created (URI); None where the catalog decides.
        options: How it is written and laid out.
        docs: What it says of itself.
        partition_column: The column by which the asset is partitioned; None if it is not.
        branch: The branch to write to; None for `main`.
    """

    table: TableName
    location: str | None
    options: TableOptions = field(default_factory=TableOptions)
    docs: TableDocs = field(default_factory=TableDocs)
    partition_column: str | None = None
    branch: str | None = None

    @property
    def name(self) -> str:
        """What is written, as Spark takes it: the table, or its branch."""
        return f"{self.table.qualified}.`branch_{self.branch}`" if self.branch else self.table.qualified

    @property
    def ref(self) -> str:
        """The branch's name in the table's metadata."""
        return self.branch or "main"

    @property
    def partition_fields(self) -> tuple[PartitionField, ...]:
        """The fields that a new table is partitioned by."""
        declared = self.options.partition_fields
        if declared is not None:
            return declared
        return (PartitionField("day", self.partition_column),) if self.partition_column else ()


def _plain(value: Any) -> Any:
    """The value inside one of Dagster's metadata values."""
    return getattr(value, "value", value) if type(value).__name__.endswith("MetadataValue") else value


def _wrong(key: str, value: object, fix: str) -> FqError:
    return FqError(f"{value!r} is no value of {key}", where="the asset's metadata", fix=fix)


def _mode(value: object) -> WriteMode:
    try:
        return WriteMode(value)  # type: ignore[arg-type]  # anything but one of its values is an error, whatever its type
    except ValueError:
        raise _wrong(WRITE_MODE, value, f"Give one of {', '.join(WriteMode)}") from None


def _texts(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence) and all(isinstance(text, str) and text.strip() for text in value):
        return tuple(value)
    raise _wrong(key, value, "Give a list of names")


def _require_keys_where_merged(mode: WriteMode, keys: Sequence[str]) -> None:
    if mode is WriteMode.MERGE and not keys:
        raise FqError(
            "The write mode is merge, but no key says which rows are the same",
            where=MERGE_KEYS,
            fix=f'Add "{MERGE_KEYS}": ["<column>", …] to the asset\'s metadata',
        )
    if keys and mode is not WriteMode.MERGE:
        raise FqError(
            f"Keys are given, but the write mode {mode} does not use any",
            where=MERGE_KEYS,
            fix=f'Set "{WRITE_MODE}": "merge", or leave the keys out',
        )


def _require_distinct(key: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise FqError(f"{name} is named twice", where=key, fix="Name it once")
        seen.add(name.lower())


def _require_properties(properties: Mapping[str, str]) -> None:
    for name, value in properties.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise _wrong(TABLE_PROPERTIES, {name: value}, "Write names and values as text, in quotes")
        if name in _RESERVED or name.startswith("fq."):
            raise FqError(
                f"The property {name} cannot be declared",
                where=TABLE_PROPERTIES,
                fix="Leave it out: descriptions and owners are those of the asset, the rest is the platform's to set",
            )
