"""The walk over BSON keeps what is there and refuses what is not BSON."""

import struct

import bson
import pytest
from bson import Binary
from hypothesis import given

from fq_platform.extraction.bson_values import MAX_DEPTH, BsonError, Document, split, walk
from fq_platform_tests.extraction.corpus import ODDITIES, big, deep, doc, named
from fq_platform_tests.extraction.encoding import CODEC, document, element, encode, encode_all, string
from fq_platform_tests.extraction.strategies import DOCUMENTS, VALUES


@pytest.mark.parametrize("name", ODDITIES)
def test_every_oddity_comes_back_byte_for_byte(name: str) -> None:
    data = encode(ODDITIES[name])
    assert encode(walk(data)) == data


@given(DOCUMENTS)
def test_any_document_comes_back_byte_for_byte(generated: Document) -> None:
    data = encode(generated)
    assert encode(walk(data)) == data


@given(VALUES)
def test_values_of_bytes_that_pymongo_wrote_are_the_same_values(value: object) -> None:
    try:
        theirs = bson.encode(bson.decode(encode(doc(v=value)), CODEC), codec_options=CODEC)
    except (bson.errors.BSONError, OverflowError, ValueError, UnicodeError):
        return  # pymongo cannot write what it read
    assert encode(walk(theirs)) == theirs


def test_large_document_is_read() -> None:
    assert encode(walk(encode(big()))) == encode(big())


def test_concatenated_documents_are_cut_apart() -> None:
    documents = [doc(a=1), doc(), named(("b", "x"), ("b", "y"))]
    assert [walk(part) for part in split(encode_all(documents))] == documents


def test_names_and_types_are_kept_that_a_dictionary_loses() -> None:
    repeated = (
        element(0x10, b"r", struct.pack("<i", 1)) + element(0x06, b"r", b"") + element(0x0E, b"\xff", string("s"))
    )
    fields = walk(document(repeated)).fields
    assert [name for name, _ in fields] == ["r", "r", "\udcff"]
    assert fields[1][1] is not None


WRONG = {
    "empty": b"",
    "shorter than said": document(element(0x0A, b"a", b""))[:-1],
    "longer than said": document() + b"\0",
    "no end": struct.pack("<i", 5) + b"\1",
    "name without end": struct.pack("<i", 7) + b"\x0aab",
    "unknown type": document(element(0x20, b"a", b"")),
    "string longer than the document": document(element(0x02, b"a", struct.pack("<i", 100) + b"x\0")),
    "string of no size": document(element(0x02, b"a", struct.pack("<i", 0) + b"\0")),
    "string of negative size": document(element(0x02, b"a", struct.pack("<i", -5) + b"\0")),
    "string without its NUL": document(element(0x02, b"a", struct.pack("<i", 2) + b"xy")),
    "binary longer than the document": document(element(0x05, b"a", struct.pack("<iB", 100, 0) + b"x")),
    "old binary of two lengths": document(element(0x05, b"a", struct.pack("<iBi", 6, 2, 9) + b"xy")),
    "boolean of 2": document(element(0x08, b"a", b"\2")),
    "cut number": document(element(0x12, b"a", b"\0\0")),
    "nested longer than its parent": document(element(0x03, b"a", struct.pack("<i", 500) + b"\0")),
    "nested too short": document(element(0x03, b"a", struct.pack("<i", 4) + b"\0")),
    "scope shorter than said": document(
        element(0x0F, b"a", struct.pack("<i", 4 + 6 + 5 + 1) + string("x") + document() + b"\0")
    ),
    "nested too deeply": encode(deep(MAX_DEPTH + 1, doc())),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_document_is_refused(name: str) -> None:
    with pytest.raises(BsonError):
        walk(WRONG[name])


def test_deepest_document_is_read() -> None:
    assert encode(walk(encode(deep(MAX_DEPTH)))) == encode(deep(MAX_DEPTH))


def test_old_binary_is_its_inner_bytes() -> None:
    assert walk(document(element(0x05, b"a", struct.pack("<iBi", 6, 2, 2) + b"xy"))) == doc(a=Binary(b"xy", 2))
