"""A document comes back from its row, whatever columns decide where its values stand."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from bson import Int64
from hypothesis import given
from hypothesis import strategies as st

from fq_platform.extraction.bson_values import UNDEFINED, Document, Symbol
from fq_platform.extraction.equality import differences
from fq_platform.extraction.keys import document_key
from fq_platform.extraction.rebuild import Rebuilder, RebuildError
from fq_platform_tests.extraction.corpus import ODDITIES, OID, doc, named, with_ids
from fq_platform_tests.extraction.oracle.fitting import fit
from fq_platform_tests.extraction.oracle.inference import schema_of
from fq_platform_tests.extraction.strategies import BATCHES, numbered

DOCUMENTS = with_ids(ODDITIES)
WHOLE = schema_of(DOCUMENTS)


def round_trip(document: Document, schema: pa.Schema) -> Document:
    """Through Arrow and back, as through a table."""
    row = fit(document, schema)
    table = pa.Table.from_pylist([row.columns], schema=schema) if len(schema) else pa.table({"_": [1]})
    return Rebuilder(schema).rebuild(
        table.to_pylist()[0]
        | {
            "_id": document_key(document.fields[0][1]),
            "_fq_rescued": list(row.rescued.items()) or None,
            "_fq_nulls": row.nulls or None,
        }
    )


def assert_same(document: Document, schema: pa.Schema) -> None:
    assert list(differences(document, round_trip(document, schema))) == []


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("document", DOCUMENTS, ids=list(ODDITIES))
def test_oddity_comes_back_from_its_own_columns(document: Document, maps: bool) -> None:
    assert_same(document, schema_of([document], maps))


@pytest.mark.parametrize("document", DOCUMENTS, ids=list(ODDITIES))
def test_oddity_comes_back_from_columns_of_all(document: Document) -> None:
    assert_same(document, WHOLE)


@given(BATCHES, st.integers(1, 3), st.booleans())
def test_any_document_comes_back_from_columns_that_others_decided(
    batch: list[Document], deciding: int, maps: bool
) -> None:
    documents = numbered(batch)
    schema = schema_of(documents[:deciding], maps)
    for document in documents:
        assert_same(document, schema)


ROW: dict[str, Any] = {"_id": "1", "_fq_rescued": None, "_fq_nulls": None}
SCHEMA = schema_of([doc(n=1, oid=OID, o=doc(x=1), l=[1])])


@pytest.mark.parametrize(
    "wrong",
    [
        {"oid": "no hex"},
        {"_fq_rescued": [("n", "{")]},
        {"_fq_rescued": [("n..x", "1")]},
        {"_fq_rescued": [("l[5]", '{"$numberInt": "1"}')], "l": [1]},
        {"_fq_rescued": [("n", '"x"')], "n": 1},
        {"_fq_rescued": [("n", '"x"')], "_fq_nulls": ["n"]},
        {"_fq_nulls": ["o.x"]},
        {"_fq_nulls": ["new.x"], "_fq_rescued": [("new", '"x"')]},
        {"_fq_nulls": ["l[0];2"], "l": [1]},
        {"_fq_nulls": ["l[0].x"], "l": [None]},
    ],
)
def test_row_that_no_document_gives_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RebuildError):
        Rebuilder(SCHEMA).rebuild(ROW | wrong)


def test_date_with_microseconds_is_refused() -> None:
    schema = pa.schema([("t", pa.timestamp("us", tz="UTC"))])
    with pytest.raises(RebuildError, match="no whole millisecond"):
        Rebuilder(schema).rebuild(ROW | {"t": dt.datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)})


def test_missing_null_and_empty_stay_apart() -> None:
    rebuilder = Rebuilder(SCHEMA)
    assert rebuilder.rebuild(ROW) == doc(_id=1)
    assert rebuilder.rebuild(ROW | {"_fq_nulls": ["n", "o", "new"]}) == doc(_id=1, n=None, o=None, new=None)
    assert rebuilder.rebuild(ROW | {"o": {"x": None}, "l": []}) == doc(_id=1, o=doc(), l=[])
    assert rebuilder.rebuild(ROW | {"l": [None, 2]}) == doc(_id=1, l=[None, 2])


def test_rescued_values_stand_where_they_stood() -> None:
    rescued = [
        ("n", '"text"'),
        ("N;2", '{"$numberLong": "2"}'),
        ("N", '{"$undefined": true}'),
        ("l[1]", '{"$symbol": "s"}'),
        ("o.caf_xdce9_", "[]"),
    ]
    row = ROW | {"_fq_rescued": rescued, "l": [1, None], "o": {"x": 5}}
    assert Rebuilder(SCHEMA).rebuild(row) == named(
        ("_id", 1),
        ("n", "text"),
        ("o", named(("x", 5), ("caf\udce9", []))),
        ("l", [1, Symbol("s")]),
        ("N", UNDEFINED),
        ("N", Int64(2)),
    )
