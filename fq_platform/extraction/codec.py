"""How pymongo decodes what the platform looks at in Python, so that no document is refused.

Belongs here: the one set of options. Does not: decoding whole collections (`decoder.py`).
"""

import datetime as dt
from typing import Any

from bson import CodecOptions, UuidRepresentation
from bson.codec_options import DatetimeConversion

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict,
    tz_aware=True,
    tzinfo=dt.UTC,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    unicode_decode_error_handler="surrogateescape",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""Dates that Python cannot hold stay `DatetimeMS`, bytes that are not UTF-8 become surrogates, UUIDs stay binary."""
