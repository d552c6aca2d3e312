"""The one rule that turns names of MongoDB into names that Iceberg, Spark and SQL can carry.

Belongs here: normalising collection and field names. Does not: where tables live (`lakehouse/layout.py`).
"""

import re
from functools import lru_cache

RESERVED_PREFIX = "_fq_"
"""Columns of the changelog start with this; a document's own field that does so is escaped."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
# What follows the digits may be an underscore, or a character that is about to become an escape and so begin with one.
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9a-f]*[^A-Za-z0-9])")
_ESCAPE = re.compile(r"_x([0-9a-f]+)_")
_EMPTY = "_x_"


def _escape(character: str) -> str:
    return f"_x{ord(character):x}_"


def normalise(name: str) -> str:
    """Turn any field or collection name into an identifier of letters, digits and underscores.

    Characters other than ASCII letters, digits and `_` become `_x<hex code point>_`; so does an underscore that
    begins something that already looks like such an escape, a leading digit, and the underscore of a leading `_fq_`
    in upper or lower case (Spark and SQL do not tell them apart). The empty name becomes `_x_`.
    Different names therefore never meet (they may still differ by case only).

    Args:
        name: The name as MongoDB has it, any text, possibly empty; bytes that are not UTF-8 are surrogates in it
            (`surrogateescape`) and escaped like any other character.

    Returns:
        The identifier; equal to `name` where `name` needs no change.
    """
    if not name:
        return _EMPTY
    safe = _ESCAPE_LIKE.sub(lambda match: _escape("_"), name)
    safe = _UNSAFE.sub(lambda match: _escape(match.group()), safe)
    if safe[0].isdigit() or safe.lower().startswith(RESERVED_PREFIX):
        safe = _escape(safe[0]) + safe[1:]
    return safe


@lru_cache(maxsize=4096)
def denormalise(column: str) -> str:
    """Tell the name that was normalised: the inverse of `normalise`.

    Args:
        column: What `normalise` gave.

    Returns:
        The name as MongoDB has it.

    Raises:
        ValueError: No name normalises to this.
    """
    try:
        name = "" if column == _EMPTY else _ESCAPE.sub(lambda match: chr(int(match[1], 16)), column)
    except (ValueError, OverflowError):  # beyond the last code point
        name = ""
    if normalise(name) != column:
        raise ValueError(f"{column!r} is not a normalised name")
    return name
