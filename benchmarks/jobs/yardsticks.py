"""What others need for the same: BSON in memory to an Arrow table, by Python objects and by PyMongoArrow.

Belongs here: ways that are publicly known, on the same documents. Does not: reading, comparing, writing.
"""

import itertools
from collections.abc import Callable
from typing import Any

import bson
import pyarrow as pa
from bson.codec_options import CodecOptions, DatetimeConversion, TypeDecoder, TypeRegistry
from bson.decimal128 import Decimal128
from bson.objectid import ObjectId

from benchmarks.documents import encoded
from benchmarks.measure import Cost


class _HexId(TypeDecoder):
    bson_type = ObjectId

    def transform_bson(self, value: ObjectId) -> str:
        return str(value)


class _Money(TypeDecoder):
    bson_type = Decimal128

    def transform_bson(self, value: Decimal128) -> Any:
        return value.to_decimal()


_PLAIN: CodecOptions[Any] = CodecOptions(
    tz_aware=True,
    datetime_conversion=DatetimeConversion.DATETIME_CLAMP,
    type_registry=TypeRegistry([_HexId(), _Money()]),
)


def run(documents: int) -> dict[str, Any]:
    """Decode clean documents in every way that is installed.

    Args:
        documents: How many.

    Returns:
        CPU time of each way (seconds); None where it is not installed.
    """
    raw = list(itertools.islice(encoded("clean", documents), documents))
    data = b"".join(raw)
    return {
        "bson.decode_all": _cost(lambda: bson.decode_all(data)),
        "bson.decode_all, Table.from_pylist": _cost(lambda: pa.Table.from_pylist(bson.decode_all(data, _PLAIN))),
        "PyMongoArrow": _pymongoarrow(data),
    }


def _pymongoarrow(data: bytes) -> float | None:
    """Not a dependency, as its wheels need an older PyArrow: measured in an environment that has both."""
    try:
        import pymongoarrow.lib  # noqa: F401 - fails where PyArrow is another than it was built for
        from pymongoarrow.context import PyMongoArrowContext
    except ImportError:
        return None

    def decode() -> Any:
        context = PyMongoArrowContext(None)
        context.process_bson_stream(data)
        return context.finish()

    return _cost(decode)


def _cost(work: Callable[[], Any]) -> float:
    cost = Cost()
    with cost.measured():
        work()
    return cost.cpu
