"""The home window: why documents live in the first day, as the lake knows it.

Belongs here: telling the undated, the early and those of days to come from the first day's own. Does not: the rule
itself (`windows.py`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from bson.datetime_ms import DatetimeMS
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from fq_platform.extraction.windows import DAY, Window, owner
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.live import LIVE_COLUMNS, live_rows
from fq_platform.lakehouse.storage import storage_errors
from fq_platform.naming import denormalise, normalise

_BATCH_ROWS = 65_536
_MICROSECONDS = 1_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_DATE = r'^\{"\$date": ?\{"\$numberLong": ?"(?P<ms>-?\d+)"\}\}$'
_NO_DATE = np.iinfo(np.int64).min

_ROW = pa.schema(
    [
        ("_id", pa.string()),
        ("op", pa.string()),
        ("read_at", pa.timestamp("us", "UTC")),
        ("reason", pa.string()),
        ("day", pa.date32()),
    ]
)
_COUNT = """
SELECT reason, day, count(*)
FROM (FROM rows QUALIFY row_number() OVER (PARTITION BY _id ORDER BY read_at DESC) = 1)
WHERE op <> 'delete' GROUP BY ALL ORDER BY ALL
"""


class Reason(StrEnum):
    """Why a document lives in the first day's window."""

    OWN = "of that day"
    MISSING = "missing"
    NULL = "null"
    NO_DATE = "not a date"
    EARLY = "before the first day"
    FUTURE = "of a day to come"
    BEGUN = "of a day that has begun since"


UNUSABLE = (Reason.MISSING, Reason.NULL, Reason.NO_DATE, Reason.EARLY)
"""Those that will never have a day of their own."""


@dataclass(frozen=True)
class Home:
    """What lives in the first day's window.

    Args:
        documents: How many documents for each reason; none without documents.
        begun: The later days, up to today, that documents in it belong to by now.
    """

    documents: Mapping[Reason, int] = field(default_factory=dict)
    begun: frozenset[dt.date] = frozenset()

    @property
    def unusable(self) -> int:
        """Documents whose event time tells no day, or one before the first."""
        return sum(self.documents.get(reason, 0) for reason in UNUSABLE)


def look_at_home(table: Table, window: Window, spill: Path) -> Home:
    """Tell why the documents of the first day's window live there.

    Args:
        table: The raw table; only the files of this window are read, and of those only few columns.
        window: The window of the first day.
        spill: Folder for what does not fit into memory.

    Returns:
        The reasons and their numbers.
    """
    rows = pa.RecordBatchReader.from_batches(_ROW, _rows(table, window))
    with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.register("rows", rows).execute(_COUNT).fetchall()
    documents: dict[Reason, int] = {}
    for reason, _, number in found:
        documents[Reason(reason)] = documents.get(Reason(reason), 0) + number
    return Home(documents, frozenset(day for _, day, _ in found if day is not None))


def with_days_begun(catalog: Catalog, name: TableName, windows: Sequence[Window], spill: Path) -> list[Window]:
    """Add to the first day's window those of the days that have begun since it was compared last.

    Compared alone, it would give up the documents of these days before their own windows have taken them in: they would
    be in none. In one sync, both happen in one commit.

    Args:
        catalog: A PyIceberg catalog.
        name: The raw table, which need not exist yet.
        windows: Windows of one collection that are to be compared, in order.
        spill: Folder for what does not fit into memory.

    Returns:
        The windows, and behind them those that are added: none, unless the first day is among the windows.

    Raises:
        FqError: The table cannot be read.
    """
    complete = windows[-1].day == windows[-1].last_day
    if not windows[0].is_first or complete:
        return list(windows)
    with storage_errors(name.qualified):
        if not catalog.table_exists(name.identifier):
            return list(windows)
        home = look_at_home(catalog.load_table(name.identifier), windows[0], spill)
    further = sorted(home.begun - {window.day for window in windows})
    return [*windows, *(replace(windows[0], day=day) for day in further)]


def _rows(table: Table, window: Window) -> Iterator[pa.RecordBatch]:
    """Every version in the window with its reason."""
    if window.field is None or window.day is None:
        raise ValueError("a collection without days has no home window")
    steps = [normalise(step) for step in window.field.split(".")]
    columns = [*LIVE_COLUMNS, "_fq_nulls", "_fq_rescued"]
    rows = live_rows(table, [window.day])[window.day]
    for location in rows.files:
        with rows.io.new_input(location).open() as stream, pq.ParquetFile(stream) as file:
            chosen = [*columns, _column(file.schema_arrow, steps)]
            for batch in file.iter_batches(_BATCH_ROWS, columns=chosen, use_threads=False):
                reasons, days = _reasons(batch, steps, window, window.day)
                versions = [batch.column(name) for name in ("_id", "_fq_op", "_fq_extracted_at")]
                yield pa.record_batch([*versions, reasons, days], names=_ROW.names).cast(_ROW)


def _column(schema: pa.Schema, steps: list[str]) -> str:
    """The column to read for a path: its own, or all of the array or map that it leads into."""
    type_: pa.DataType = pa.struct(list(schema))
    for number, step in enumerate(steps):
        if not pa.types.is_struct(type_):
            return ".".join(steps[:number])
        if type_.get_field_index(step) < 0:
            break
        type_ = type_.field(step).type
    return ".".join(steps)


def _reasons(batch: pa.RecordBatch, steps: list[str], window: Window, first: dt.date) -> tuple[pa.Array, pa.Array]:
    """The reason of each row, and its day if that has begun since."""
    value = _value(batch, steps)
    instants = _instants(batch, value, ".".join(steps))
    reasons = np.full(len(batch), Reason.MISSING, dtype=object)
    reasons[_is_null(batch, ".".join(steps))] = Reason.NULL
    reasons[pc.is_valid(value).to_numpy(zero_copy_only=False) | _is_rescued(batch, steps)] = Reason.NO_DATE
    dated = instants != _NO_DATE
    begun = dated & ~window.owns_mask(instants)
    own = dated & replace(window, start_date=first - DAY).owns_mask(instants)
    reasons[dated] = np.where(instants[dated] < _midnight(first, window.zone), Reason.EARLY, Reason.FUTURE)
    reasons[own] = Reason.OWN
    reasons[begun] = Reason.BEGUN
    days: list[dt.date | None] = [None] * len(batch)
    for row in np.flatnonzero(begun).tolist():
        days[row] = owner(DatetimeMS(int(instants[row])), first, window.last_day, window.zone)
    return pa.array(reasons.tolist(), pa.string()), pa.array(days, pa.date32())


def _value(batch: pa.RecordBatch, steps: list[str]) -> pa.Array:
    """The event-time column, or the array that is met on the way; nulls where no document of the file has it."""
    value: pa.Array = pa.StructArray.from_arrays(batch.columns, batch.schema.names)
    for step in steps:
        if pa.types.is_map(value.type):
            value = pc.map_lookup(value, denormalise(step), "first")
        elif pa.types.is_struct(value.type) and value.type.get_field_index(step) >= 0:
            value = pc.struct_field(value, step)
        elif pa.types.is_list(value.type) or pa.types.is_large_list(value.type):
            return value
        else:
            return pa.nulls(len(batch))
    return value


def _instants(batch: pa.RecordBatch, value: pa.Array, path: str) -> npt.NDArray[np.int64]:
    """The event times (ms), also of dates that the column cannot hold; `_NO_DATE` where there is none."""
    text = pc.map_lookup(batch.column("_fq_rescued"), path, "first").cast(pa.string())
    instants = pc.struct_field(pc.extract_regex(text, _DATE), "ms").cast(pa.int64())
    if pa.types.is_timestamp(value.type):
        microseconds = value.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        instants = pc.coalesce(pc.divide(microseconds, _MICROSECONDS), instants)
    return pc.fill_null(instants, _NO_DATE).to_numpy(zero_copy_only=False)


def _is_null(batch: pa.RecordBatch, path: str) -> npt.NDArray[np.bool_]:
    """Where the field is there and null."""
    lists = batch.column("_fq_nulls")
    named = pc.equal(pc.list_flatten(lists), path).to_numpy(zero_copy_only=False)
    return np.isin(np.arange(len(batch)), pc.list_parent_indices(lists).to_numpy()[named.astype(np.bool_)])


def _is_rescued(batch: pa.RecordBatch, steps: list[str]) -> npt.NDArray[np.bool_]:
    """Where the value, or one on the way to it, does not fit its column."""
    rescued = batch.column("_fq_rescued")
    paths = (".".join(steps[:length]) for length in range(1, len(steps) + 1))
    found = [pc.is_valid(pc.map_lookup(rescued, path, "first")).to_numpy(zero_copy_only=False) for path in paths]
    return np.logical_or.reduce(found)


def _midnight(day: dt.date, zone: str | ZoneInfo) -> int:
    """The instant (ms) at which a day begins."""
    zone = zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)
    return (dt.datetime(day.year, day.month, day.day, tzinfo=zone) - _EPOCH) // _MILLISECOND
