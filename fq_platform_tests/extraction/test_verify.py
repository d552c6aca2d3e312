"""What is landed is verified value by value, and every tampering is found by `_id` and path."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from bson import Decimal128, ObjectId
from bson.raw_bson import RawBSONDocument
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import PyMongoError

from fq_platform.errors import FqError
from fq_platform.extraction.bson_values import Document
from fq_platform.extraction.findings import Finding, Findings, What
from fq_platform.extraction.verify import VerifyOptions, verify
from fq_platform.extraction.windows import Window, daily
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform_tests.extraction.corpus import CORPUS, big
from fq_platform_tests.extraction.encoding import encode
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, START, Landing, noon
from fq_platform_tests.extraction.strategies import BATCHES, numbered

pytestmark = pytest.mark.services


def check(
    landing: Landing, collection: str = "things", windows: list[Window] | None = None, **options: Any
) -> Findings:
    return verify(
        landing.database,
        collection,
        windows or [Window()],
        catalog=open_catalog(landing.settings),
        table=TableName(Layer.RAW, f"app_{collection}", "app"),
        options=VerifyOptions(**options),
    )


def days(first: dt.date, last: dt.date) -> list[Window]:
    return list(daily("at", START, first, last, last_day=DAY3))


def store(landing: Landing, documents: list[Document], collection: str = "things") -> list[Document]:
    """Insert documents as bytes; those that the server refuses are left out."""
    raw = landing.database.get_collection(collection)
    kept = []
    for document in documents:
        try:
            raw.insert_one(RawBSONDocument(encode(document)))
        except PyMongoError:
            continue
        kept.append(document)
    return kept


def tamper(landing: Landing, key: str, collection: str = "things", **changes: Any) -> None:
    """Append a newer row to the lake, as nobody should."""
    table = landing.table(collection)
    rows = table.scan().to_arrow()
    row = next(row for row in rows.to_pylist() if row["_id"] == key)
    row["_fq_extracted_at"] += dt.timedelta(seconds=1)
    table.append(pa.Table.from_pylist([row | changes], schema=rows.schema))


def test_corpus_is_landed_without_a_difference(landing: Landing) -> None:
    kept = store(landing, [*CORPUS, big()])
    assert len(kept) > 180
    landing.whole()

    found = check(landing)

    assert found.listed == []
    assert (found.documents, found.differences, found.windows_done) == (len(kept), 0, 1)
    assert check(landing, hashes_only=True).differences == 0


def test_corpus_in_small_batches_and_ranges(landing: Landing) -> None:
    kept = store(landing, CORPUS)
    landing.whole(batch_bytes=500, range_documents=40)

    found = check(landing, part_documents=25)

    assert found.listed == []
    assert found.documents == len(kept)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(BATCHES, min_size=1, max_size=3))
def test_documents_of_any_shape_that_drift_are_landed_without_a_difference(
    landing: Landing, batches: list[list[Document]]
) -> None:
    landing.database.things.drop()
    landing.database.create_collection("things")
    kept = 0
    for number, batch in enumerate(batches):
        kept += len(store(landing, numbered(batch, number * 100)))
        landing.whole()
        assert check(landing).listed == []
    assert check(landing).documents == kept


def test_kept_documents_are_compared_byte_for_byte(landing: Landing) -> None:
    store(landing, CORPUS)
    landing.whole(keep_document=True)
    assert check(landing).listed == []

    tamper(landing, "double", _fq_document=encode(CORPUS[1]))

    assert check(landing).listed == [Finding(None, "double", What.BYTES, "_fq_document")]


def test_changes_of_the_source_are_listed_by_id_and_path(landing: Landing) -> None:
    things = landing.database.things
    oid = ObjectId("0123456789abcdef01234567")
    things.insert_many(
        [
            {"_id": 1, "a": 1, "lines": [{"price": Decimal128("1.50")}, {"price": Decimal128("2.50")}]},
            {"_id": oid, "a": 1},
            {"_id": "gone", "a": 1},
            {"_id": "order", "a": 1, "b": 2},
            {"_id": "same", "a": 1},
        ]
    )
    landing.whole()
    things.update_one({"_id": 1}, {"$set": {"lines.1.price": Decimal128("2.75"), "new": None}})
    things.update_one({"_id": oid}, {"$set": {"a": "text"}})
    things.delete_one({"_id": "gone"})
    things.insert_one({"_id": "new", "a": 1})
    things.replace_one({"_id": "order"}, {"b": 2.0, "a": 1})

    found = check(landing)

    assert {(f.key, f.what, f.path, f.source, f.lake) for f in found.listed} == {
        (
            "1",
            What.VALUE,
            "lines[1].price",
            '{"$numberDecimal": "2.75"}',
            '{"$numberDecimal": "2.500000000000"}',
        ),
        ("1", What.VALUE, "new", "null", "missing"),
        (str(oid), What.VALUE, "a", '"text"', '{"$numberInt": "1"}'),
        ("gone", What.MISSING_IN_SOURCE, "", "", ""),
        ("new", What.MISSING_IN_LAKE, "", "", ""),
        ("order", What.HASH, "", "", ""),
    }
    hashes = check(landing, hashes_only=True)
    assert hashes.by_kind == {What.HASH: 3, What.MISSING_IN_LAKE: 1, What.MISSING_IN_SOURCE: 1}
    landing.whole(run_id="run-2")
    assert check(landing).differences == 0


def test_tampering_with_the_lake_is_found_though_hashes_agree(landing: Landing) -> None:
    landing.database.things.insert_many([{"_id": n, "a": n, "s": "x", "u": [n, "odd"]} for n in range(5)])
    landing.whole()
    tamper(landing, "2", a=20)
    tamper(landing, "3", _fq_rescued=[("u[1]", '"even"')])
    tamper(landing, "4", _fq_rescued=[("u[1", '"odd"')])

    found = check(landing)

    assert {(f.key, f.what, f.path) for f in found.listed} == {
        ("2", What.VALUE, "a"),
        ("3", What.VALUE, "u[1]"),
        ("4", What.UNREADABLE, ""),
    }
    assert check(landing, hashes_only=True).differences == 0


def test_document_that_stands_twice_is_found(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": 1, "a": 1})
    landing.whole()
    table = landing.table("things")
    table.append(table.scan().to_arrow())

    assert check(landing).listed == [Finding(None, "1", What.TWICE)]


def test_days_are_compared_each_with_its_own(landing: Landing) -> None:
    landing.database.orders.insert_many(
        [{"_id": n, "at": noon(day)} for n, day in enumerate([DAY1, DAY1, DAY2, DAY3])]
        + [{"_id": "undated"}, {"_id": "text", "at": "2026"}, {"_id": "early", "at": noon(dt.date(2020, 1, 1))}]
        + [{"_id": "array", "at": [noon(DAY2)]}]  # the filter of the second day finds it, and the first day owns it
    )
    landing.by_day(DAY1, DAY3)
    everything = check(landing, "orders", days(DAY1, DAY3))
    assert (everything.documents, everything.differences, everything.windows_done) == (8, 0, 3)

    landing.database.orders.update_one({"_id": 1}, {"$set": {"at": noon(DAY3)}})

    found = check(landing, "orders", days(DAY1, DAY3))
    assert found.listed == [
        Finding(DAY1, "1", What.MISSING_IN_SOURCE),
        Finding(DAY3, "1", What.MISSING_IN_LAKE),
    ]
    assert found.by_day == {DAY1: 1, DAY3: 1}
    assert check(landing, "orders", days(DAY2, DAY2)).differences == 0


def test_live_rows_of_a_day_without_a_window_are_found(landing: Landing) -> None:
    landing.database.orders.insert_one({"_id": 1, "at": noon(DAY3)})
    landing.by_day(DAY1, DAY3)
    windows = list(daily("at", START, DAY1, DAY2, last_day=DAY2))

    found = check(landing, "orders", windows)

    assert found.listed == [
        Finding(DAY1, "1", What.MISSING_IN_LAKE),
        Finding(DAY3, "1", What.MISSING_IN_SOURCE),
    ]


def test_collection_that_was_never_landed_is_missing_in_the_lake(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": 1})
    assert check(landing).listed == [Finding(None, "1", What.MISSING_IN_LAKE)]


def test_collection_that_does_not_exist_is_said(landing: Landing) -> None:
    landing.database.thing.insert_one({"_id": 1})
    with pytest.raises(FqError, match="'things' does not exist"):
        check(landing)


def test_table_partitioned_otherwise_is_said(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": 1})
    landing.whole()
    with pytest.raises(FqError, match="declared daily, but its table is not partitioned"):
        check(landing, "things", days(DAY1, DAY1))


def test_differences_beyond_the_list_are_counted(landing: Landing) -> None:
    landing.database.things.insert_many([{"_id": n} for n in range(1_200)])
    found = check(landing)
    assert (found.differences, len(found.listed)) == (1_200, 1_000)
