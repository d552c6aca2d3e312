"""The parts of the Spark job that need no Spark."""

import datetime as dt
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pytest

from fq_platform.extraction.spark.connector import MONGO_BSON, filter_of, with_read_preference
from fq_platform.extraction.spark.numbering import NOBODYS, Numbering
from fq_platform.extraction.spark.parcels import CONTENT, UNIT, documents_for, live_rows_for, live_rows_in
from fq_platform.extraction.windows import Window, daily
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, LAST, noon

NO_EVENT_TIME = np.iinfo(np.int64).min


def days(*wanted: dt.date) -> list[Window]:
    return [window for window in daily("at", DAY1, DAY1, LAST, last_day=LAST) if window.day in wanted]


def ms(day: dt.date) -> int:
    return int(noon(day).timestamp() * 1000)


def test_every_document_gets_the_number_of_the_window_that_owns_it() -> None:
    windows = list(daily("at", DAY1, DAY1, LAST, last_day=LAST))
    times = np.array([NO_EVENT_TIME, ms(DAY1), ms(DAY2), ms(LAST), ms(LAST + dt.timedelta(days=1)), 0], np.int64)
    assert Numbering.of(windows, [0] * len(windows), 10).positions(times).tolist() == [0, 0, 1, 30, 0, 0]
    some = Numbering.of(days(DAY2, LAST), [0, 0], 10)
    assert some.positions(times).tolist() == [NOBODYS, NOBODYS, 0, 1, NOBODYS, NOBODYS]


def test_a_large_window_is_divided_by_the_hash_of_the_key_and_only_wanted_units_are_given_out() -> None:
    numbering = Numbering.of(days(DAY2, DAY3), [5, 35], 10)
    hashes = np.array([[0, n] for n in range(4)] * 2, np.uint64)
    positions = np.array([0] * 4 + [1] * 4)
    assert numbering.units(positions, hashes).tolist() == [0, 0, 0, 0, 1, 2, 3, 4]
    assert numbering.only([2, 4]).units(positions, hashes).tolist() == [NOBODYS] * 5 + [2, NOBODYS, 4]
    assert [numbering.window(unit).day for unit in range(5)] == [DAY2, DAY3, DAY3, DAY3, DAY3]
    assert [window.day for window in numbering.only([0]).wanted_windows] == [DAY2]


def test_a_filter_joins_days_that_follow_each_other_and_is_none_for_all_days() -> None:
    (run,) = [filter_of(days(DAY2, DAY3))]
    assert run == {"at": {"$gte": days(DAY2)[0].filter["at"]["$gte"], "$lte": days(DAY3)[0].filter["at"]["$lte"]}}
    assert len(filter_of(days(DAY2, LAST))["$or"]) == 2
    assert filter_of(days(DAY1, LAST))["$or"][0] == days(DAY1)[0].filter
    assert filter_of(list(daily("at", DAY1, DAY1, LAST, last_day=LAST))) == {}
    assert filter_of([Window()]) == {}


def test_parcels_hold_each_units_documents_in_their_order() -> None:
    documents = pa.array([b"a0", b"b", b"c00", b"d", b"e"], pa.binary())
    found = documents_for(np.array([7, NOBODYS, 3, 7, 3], np.int32), documents.slice(0))
    assert found.select([UNIT, CONTENT]).to_pylist() == [{UNIT: 3, CONTENT: b"c00e"}, {UNIT: 7, CONTENT: b"a0d"}]
    assert len(documents_for(np.full(5, NOBODYS, np.int32), documents)) == 0


def test_rows_of_the_lake_come_out_of_parcels_as_they_went_in() -> None:
    rows: dict[str, Any] = {
        "_id": pa.array(["x", "y", "z"]),
        "_fq_op": pa.array(["insert", "delete", "insert"]),
        "_fq_hash": pa.array([b"0" * 16, None, b"2" * 16], pa.binary(16)),
        "_fq_extracted_at": pa.array([1, 2, 3], pa.timestamp("us", "UTC")),
    }
    live = pa.RecordBatch.from_pydict(rows)
    parcels = list(live_rows_for(np.array([5, 4, 5], np.int32), live))
    assert [parcel[UNIT].to_pylist() for parcel in parcels] == [[4], [5]]
    (of_five,) = live_rows_in(parcels[1][CONTENT][0].as_buffer())
    assert of_five.equals(live.take(pa.array([0, 2])))


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("mongodb://host", "mongodb://host/?readPreference=secondary"),
        ("mongodb://u:p@a,b/?tls=true", "mongodb://u:p@a,b/?tls=true&readPreference=secondary"),
        ("mongodb+srv://h/db?ReadPreference=primary&w=1", "mongodb+srv://h/db?w=1&readPreference=secondary"),
    ],
)
def test_a_read_preference_is_said_by_the_uri(uri: str, expected: str) -> None:
    assert with_read_preference(uri, "secondary") == expected
    assert with_read_preference(uri, None) == uri


def test_the_jar_is_made_of_the_source_beside_it() -> None:
    source = Path(MONGO_BSON).with_name("WholeDocuments.java").read_text(encoding="utf-8")
    classes = {f"fq/mongo/{name}" for name in ("WholeDocuments.class", "WholeDocuments$Codec.class")}
    with ZipFile(MONGO_BSON) as jar:
        assert {name for name in jar.namelist() if name.endswith(".class")} == classes
    assert re.findall(r"class (\w+)", source) == ["WholeDocuments", "Codec"]
