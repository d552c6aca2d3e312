"""Misfits: the rescued values of the documents that live in some windows, counted by where they stand.

Belongs here: finding them in a raw table without reading more of it than needed. Does not: rescuing (`rescue.py`), or
deciding how bad they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from pyiceberg.table import Table
from pyiceberg.types import IcebergType, ListType, MapType, StructType

from fq_platform.lakehouse.live import LiveRows

ELEMENT = "[]"
ENTRY = '["*"]'
"""How a path names any element of an array, and any entry of a map."""

_VERSION = pa.schema([("_id", pa.string()), ("day", pa.date32()), ("read_at", pa.timestamp("us", "UTC"))])
_FOUND = _VERSION.append(pa.field("rescued", pa.map_(pa.string(), pa.string())))

_COLUMNS = ("_id", "_fq_window", "_fq_extracted_at")

# Of a document's versions only those with rescued values are kept; the newest of all is found among the _ids of these.
_KEEP = "CREATE TEMP TABLE misfit AS SELECT _id, coalesce(day, '0001-01-01') AS day, read_at, rescued FROM found"
_COUNT = r"""
WITH newest AS (
    SELECT _id, coalesce(version.day, '0001-01-01') AS day, max(version.read_at) AS read_at
    FROM versions AS version
    SEMI JOIN misfit ON version._id = misfit._id AND coalesce(version.day, '0001-01-01') = misfit.day
    GROUP BY ALL
), live AS (
    SELECT unnest(map_entries(rescued)) AS entry FROM misfit JOIN newest USING (_id, day, read_at)
)
SELECT
    regexp_replace(regexp_replace(entry.key, '\["(\\.|[^"\\])*"\]', '["*"]', 'g'), '\[\d+\]', '[]', 'g') AS path,
    CASE
        WHEN entry.value IN ('[]', '{}') THEN entry.value
        WHEN entry.value LIKE '"%' THEN 'string'
        WHEN entry.value LIKE '[%' THEN 'array'
        WHEN entry.value LIKE '{"$%' THEN regexp_extract(entry.value, '^\{"\$(\w+)"', 1)
        WHEN entry.value LIKE '{%' THEN 'object'
        ELSE 'boolean'
    END AS found,
    count(*) AS number
FROM live GROUP BY ALL ORDER BY number DESC, path, found
"""


@dataclass(frozen=True)
class Misfit:
    """Rescued values of one type at one place.

    Args:
        path: Where they stand, such as `lines[].price`: any element of an array counts as one place.
        found: What they are: `string`, `array`, `object`, `boolean`, or the name that extended JSON gives the type,
            such as `numberDouble`.
        values: How many there are.
        column: The Iceberg type of the column that cannot hold them; None if the place has no column.
    """

    path: str
    found: str
    values: int
    column: str | None

    @property
    def remedy(self) -> str | None:
        """What to say in the sources file if this is a column of numbers that meets other numbers; None if not."""
        wanted = {("long", "numberDouble"): "double", ("long", "numberDecimal"): "decimal"}
        wanted[("double", "numberDecimal")] = wanted[("double", "numberLong")] = "decimal"
        type_ = wanted.get((self.column or "", self.found))
        return f"types: {{{self.path.replace(ELEMENT, '')}: {type_}}}" if type_ and ENTRY not in self.path else None


def misfits(table: Table, windows: Sequence[LiveRows], spill: Path) -> list[Misfit]:
    """Count the rescued values of live documents.

    An empty array or object that waits for its column is none: it is rescued because nothing tells yet what the column
    holds, and would fit it. What was rescued so stays where it is when the column comes.

    Args:
        table: The raw table.
        windows: Its rows in some windows, as `lakehouse.live.live_rows` finds them.
        spill: Folder for what does not fit into memory.

    Returns:
        The misfits, the most frequent first.
    """
    with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("found", pa.RecordBatchReader.from_batches(_FOUND, _rescued(windows)))
        (kept,) = connection.execute(_KEEP).fetchone() or (0,)
        if not kept:
            return []
        connection.register("versions", pa.RecordBatchReader.from_batches(_VERSION, _versions(windows)))
        counted = connection.execute(_COUNT).fetchall()
    types = dict(_types("", table.schema().as_struct()))
    return [
        Misfit(path, found, number, str(types[path]) if path in types else None)
        for path, found, number in counted
        if not _waits(found, types.get(path))
    ]


def _waits(found: str, column: IcebergType | None) -> bool:
    """Whether this is an empty array or object whose column is not there yet, or came later."""
    if found == "[]":
        return column is None or isinstance(column, ListType)
    return found == "{}" and (column is None or isinstance(column, StructType | MapType))


def _types(path: str, type_: IcebergType) -> Iterator[tuple[str, IcebergType]]:
    """The types of a column and of what lies within, by path."""
    if path:
        yield path, type_
    if isinstance(type_, StructType):
        for field in type_.fields:
            yield from _types(f"{path}.{field.name}" if path else field.name, field.field_type)
    elif isinstance(type_, ListType):
        yield from _types(path + ELEMENT, type_.element_type)
    elif isinstance(type_, MapType):
        yield from _types(path + ENTRY, type_.value_type)


def _rescued(windows: Sequence[LiveRows]) -> Iterator[pa.RecordBatch]:
    """The versions that have rescued values; this column alone decides, and mostly holds nothing."""
    for rows in windows:
        for batch in rows.batches([*_COLUMNS, "_fq_rescued"]):
            found = batch.filter(batch.column("_fq_rescued").is_valid())
            if len(found):
                yield found.rename_columns(_FOUND.names).cast(_FOUND)


def _versions(windows: Sequence[LiveRows]) -> Iterator[pa.RecordBatch]:
    for rows in windows:
        for batch in rows.batches(_COLUMNS):
            yield batch.rename_columns(_VERSION.names).cast(_VERSION)
