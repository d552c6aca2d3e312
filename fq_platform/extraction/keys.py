"""The text that stands for a document's `_id`, whatever its BSON type.

Belongs here: the one rule for it, and its inverse. Does not: other fields.
"""

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

from bson import Binary, Decimal128, ObjectId
from bson.binary import UUID_SUBTYPE
from bson.codec_options import DatetimeConversion
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps, loads

OBJECT_ID = "[0-9a-f]{24}"
INTEGER = "-?[0-9]{1,19}"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TAKEN = rf'(?:{OBJECT_ID}|{INTEGER}|{UUID}|true|false|null)\z|["{{\[]'
"""The beginnings of strings that are the text of another `_id`, or begin like one; as RE2 and Arrow write patterns."""
_TAKEN = re.compile(TAKEN.replace(r"\z", r"\Z"))
_UUID_BYTES = 16
_READING = CANONICAL_JSON_OPTIONS.with_options(
    tz_aware=True, tzinfo=dt.UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


def document_key(value: Any) -> str:
    """Write an `_id` as text so that different `_id`s never share a text.

    Args:
        value: The `_id` as pymongo decodes it.

    Returns:
        An ObjectId's 24 hex digits; the decimal digits of a number that is an integer within 64 bits, whatever its
        type (MongoDB holds 1 and 1.0 to be the same `_id`, so a collection never has both); a UUID in its canonical
        form; a string as it is, unless it could be taken for another `_id`'s text, then in JSON quotes; everything
        else as canonical extended JSON. The text is always valid Unicode, even if the `_id` was not.
    """
    if isinstance(value, ObjectId):
        return str(value)
    if type(value) is str and not _TAKEN.match(value) and _is_unicode(value):
        return value
    if isinstance(value, Binary) and value.subtype == UUID_SUBTYPE and len(value) == _UUID_BYTES:
        return str(value.as_uuid())
    integer = _integer(value)
    if integer is not None:
        return str(integer)
    return dumps(value, json_options=CANONICAL_JSON_OPTIONS)


def parse_key(text: str) -> Any:
    """The `_id` that a text stands for.

    Args:
        text: What `document_key` gave.

    Returns:
        A value that MongoDB holds to be equal to the `_id`; numbers may differ in type.
    """
    if re.fullmatch(OBJECT_ID, text):
        return ObjectId(text)
    if re.fullmatch(INTEGER, text):
        return int(text)
    if re.fullmatch(UUID, text):
        return Binary(bytes.fromhex(text.replace("-", "")), UUID_SUBTYPE)
    if not _TAKEN.match(text):
        return text
    return json.loads(text) if text.startswith('"') else loads(text, json_options=_READING)


def _integer(value: Any) -> int | None:
    """The integer within 64 bits that a number equals, if there is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal128):
        return None
    number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
    # Compared first: an infinity is no int, and a decimal with a great exponent would be thousands of digits long.
    if number.is_nan() or not -(2**63) <= number < 2**63:
        return None
    return int(number) if number == int(number) else None


def _is_unicode(value: str) -> bool:
    """Bytes that are not UTF-8 are decoded to surrogates, which cannot be encoded again."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
