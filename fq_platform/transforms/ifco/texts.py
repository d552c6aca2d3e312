"""Tidying names as people wrote them: noise is removed, letters never are.

Belongs here: what noise is. Does not: which fields are tidied, or what a name means (`companies.py`).
"""

from pyspark.sql import Column
from pyspark.sql import functions as sf

_NOISE = r'[\p{Cc}\x{AD}\x{200B}\x{200E}\x{200F}\x{2060}\x{FEFF}\x{FFFD}*#~^|\\"<>{}\[\]_=;]'
"""What no name is written with: control characters, invisible ones that join nothing, marks of broken encodings, and
punctuation that comes of quoting and of markup. Apostrophes, hyphens, dots, commas, brackets and `&` are of names."""

_BLANKS = r"[\s\p{Z}]+"


def tidy(text: Column) -> Column:
    """A text without noise, with single blanks within and none around; null if nothing is left.

    Args:
        text: A STRING column.
    """
    bare = sf.regexp_replace(sf.regexp_replace(text, _NOISE, " "), _BLANKS, " ")
    return sf.nullif(sf.trim(bare), sf.lit(""))


def names(text: Column) -> Column:
    """The names that stand in a text with commas between, as ARRAY<STRING>: in order, each once; empty if none.

    Args:
        text: A STRING column.
    """
    tidied = sf.transform(sf.split(text, ","), tidy)
    return sf.array_distinct(sf.array_compact(sf.coalesce(tidied, sf.array().cast("array<string>"))))
