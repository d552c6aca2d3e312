"""The text that stands for a document's `_id`, whatever its BSON type.

Belongs here: the one rule for it. Does not: other fields.
"""

import re
from typing import Any

from bson import ObjectId
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps

_OBJECT_ID_LIKE = re.compile(r"[0-9a-f]{24}")


def document_key(value: Any) -> str:
    """Write an `_id` as text so that different `_id`s never share a text.

    Args:
        value: The `_id` as pymongo decodes it.

    Returns:
        An ObjectId's 24 hex digits; a string as it is, unless it could be taken for another `_id`'s text, then in
        JSON quotes; everything else as canonical extended JSON. (MongoDB holds 1 and 1.0 to be the same `_id`, so a
        collection never has both.)
    """
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, str) and not (_OBJECT_ID_LIKE.fullmatch(value) or value.startswith(('"', "{", "["))):
        return value if value not in ("true", "false", "null") else dumps(value)
    return dumps(value, json_options=CANONICAL_JSON_OPTIONS)
