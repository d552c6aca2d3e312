"""Decoding a few documents, for the tests of the decoder.

Belongs here: from documents to columns and rescued values. Does not: assertions.
"""

import datetime as dt
from typing import Any

import bson
import pyarrow as pa
from bson import ObjectId

from fq_platform.extraction.batch import Batch, index
from fq_platform.extraction.decoder import Decoder
from fq_platform.extraction.kinds import DECIMAL, TIMESTAMP

OID = ObjectId("0123456789abcdef01234567")
NOTHING = pa.schema([])
AT = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
TYPES: dict[str, pa.DataType] = {
    "long": pa.int64(),
    "double": pa.float64(),
    "decimal": DECIMAL,
    "string": pa.string(),
    "bool": pa.bool_(),
    "at": TIMESTAMP,
    "binary": pa.binary(),
    "struct": pa.struct([("x", pa.int64())]),
    "list": pa.list_(pa.field("element", pa.int64())),
}


def batch_of(documents: list[Any]) -> Batch:
    """Documents, or values of a field `v`, as extraction meets them."""
    whole = [document if isinstance(document, dict) else {"v": document} for document in documents]
    return index(b"".join(bson.encode({"_id": n} | document) for n, document in enumerate(whole)))


def decode(documents: list[Any], existing: pa.Schema = NOTHING) -> tuple[pa.Table, list[dict[str, str]]]:
    """The columns, and what is rescued of each document."""
    decoded = Decoder(existing).decode(batch_of(documents))
    return pa.Table.from_batches([decoded.columns]), [dict(row or ()) for row in decoded.rescued.to_pylist()]


def decode_one(value: Any, type_: pa.DataType | None = None) -> tuple[Any, dict[str, str]]:
    """One value in the column `v`, as (what the column holds, what is rescued)."""
    existing = pa.schema([("v", type_)]) if type_ is not None else NOTHING
    table, rescued = decode([{"v": value}], existing)
    return (table["v"][0].as_py() if "v" in table.column_names else None), rescued[0]
