"""Equality is MongoDB's own, with the exceptions that the module names, and every difference has its path."""

import decimal
from typing import Any

import pytest
from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, Timestamp
from hypothesis import given

from fq_platform.extraction.bson_values import UNDEFINED, Document, JavaScript, Regex, Symbol
from fq_platform.extraction.equality import Differing, differences
from fq_platform_tests.extraction.corpus import OID, doc, named
from fq_platform_tests.extraction.strategies import VALUES

EQUAL = [
    (1, 1.0),
    (1, Decimal128("1.00")),
    (Int64(2**63 - 1), 2**63 - 1),
    (0.5, decimal.Decimal("0.5")),
    (-0.0, 0),
    (Decimal128("-0"), 0.0),
    (float("nan"), Decimal128("NaN")),
    (Decimal128("sNaN"), float("nan")),
    (float("inf"), Decimal128("Infinity")),
    (Decimal128("1E+3"), 1000),
    (named(("a", 1), ("b", 2)), named(("b", 2), ("a", 1))),
    (named(("a", 1), ("b", 2), ("a", 3)), named(("a", 1), ("a", 3), ("b", 2))),
    (JavaScript("x", named(("a", 1), ("b", 2))), JavaScript("x", named(("b", 2.0), ("a", 1)))),
    (Binary(b"x", 5), Binary(b"x", 5)),
]
DIFFERENT = [
    (0.1, Decimal128("0.1")),
    (2**53 + 1, 2.0**53),
    (1, True),
    (0, False),
    (1, "1"),
    (None, UNDEFINED),
    ("x", Symbol("x")),
    ("x", JavaScript("x")),
    (JavaScript("x"), JavaScript("x", doc())),
    (JavaScript("x", doc(a=1)), JavaScript("x", doc(a=2))),
    (Binary(b"x", 0), Binary(b"x", 5)),
    (Regex("a", "i"), Regex("a", "")),
    (str(OID), OID),
    (DatetimeMS(5), 5),
    (DatetimeMS(1000), Timestamp(1, 0)),
    (MinKey(), MaxKey()),
    (doc(), []),
    (doc(), None),
    (float("inf"), -float("inf")),
    (named(("a", 1), ("a", 2)), named(("a", 2), ("a", 1))),
    ([1, 2], [2, 1]),
    (named(("a", None)), doc()),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_values_that_mongodb_holds_to_be_equal(one: Any, other: Any) -> None:
    assert list(differences(one, other)) == []
    assert list(differences(other, one)) == []


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_values_that_differ(one: Any, other: Any) -> None:
    assert list(differences(one, other)) != []
    assert list(differences(other, one)) != []


@given(VALUES)
def test_every_value_equals_itself(value: Any) -> None:
    assert list(differences(value, value)) == []


def test_differences_are_named_by_path_with_both_values() -> None:
    source = named(("lines", [doc(price=1), doc(price=2)]), ("a.b", "x"), ("r", 1), ("r", 2), ("gone", None), ("o", 1))
    lake = Document([("lines", [doc(price=1), doc(price="2"), 3]), ("a.b", "x"), ("r", 1), ("r", 5), ("o", doc(x=1))])
    assert list(differences(source, lake)) == [
        Differing("lines[1].price", '{"$numberInt": "2"}', '"2"'),
        Differing("lines[2]", "missing", '{"$numberInt": "3"}'),
        Differing("r;2", '{"$numberInt": "2"}', '{"$numberInt": "5"}'),
        Differing("gone", "null", "missing"),
        Differing("o", '{"$numberInt": "1"}', '{"x": {"$numberInt": "1"}}'),
    ]


def test_long_values_are_shortened() -> None:
    (difference,) = differences("x" * 10_000, decimal.Decimal("1.5"))
    assert len(difference.source) < 200
    assert difference.lake == '{"$numberDecimal": "1.5"}'
