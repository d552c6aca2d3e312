"""Results as table, CSV, JSON or Parquet, written batch by batch.

Belongs here: the formats' syntax. Does not: how a single value is written (`values.py`), where the output goes.
"""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as types

from fq_platform.errors import FqError
from fq_platform.query.options import Format
from fq_platform.query.values import plain_columns, text

if TYPE_CHECKING:
    from rich.console import Console

LEAST_COLUMN_WIDTH = 12
"""Characters; where a terminal leaves a column less, each row becomes a block of its own."""


def write(reader: pa.RecordBatchReader, form: Format, sink: BinaryIO) -> int:
    """Write a result for machines, holding one batch in memory at a time.

    - CSV: RFC 4180 with a header, UTF-8; NULL is an empty field, the empty string `""`; nested values are JSON.
    - JSON: one array with one object a line; values as `values.plain_columns` says, so decimals are strings.
    - Parquet: zstd, a row group per batch, the Arrow types kept.

    Args:
        reader: The result.
        form: Any format but the table.
        sink: A binary file; it need not be seekable.

    Returns:
        The number of rows.

    Raises:
        FqError: The result has types that Parquet, or names that JSON, cannot carry.
    """
    writers: dict[Format, Callable[[pa.RecordBatchReader, BinaryIO], int]] = {
        Format.CSV: _write_csv,
        Format.JSON: _write_json,
        Format.PARQUET: _write_parquet,
    }
    return writers[form](reader, sink)


def _write_csv(reader: pa.RecordBatchReader, sink: BinaryIO) -> int:
    sink.write(_csv_line(reader.schema.names))
    rows = 0
    for batch in reader:
        sink.write(b"".join(_csv_line(row) for row in _rows(batch)))
        rows += batch.num_rows
    return rows


def _csv_line(values: tuple[Any, ...] | list[str]) -> bytes:
    # Python's csv module writes NULL and the empty string alike.
    return (",".join("" if value is None else _csv_field(text(value)) for value in values) + "\r\n").encode()


def _csv_field(field: str) -> str:
    if field and not any(special in field for special in '",\r\n'):
        return field
    return '"' + field.replace('"', '""') + '"'


def _write_json(reader: pa.RecordBatchReader, sink: BinaryIO) -> int:
    names = reader.schema.names
    _refuse_repeated_names(names)
    sink.write(b"[")
    rows = 0
    for batch in reader:
        objects = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in _rows(batch)]
        if objects:
            sink.write((("," if rows else "") + "\n" + ",\n".join(objects)).encode())
        rows += batch.num_rows
    sink.write(b"\n]\n")
    return rows


def _refuse_repeated_names(names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise FqError(
            f"Columns with the same name would overwrite each other in JSON: {', '.join(repeated)}",
            where="--format json",
            fix="Give each column a name of its own with AS",
        )


def _write_parquet(reader: pa.RecordBatchReader, sink: BinaryIO) -> int:
    rows = 0
    try:
        with pq.ParquetWriter(sink, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
                rows += batch.num_rows
    except pa.ArrowNotImplementedError as error:
        raise FqError(
            f"Parquet cannot carry the result: {error}",
            where="--format parquet",
            fix="Cast the column concerned in the query, for example to VARCHAR",
        ) from None
    return rows


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    return zip(*plain_columns(batch), strict=True)


def show(reader: pa.RecordBatchReader, console: "Console", limit: int) -> int:
    """Print a result for people: numbers to the right, NULL dimmed, and how many rows are not shown.

    Where the columns do not fit the terminal, each row is printed as a block of lines; nothing is cut off.

    Args:
        reader: The result.
        console: Where to print.
        limit: The number of rows shown; the others are counted only.

    Returns:
        The number of rows, those not shown included.
    """
    rows: list[tuple[Any, ...]] = []
    total = 0
    for batch in reader:
        missing = limit - len(rows)
        if missing > 0:
            rows.extend(islice(_rows(batch.slice(0, missing)), missing))
        total += batch.num_rows
    console.print(_layout(reader.schema, rows, console))
    counted = f"{total:,} {'row' if total == 1 else 'rows'}"
    rest = f", {total - len(rows):,} of them not shown (--max-rows, --output)" if total > len(rows) else ""
    console.print(f"{counted}{rest}", style="dim", highlight=False)
    return total


def _layout(schema: pa.Schema, rows: list[tuple[Any, ...]], console: "Console") -> Any:
    from rich.console import Group
    from rich.measure import Measurement

    table = _as_table(schema, rows)
    width = Measurement.get(console, console.options.update(max_width=1_000_000), table).maximum
    if not console.is_terminal:
        table.width = width
        console.width = max(width, console.width)
        return table
    if width <= console.width or console.width // max(len(schema), 1) >= LEAST_COLUMN_WIDTH:
        return table
    return Group(*(_as_block(schema, row) for row in rows))


def _as_table(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    for field in schema:
        table.add_column(Text(field.name), justify="right" if _is_number(field.type) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _as_block(schema: pa.Schema, row: tuple[Any, ...]) -> Any:
    from rich.table import Table
    from rich.text import Text

    block = Table(show_header=False)
    block.add_column(style="bold", no_wrap=True)
    block.add_column(overflow="fold")
    for field, value in zip(schema, row, strict=True):
        block.add_row(Text(field.name), _cell(value))
    return block


def _cell(value: Any) -> Any:
    from rich.text import Text

    return Text("NULL", style="dim italic") if value is None else Text(text(value))


def _is_number(kind: pa.DataType) -> bool:
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
