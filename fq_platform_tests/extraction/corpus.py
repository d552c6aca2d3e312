"""Named documents that hold every BSON type and every oddity that real collections have shown.

Belongs here: the documents, each a value of `bson_values`. Does not: what is expected of them.
"""

import uuid
from typing import Any

from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp

from fq_platform.extraction.bson_values import UNDEFINED, DBPointer, Document, JavaScript, Regex, Symbol

OID = ObjectId("0123456789abcdef01234567")
UUID = Binary(uuid.UUID("12345678-1234-5678-1234-567812345678").bytes, 4)
NAN, INFINITY = float("nan"), float("inf")
YEAR_0 = -62_167_219_200_000
YEAR_1 = -62_135_596_800_000
LAST_OF_9999 = 253_402_300_799_999


def doc(**fields: Any) -> Document:
    return Document(list(fields.items()))


def named(*fields: tuple[str, Any]) -> Document:
    return Document(list(fields))


def deep(levels: int, innermost: Any = 1, *, array: bool = False) -> Any:
    """A value within `levels` documents or arrays."""
    for _ in range(levels):
        innermost = [innermost] if array else doc(a=innermost)
    return innermost


def _by_position(prefix: str, values: list[Any], name: str = "v") -> dict[str, Document]:
    return {f"{prefix} {n}": doc(**{name: value}) for n, value in enumerate(values)}


TYPES: dict[str, Document] = {
    "double": doc(v=2.5),
    "string": doc(v="Größe 🙂"),
    "document": doc(v=doc(a=1, b="x")),
    "array": doc(v=[1, 2]),
    "binary": doc(v=Binary(b"\x00\xff", 0)),
    "undefined": doc(v=UNDEFINED),
    "objectid": doc(v=OID),
    "boolean true": doc(v=True),
    "boolean false": doc(v=False),
    "date": doc(v=DatetimeMS(1_767_225_600_123)),
    "null": doc(v=None),
    "regex": doc(v=Regex("^a.*/b$", "im")),
    "regex with options unknown to Python": doc(v=Regex("a", "gz")),
    "dbpointer": doc(v=DBPointer("shop.orders", OID)),
    "code": doc(v=JavaScript("return 1")),
    "symbol": doc(v=Symbol("sym")),
    "code with scope": doc(v=JavaScript("return x", doc(x=1, y=doc(z=None)))),
    "int32": doc(v=-7),
    "timestamp": doc(v=Timestamp(1_767_225_600, 5)),
    "int64": doc(v=Int64(7)),
    "decimal128": doc(v=Decimal128("12.50")),
    "minkey": doc(v=MinKey()),
    "maxkey": doc(v=MaxKey()),
    "uuid": doc(v=UUID),
    "dbref": doc(v=named(("$ref", "orders"), ("$id", OID), ("$db", "shop"))),
    **{f"binary subtype {n}": doc(v=Binary(b"\x01\x02", n)) for n in (1, 2, 3, 5, 6, 7, 8, 9, 128, 255)},
    "uuid of the wrong size": doc(v=Binary(b"123", 4)),
    "old uuid": doc(v=Binary(UUID, 3)),
    "empty binary": doc(v=Binary(b"", 0)),
    "empty old binary": doc(v=Binary(b"", 2)),
}
"""Every type of BSON, all under one name, so that a batch of them is as mixed as can be."""

NUMBERS: dict[str, Document] = {
    **_by_position("double", [NAN, INFINITY, -INFINITY, -0.0, 0.0, 5e-324, 1.7976931348623157e308, 0.1], "d"),
    **_by_position("int32", [0, -1, 2**31 - 1, -(2**31)], "i"),
    **_by_position("int64", [Int64(n) for n in (0, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))], "i"),
    **_by_position("double among ints", [5.0, -0.0, 0.5, NAN, 9.3e18, 2.0**63, -(2.0**63), 2.0**53 + 2], "i"),
    **_by_position("int among doubles", [5, Int64(2**53), Int64(2**53 + 1), Int64(-(2**63)), Decimal128("5")], "d"),
    **_by_position(
        "decimal",
        [
            Decimal128(text)
            for text in (
                "0",
                "-0",
                "0E-6176",
                "0E+6111",
                "1E-6176",
                "9.999999999999999999999999999999999E+6144",
                "-9.999999999999999999999999999999999E+6144",
                "1234567890123456789012345678901234",
                "12345678901234567890.123456789012",
                "99999999999999999999999999",
                "100000000000000000000000000",
                "-99999999999999999999999999",
                "0.000000000001",
                "0.0000000000001",
                "1.500000000000000000000",
                "1E+3",
                "1E+25",
                "1E+26",
                "NaN",
                "-NaN",
                "sNaN",
                "Infinity",
                "-Infinity",
            )
        ],
        "m",
    ),
    "decimal with too many digits in its bits": doc(m=Decimal128.from_bid(b"\xff" * 14 + b"\x41\x30")),
    "decimal in the long form of its bits": doc(m=Decimal128.from_bid(b"\x01" + b"\x00" * 13 + b"\x00\x60")),
    **_by_position("other among decimals", [5, Int64(2**63 - 1), 0.5, 0.1, 2.0**80, 1e300, NAN, "12.50"], "m"),
}

DATES: dict[str, Document] = _by_position(
    "date",
    [
        DatetimeMS(ms)
        for ms in (
            0,
            -1,
            YEAR_0,
            YEAR_1 - 1,
            YEAR_1,
            LAST_OF_9999,
            LAST_OF_9999 + 1,
            -(2**63),
            2**63 - 1,
            -(2**63) + 1,
            9_223_372_036_854_775,
            9_223_372_036_854_776,
        )
    ],
    "t",
) | _by_position("timestamp", [Timestamp(0, 0), Timestamp(2**32 - 1, 2**32 - 1), Timestamp(2**31, 1)], "ts")

NAMES: dict[str, Document] = {
    "empty name": named(("", 1)),
    "names with everything": named(
        ("a.b", 1),
        ("$set", 2),
        ("a b", 3),
        ("\ufeffid", 4),
        ("größe", 5),
        ("🙂", 6),
        ("1st", 7),
        ("_fq_op", 8),
        ("_FQ_op", 9),
        ("_x41_", 10),
        ("_x_", 11),
        ("a;2", 12),
        ("a[0]", 13),
        ('a["k"]', 14),
        ("\n\t\\\"'", 15),
        ("select", 16),
        ("A.B", 17),
    ),
    "names nested": doc(o=named(("", doc(x=None)), ("a.b", named(("$c", "d"))), (".", []), ("[0]", None))),
    "names by case": named(("price", 1), ("Price", 2), ("PRICE", None), ("o", named(("k", 1), ("K", doc(x=1))))),
    "only the other case": named(("Price", 3), ("o", named(("K", 3)))),
    "repeated name": named(("r", 1), ("r", 2), ("r", None), ("r", "x")),
    "repeated name of nested": named(("o", doc(k=1)), ("o", doc(k=2)), ("o", named(("k", 1), ("k", 2)))),
    "repeated null first": named(("r", None), ("r", 1)),
    "repeated misfit first": named(("r", "x"), ("r", 1)),
    "repeated in array": doc(l=[named(("k", 1), ("k", 2)), named(("k", None), ("k", None))]),
    "name not UTF-8": named(("caf\udce9", 1), ("o", named(("\udcff", doc(x=None)), ("k", "\udcfe")))),
    "name with noncharacters": named(("\ue000\uffff", 1), ("\U0010ffff", 2)),
    "like extended JSON": doc(
        v=named(("$oid", "0123456789abcdef01234567")),
        w=[1, named(("$numberInt", "5")), named(("$literal", 1)), named(("$date", 1), ("x", 2))],
        x=[named(("$undefined", True), ("$undefined", 1)), 2],
    ),
    "id within": doc(o=doc(_id=OID), l=[doc(_id=1)]),
}

SHAPES: dict[str, Document] = {
    "nothing but an id": doc(),
    "null": doc(a=None, s="x", l=[1], o=doc(x=1)),
    "missing": doc(s="y"),
    "empty string": doc(a="", s=""),
    "empty array": doc(l=[]),
    "empty document": doc(o=doc()),
    "null array": doc(l=None),
    "null document": doc(o=None),
    "nulls within": doc(l=[None, 1, None], o=doc(x=None), ll=[[], None, [None], [1]]),
    "empties within": doc(lo=[doc(), None, doc(x=None), doc(x=1)], oo=doc(e=doc(), n=doc(n=None))),
    "only empties": doc(e1=[], e2=doc(), e3=[[]], e4=[doc()], e5=doc(x=doc()), e6=[None], e7=doc(x=None), e8=doc(x=[])),
    "mixed array": doc(l=[1, "x", None, 2.5, doc(a=1), [1], Decimal128("1.5"), True, OID, UNDEFINED, MinKey()]),
    "array of arrays": doc(ll=[[1, 2], [], [3]], lll=[[[1], []], [], [[2]]]),
    "array of arrays of documents": doc(lls=[[doc(a=1)], [doc(a="x"), doc(b=None)]]),
    "array, then not": doc(l=5),
    "document, then not": doc(o="text"),
    "scalar, then document": doc(s=doc(x=1)),
    "scalar, then array": doc(s=[1, 2]),
    "deep documents": doc(deep1=deep(98)),
    "deep arrays": doc(deep2=deep(98, array=True)),
    "deep empty": doc(deep3=deep(60, doc()), deep4=deep(60, None), deep5=deep(40, [], array=True)),
    "just deep enough": doc(deep6=deep(30), deep7=deep(31), deep8=deep(32), deep9=deep(33)),
    "many fields": Document([(f"f{n}", n) for n in range(300)]),
    "data as keys": doc(attrs=named(*((f"key {n}", n) for n in range(40)))),
    "more data as keys": doc(attrs=named(*((f"KEY {n}", n) for n in range(40)), ("x", None), ("y", "text"), ("x", 2))),
    "keys that are bytes": doc(attrs=named(("\udcff", 1), ('"quoted"\\', 2), ("", 3))),
}

TEXT: dict[str, Document] = {
    **_by_position(
        "text",
        [
            "\0",
            "a\0b",
            "not \udcff UTF-8",
            "\udced\udca0\udc80",
            "\udcc0\udc80",
            "\ufeffBOM",
            "\u2028\u2029",
            "\U0010ffff",
            "é" * 1000,
            "cut \udcf0\udc9f\udc99",
        ],
        "s",
    ),
    "text like an ObjectId": doc(ref="0123456789abcdef01234567"),
    "ObjectId": doc(ref=OID),
    "text like a UUID": doc(u="12345678-1234-5678-1234-567812345678"),
    "UUID": doc(u=UUID),
    "symbol and code beside text": doc(s=Symbol("x"), ref=JavaScript("x"), u=Symbol("y")),
    "symbol that is not UTF-8": doc(sy=Symbol("\udcff"), co=JavaScript("\udcfe"), re=Regex("\udcfd", "i")),
    "symbols": doc(sy=Symbol("ok"), co=JavaScript("ok")),
}

IDS: list[Any] = [
    OID,
    "text",
    "0123456789abcdef01234568",
    "5",
    "true",
    '"quoted"',
    "",
    "\udcff",
    "a\0b",
    1,
    Int64(2**40),
    2.5,
    -3.0,
    NAN,
    INFINITY,
    Decimal128("7.25"),
    Decimal128("8"),
    True,
    None,
    DatetimeMS(0),
    DatetimeMS(2**62),
    UUID,
    Binary(b"xy", 0),
    Binary(b"xyz", 128),
    Timestamp(1, 2),
    doc(a=1, b="x"),
    named(("b", "x"), ("a", 1)),
    MinKey(),
    MaxKey(),
]
"""`_id`s of every type that MongoDB takes (not arrays, regular expressions, undefined)."""

BIG_BYTES = 15 * 2**20


def big() -> Document:
    """A document of 15 MB: one long text and many elements."""
    return doc(_id="big", text="x" * (BIG_BYTES - 400_000), lines=[doc(n=n, sku=f"SKU-{n}") for n in range(9_000)])


def with_ids(documents: dict[str, Document]) -> list[Document]:
    """The documents with their names as `_id`."""
    return [Document([("_id", name), *document.fields]) for name, document in documents.items()]


ODDITIES: dict[str, Document] = TYPES | NUMBERS | DATES | NAMES | SHAPES | TEXT
CORPUS: list[Document] = with_ids(ODDITIES) + [doc(_id=id_, v=n) for n, id_ in enumerate(IDS)]
