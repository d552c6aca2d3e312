"""What a sample of documents looks like is counted by path and BSON type."""

import datetime as dt
import uuid
from typing import Any

import pytest
from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from fq_platform.extraction.discover.observed import MOST_FIELDS, Observed, Sample, bson_type


def observed(*documents: dict[str, Any]) -> Observed:
    shape = Observed()
    for document in documents:
        shape.see(document)
    return shape


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "bool"),
        (1, "int"),
        (Int64(1), "long"),
        (1.0, "double"),
        (Decimal128("1"), "decimal"),
        ("x", "string"),
        (Code("x"), "javascript"),
        (ObjectId("0" * 24), "objectId"),
        (dt.datetime(2026, 1, 1), "date"),
        (DatetimeMS(2**60), "date"),
        ({}, "object"),
        (DBRef("c", 1), "object"),
        ([], "array"),
        (b"x", "binData"),
        (Binary(b"x", 5), "binData"),
        (Binary.from_uuid(uuid.UUID(int=1)), "uuid"),
        (Regex("x"), "regex"),
        (Timestamp(1, 1), "timestamp"),
        (MinKey(), "minKey"),
        (MaxKey(), "maxKey"),
    ],
)
def test_types_have_the_names_that_mongodb_gives_them(value: object, name: str) -> None:
    assert bson_type(value) == name


def test_types_are_counted_at_every_path_also_within_arrays() -> None:
    shape = observed({"a": {"b": 1}, "c": [1, "x", {"d": 2.5}]}, {"a": None, "c": [2]}, {"c": []})

    assert (shape.seen, dict(shape.types)) == (3, {"object": 3})
    assert dict(shape.fields["a"].types) == {"object": 1, "null": 1}
    assert dict(shape.fields["a"].fields["b"].types) == {"int": 1}
    elements = shape.fields["c"].elements
    assert elements is not None
    assert dict(elements.types) == {"int": 2, "string": 1, "object": 1}
    assert elements.fields["d"].fractions == 1


def test_only_doubles_that_are_no_whole_numbers_are_fractions() -> None:
    shape = observed(*({"n": value} for value in (1.0, 2.5, float("nan"), float("inf"), 3, Decimal128("0.5"))))

    assert shape.fields["n"].fractions == 3


def test_many_rare_keys_are_data_and_many_common_ones_are_not() -> None:
    rare = observed(*({"n": {f"k{number}": 1}} for number in range(65)))
    common = observed(*({"n": {f"k{number}": 1 for number in range(65)}} for _ in range(65)))
    spread = observed(*({"n": {f"k{number}": 1 for number in range(70) if number % 5 == turn}} for turn in range(5)))
    few = observed(*({"n": {f"k{number}": 1}} for number in range(64)))

    assert rare.fields["n"].keys_are_data
    assert not common.fields["n"].keys_are_data
    assert not spread.fields["n"].keys_are_data
    assert not few.fields["n"].keys_are_data


@pytest.mark.parametrize(
    "keys", [("1", "20"), ("2026-01-01", "2026-01-02"), ("0" * 24, "1" * 24), (str(uuid.UUID(int=1)), "7")]
)
def test_keys_that_look_like_values_are_data(keys: tuple[str, str]) -> None:
    assert observed({"n": dict.fromkeys(keys, 1)}).fields["n"].keys_are_data
    assert not observed({"n": {keys[0]: 1, "name": 1}}).fields["n"].keys_are_data


def test_endless_keys_are_data_and_do_not_fill_memory() -> None:
    shape = observed({"n": {f"k{number}": 1 for number in range(MOST_FIELDS + 5)}})

    assert (len(shape.fields["n"].fields), shape.fields["n"].more_fields) == (MOST_FIELDS, 5)
    assert shape.fields["n"].keys_are_data


def test_values_of_a_map_are_told_as_one() -> None:
    values = observed({"n": {"1": {"x": 1}, "2": {"x": 2.5, "y": [1]}, "3": None}}).fields["n"].values_of_map()

    assert dict(values.types) == {"object": 2, "null": 1}
    assert dict(values.fields["x"].types) == {"int": 1, "double": 1}
    assert values.fields["x"].fractions == 1
    assert values.fields["y"].elements is not None


def test_documents_nested_without_end_are_followed_to_a_bound() -> None:
    document: dict[str, Any] = {}
    for _ in range(100):
        document = {"n": document}
    shape = observed(document)

    depth = 0
    while shape.fields:
        shape, depth = shape.fields["n"], depth + 1
    assert depth == 32


def test_dates_are_kept_by_document_where_a_query_can_name_their_path() -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    sample = Sample()
    sample.see({"at": at, "meta": {"seen": at}, "days": [at], "a.b": at, "$c": at, "": at, "far": DatetimeMS(2**60)})
    sample.see({"at": "2026-01-01"})

    assert sample.dates == {"at": {0: at}, "meta.seen": {0: at}}
    assert (sample.documents, sample.share("at"), sample.share("nowhere")) == (2, 0.5, 0.0)
