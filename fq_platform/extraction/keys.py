"""The text that stands for a document's `_id`, whatever its BSON type.

Belongs here: the one rule for it. Does not: other fields.
"""

import re
from typing import Any

from bson import ObjectId
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps

_TAKEN = re.compile(r'[0-9a-f]{24}\Z|(?:true|false|null)\Z|["{\[]')
"""Strings that are the text of another `_id`, or begin like one."""


def document_key(value: Any) -> str:
    """Write an `_id` as text so that different `_id`s never share a text.

    Args:
        value: The `_id` as pymongo decodes it.

    Returns:
        An ObjectId's 24 hex digits; a string as it is, unless it could be taken for another `_id`'s text, then in
        JSON quotes; everything else as canonical extended JSON. (MongoDB holds 1 and 1.0 to be the same `_id`, so a
        collection never has both.) The text is always valid Unicode, even if the `_id` was not.
    """
    if isinstance(value, ObjectId):
        return str(value)
    if type(value) is str and not _TAKEN.match(value) and _is_unicode(value):
        return value
    return dumps(value, json_options=CANONICAL_JSON_OPTIONS)


def _is_unicode(value: str) -> bool:
    """Bytes that are not UTF-8 are decoded to surrogates, which cannot be encoded again."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
