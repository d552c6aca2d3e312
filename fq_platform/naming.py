"""The one rule that turns names of MongoDB into names that Iceberg, Spark and SQL can carry.

Belongs here: normalising collection and field names. Does not: where tables live (`lakehouse/layout.py`).
"""

import re

RESERVED_PREFIX = "_fq_"
"""Columns of the changelog start with this; a document's own field that does so is escaped."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
# What follows the digits may be an underscore, or a character that is about to become an escape and so begin with one.
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9a-f]*[^A-Za-z0-9])")


def _escape(character: str) -> str:
    return f"_x{ord(character):x}_"


def normalise(name: str) -> str:
    """Turn any field or collection name into an identifier of letters, digits and underscores.

    Characters other than ASCII letters, digits and `_` become `_x<hex code point>_`; so does an underscore that
    begins something that already looks like such an escape, a leading digit, and the underscore of a leading `_fq_`
    in upper or lower case (Spark and SQL do not tell them apart). The empty name becomes `_x_`.
    Different names therefore never meet (they may still differ by case only).

    Args:
        name: The name as MongoDB has it, any Unicode text, possibly empty.

    Returns:
        The identifier; equal to `name` where `name` needs no change.
    """
    if not name:
        return "_x_"
    safe = _ESCAPE_LIKE.sub(lambda match: _escape("_"), name)
    safe = _UNSAFE.sub(lambda match: _escape(match.group()), safe)
    if safe[0].isdigit() or safe.lower().startswith(RESERVED_PREFIX):
        safe = _escape(safe[0]) + safe[1:]
    return safe
