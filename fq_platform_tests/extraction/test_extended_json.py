"""Extended JSON as the driver writes it, for every value, and back without loss."""

from typing import Any

import bson
import pytest
from bson import Decimal128
from bson.json_util import CANONICAL_JSON_OPTIONS
from bson.json_util import dumps as their_dumps
from hypothesis import example, given

from fq_platform.extraction.bson_values import UNDEFINED, DBPointer, Document, JavaScript, Symbol, walk
from fq_platform.extraction.extended_json import dumps, loads
from fq_platform_tests.extraction.corpus import ODDITIES, OID, deep, doc, named
from fq_platform_tests.extraction.encoding import CODEC, encode
from fq_platform_tests.extraction.strategies import VALUES

LIKE_THE_DRIVER = [
    name
    for name in ODDITIES
    if name
    not in {
        "undefined",
        "symbol",
        "dbpointer",
        "regex with options unknown to Python",
        "mixed array",
        "like extended JSON",
        "symbol and code beside text",
        "symbol that is not UTF-8",
        "symbols",
    }
    and "repeated" not in name
    and "more data" not in name
]


@pytest.mark.parametrize("name", LIKE_THE_DRIVER)
def test_text_is_what_the_driver_writes(name: str) -> None:
    data = encode(ODDITIES[name])
    assert dumps(walk(data)) == their_dumps(bson.decode(data, CODEC), json_options=CANONICAL_JSON_OPTIONS)


@pytest.mark.parametrize("name", ODDITIES)
def test_every_oddity_comes_back(name: str) -> None:
    written = dumps(ODDITIES[name])
    assert dumps(loads(written)) == written
    assert written.isascii()
    assert "\n" not in written


@given(VALUES)
@example(JavaScript("", Document([("a", Decimal128.from_bid(b"\0" * 13 + b"`\0\0"))])))
def test_any_value_comes_back_with_its_type(value: Any) -> None:
    back = loads(dumps(value))
    assert dumps(back) == dumps(value)
    assert encode(doc(v=_without_payloads(back))) == encode(doc(v=_without_payloads(value)))


def _without_payloads(value: Any) -> Any:
    """Drops the bits that text does not keep: payloads of NaN, decimals with too many digits."""
    match value:
        case float():
            return 0.0
        case Decimal128():
            return Decimal128("0")
        case list():
            return [_without_payloads(item) for item in value]
        case Document():
            return Document([(name, _without_payloads(field)) for name, field in value.fields])
        case JavaScript(scope=Document()):
            return JavaScript(value.code, _without_payloads(value.scope))
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (UNDEFINED, '{"$undefined": true}'),
        (Symbol("s"), '{"$symbol": "s"}'),
        (DBPointer("a.b", OID), '{"$dbPointer": {"$ref": "a.b", "$id": {"$oid": "0123456789abcdef01234567"}}}'),
        (named(("a", 1), ("a", "\udcff")), r'{"a": {"$numberInt": "1"}, "a": "\udcff"}'),
        (named(("$oid", "x")), '{"$literal": {"$oid": "x"}}'),
        (named(("x", 1), ("$oid", "x")), '{"x": {"$numberInt": "1"}, "$oid": "x"}'),
        (named(("$ref", "c"), ("$id", OID)), '{"$ref": "c", "$id": {"$oid": "0123456789abcdef01234567"}}'),
    ],
)
def test_what_the_driver_loses_is_written(value: Any, text: str) -> None:
    assert dumps(value) == text
    assert loads(text) == value


def test_deep_values_come_back() -> None:
    assert loads(dumps(deep(180))) == deep(180)
    assert loads(dumps(deep(180, array=True))) == deep(180, array=True)
