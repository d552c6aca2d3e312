"""What is written can be read back: every value, in every format, batch by batch."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from fq_platform.errors import FqError
from fq_platform.query.engine import QueryEngine
from fq_platform.query.format import show, write
from fq_platform.query.options import Format

EVERY_TYPE = """
    SELECT 12.50::DECIMAL(38,12) AS money, 0::DECIMAL(38,12) AS nothing, sum(9223372036854775807) AS big,
        0.1::DOUBLE AS number,
        'NaN'::DOUBLE AS nan, '-inf'::DOUBLE AS infinite, true AS flag, NULL AS missing, '' AS empty,
        E'a"b,\nc' AS wild,
        TIMESTAMPTZ '2026-01-01 10:00:00.5+02:00' AS moment, TIMESTAMP '2026-01-01 10:00:00' AS local,
        DATE '2026-01-31' AS day,
        TIME '10:30:00' AS clock, '\\x00\\xFF'::BLOB AS bytes, {'a': 1.5, 'b': [NULL, 'x']} AS nested,
        MAP {'k': 0.25} AS mapped, INTERVAL 1 MONTH AS span, TIMESTAMP_NS '2026-01-01 00:00:00.123456789' AS exact
"""
EXPECTED = {
    "money": "12.500000000000",
    "nothing": "0.000000000000",
    "big": 9223372036854775807,
    "number": 0.1,
    "nan": "NaN",
    "infinite": "-Infinity",
    "flag": True,
    "missing": None,
    "empty": "",
    "wild": 'a"b,\nc',
    "moment": "2026-01-01T08:00:00.500000Z",
    "local": "2026-01-01T10:00:00",
    "day": "2026-01-31",
    "clock": "10:30:00",
    "bytes": "00ff",
    "nested": {"a": "1.5", "b": [None, "x"]},
    "mapped": {"k": "0.25"},
    "span": "MonthDayNano(months=1, days=0, nanoseconds=0)",
    "exact": "2026-01-01 00:00:00.123456789",
}


def written(reader: pa.RecordBatchReader, form: Format) -> bytes:
    sink = io.BytesIO()
    write(reader, form, sink)
    return sink.getvalue()


def batches(*values: list[int]) -> pa.RecordBatchReader:
    parts = [pa.record_batch({"n": pa.array(part, pa.int64())}) for part in values]
    return pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), parts)


def shown(reader: pa.RecordBatchReader, limit: int = 50, width: int = 80, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    show(reader, console, limit)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_json_holds_every_value_exactly(reader_engine: QueryEngine) -> None:
    [row] = json.loads(written(reader_engine.execute(EVERY_TYPE), Format.JSON))
    assert row == EXPECTED


def test_csv_holds_every_value_exactly(reader_engine: QueryEngine) -> None:
    text = written(reader_engine.execute(EVERY_TYPE), Format.CSV).decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    as_text = {
        name: "" if value is None else value if isinstance(value, str) else json.dumps(value)
        for name, value in EXPECTED.items()
    }
    assert row == as_text
    assert ',true,,"","a""b,\nc",' in text, "NULL is nothing, the empty string two quotes"


def test_parquet_holds_types_and_values(reader_engine: QueryEngine) -> None:
    sql = "SELECT * FROM raw.ecommerce_db_orders ORDER BY _id"
    back = pq.read_table(io.BytesIO(written(reader_engine.execute(sql), Format.PARQUET)))
    assert back.equals(reader_engine.execute(sql).read_all())
    assert back.column("total").to_pylist() == [Decimal("19.99"), Decimal("19.99")]


def test_type_that_parquet_cannot_carry_is_named(reader_engine: QueryEngine) -> None:
    with pytest.raises(FqError, match="Parquet cannot carry"):
        written(reader_engine.execute("SELECT INTERVAL 1 MONTH AS span"), Format.PARQUET)


@pytest.mark.parametrize("form", [Format.CSV, Format.JSON, Format.PARQUET])
def test_result_is_written_batch_by_batch(form: Format) -> None:
    sink = io.BytesIO()
    sizes: list[int] = []

    def made() -> Iterator[pa.RecordBatch]:
        for number in range(4):
            sizes.append(sink.tell())
            yield pa.record_batch({"n": pa.array(range(number * 1000, number * 1000 + 1000), pa.int64())})

    write(pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), made()), form, sink)
    assert sizes == sorted(set(sizes)), "each batch was written before the next was made"


def test_rows_of_all_batches_are_there() -> None:
    values = [[1, 2], [], [3]]
    assert written(batches(*values), Format.CSV) == b"n\r\n1\r\n2\r\n3\r\n"
    assert json.loads(written(batches(*values), Format.JSON)) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert pq.read_table(io.BytesIO(written(batches(*values), Format.PARQUET))).column("n").to_pylist() == [1, 2, 3]


def test_empty_result_is_valid_in_every_format() -> None:
    assert written(batches(), Format.CSV) == b"n\r\n"
    assert json.loads(written(batches(), Format.JSON)) == []
    assert pq.read_table(io.BytesIO(written(batches(), Format.PARQUET))).schema.names == ["n"]


def test_columns_of_the_same_name_are_refused_in_json(reader_engine: QueryEngine) -> None:
    with pytest.raises(FqError, match=r"same name .*: a"):
        written(reader_engine.execute("SELECT 1 AS a, 2 AS a"), Format.JSON)


def test_table_puts_numbers_to_the_right_and_shows_null(reader_engine: QueryEngine) -> None:
    text = shown(reader_engine.execute("SELECT 7 AS quantity, 'x' AS customer, NULL::VARCHAR AS note"))
    assert "│        7 │ x        │ NULL │" in text
    assert text.endswith("1 row\n")


def test_table_says_how_many_rows_it_leaves_out() -> None:
    text = shown(batches([1, 2], [3, 4, 5]), limit=3)
    assert [value for value in "12345" if f"│ {value} │" in text] == ["1", "2", "3"]
    assert "5 rows, 2 of them not shown" in text


def test_piped_table_is_as_wide_as_its_values(reader_engine: QueryEngine) -> None:
    assert f"│ {'x' * 200} │" in shown(reader_engine.execute("SELECT repeat('x', 200) AS long"))


def test_terminal_too_narrow_for_the_columns_shows_rows_as_blocks(reader_engine: QueryEngine) -> None:
    columns = ", ".join(f"'value {number:02}' AS column_{number:02}" for number in range(20))
    text = shown(reader_engine.execute(f"SELECT {columns}"), width=80, terminal=True)
    assert all(f"│ column_{number:02} │ value {number:02} │" in text for number in range(20))


def test_text_that_looks_like_markup_is_shown_as_it_is(reader_engine: QueryEngine) -> None:
    assert "[red]x[/red]" in shown(reader_engine.execute("SELECT '[red]x[/red]' AS \"[b]name\""))
