"""The compiled decoder gives what the plain one gives, for every oddity and for documents of any shape."""

import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fq_platform.extraction.batch import CorruptDocumentError, index
from fq_platform.extraction.bson_values import Document
from fq_platform.extraction.decoder import Decoded, Decoder
from fq_platform.extraction.equality import differences
from fq_platform.extraction.rebuild import Rebuilder
from fq_platform_tests.extraction.corpus import CORPUS, ODDITIES, big, doc, with_ids
from fq_platform_tests.extraction.encoding import encode, encode_all
from fq_platform_tests.extraction.oracle.fitting import Row, fit
from fq_platform_tests.extraction.strategies import BATCHES, numbered

pytestmark = pytest.mark.exhaustive


def plain(value: Any) -> Any:
    """A value that equals itself and tells -0.0 from 0.0."""
    if isinstance(value, float):
        return "NaN" if value != value else struct.pack("<d", value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def rows_of(decoded: Decoded) -> list[Row]:
    """What the decoder gave, as the oracle gives it; the order of nulls is nobody's business."""
    decoded.columns.validate(full=True)
    columns = decoded.columns.to_pylist() if decoded.columns.num_columns else [{}] * len(decoded.rescued)
    return [
        Row(plain(row), dict(rescued or ()), sorted(nulls or []))
        for row, rescued, nulls in zip(columns, decoded.rescued.to_pylist(), decoded.nulls.to_pylist(), strict=True)
    ]


def expected(documents: list[Document], schema: pa.Schema) -> list[Row]:
    rows = []
    for document in documents:
        row = fit(document, schema)
        cells = pa.Table.from_pylist([row.columns], schema=schema).to_pylist()[0] if len(schema) else {}
        rows.append(Row(plain(cells), row.rescued, sorted(row.nulls)))
    return rows


def check(decoder: Decoder, documents: list[Document]) -> None:
    """Decode a batch and compare it with the oracle, then rebuild it."""
    decoded = decoder.decode(index(encode_all(documents)))
    assert decoded.columns.schema.equals(decoder.schema)
    got, wanted = rows_of(decoded), expected(documents, decoder.schema)
    for document, one, other in zip(documents, got, wanted, strict=True):
        assert one.columns == other.columns, document
        assert one.rescued == other.rescued, document
        assert one.nulls == other.nulls, document
    assert decoded.rescued_values == sum(len(row.rescued) for row in wanted)
    rebuilder = Rebuilder(decoder.schema)
    cells = decoded.columns.to_pylist() if len(decoder.schema) else [{} for _ in documents]
    for document, row, cell in zip(documents, got, cells, strict=True):
        id_ = {"_id": "0", "_fq_rescued": list(row.rescued.items()), "_fq_nulls": row.nulls}
        rebuilt = rebuilder.rebuild(cell | id_)
        assert list(differences(_without_id(document), _without_id(rebuilt))) == []


def _without_id(document: Document) -> Document:
    return Document(document.fields[1:])


def new_decoder(**types: str) -> Decoder:
    return Decoder(pa.schema([]), types)


@pytest.mark.parametrize("document", CORPUS, ids=[*ODDITIES, *(f"_id {n}" for n in range(len(CORPUS) - len(ODDITIES)))])
def test_oddity_alone(document: Document) -> None:
    check(new_decoder(), [document])


def test_all_oddities_in_one_batch() -> None:
    check(new_decoder(), CORPUS)


def test_all_oddities_one_after_the_other() -> None:
    decoder = new_decoder()
    for document in CORPUS:
        check(decoder, [document])


def test_all_oddities_backwards_and_then_again() -> None:
    decoder = new_decoder()
    for document in reversed(CORPUS):
        check(decoder, [document])
    schema = decoder.schema
    check(decoder, CORPUS)
    assert decoder.schema.equals(schema)


@pytest.mark.parametrize("type_", ["long", "double", "decimal", "string", "timestamp", "boolean", "binary", "map"])
def test_oddities_in_columns_of_a_declared_type(type_: str) -> None:
    names = ("v", "i", "d", "m", "t", "s", "l", "o", "a", "attrs")
    check(new_decoder(**dict.fromkeys(names, type_)), with_ids(ODDITIES))


def test_document_of_15_megabytes() -> None:
    check(new_decoder(), [big(), doc(_id=1, lines=[doc(n=None)])])


@settings(max_examples=40, deadline=None)
@given(st.lists(BATCHES, min_size=1, max_size=3))
def test_documents_of_any_shape(batches: list[list[Document]]) -> None:
    decoder = new_decoder()
    for batch in batches:
        check(decoder, numbered(batch))


@settings(max_examples=25, deadline=None)
@given(st.lists(BATCHES, min_size=1, max_size=2))
def test_documents_of_any_shape_where_some_are_maps(batches: list[list[Document]]) -> None:
    decoder = new_decoder(a="map", b="map", k="map")
    for batch in batches:
        check(decoder, numbered(batch))


@settings(max_examples=25, deadline=None)
@given(BATCHES, st.data())
def test_chosen_documents_of_a_batch(batch: list[Document], data: st.DataObject) -> None:
    documents = numbered(batch)
    chosen = data.draw(st.lists(st.sampled_from(range(len(documents))), unique=True).map(sorted))
    decoder = new_decoder()
    decoded = decoder.decode(index(encode_all(documents)), np.array(chosen, np.int64))
    assert rows_of(decoded) == expected([documents[number] for number in chosen], decoder.schema)


def test_batch_without_documents() -> None:
    decoded = new_decoder().decode(index(b""))
    assert (len(decoded.rescued), len(decoded.nulls), decoded.rescued_values) == (0, 0, 0)


@settings(max_examples=25, deadline=None)
@given(BATCHES, BATCHES)
def test_columns_keep_their_place_and_type(first: list[Document], second: list[Document]) -> None:
    decoder = new_decoder()
    decoder.decode(index(encode_all(numbered(first))))
    before = decoder.schema
    decoder.decode(index(encode_all(numbered(second))))
    assert decoder.schema.names[: len(before)] == before.names
    again = Decoder(decoder.schema)
    again.decode(index(encode_all(numbered(first))))
    assert again.schema.equals(decoder.schema, check_metadata=True)


def test_document_that_ends_within_a_value_is_named() -> None:
    good = encode(doc(_id="good", a=1))
    bad = bytearray(encode(doc(_id="bad one", a="text")))
    bad[bad.index(b"text") - 4] = 200
    with pytest.raises(CorruptDocumentError, match="bad one"):
        new_decoder().decode(index(good + bytes(bad)))
