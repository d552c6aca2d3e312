"""Reading the contact of an order from the JSON text that the source has it in, whatever shape that is in.

Belongs here: shapes of the text, torn ones included. Does not: what stands for a missing contact.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.ifco.texts import tidy

KEYS = ("contact_name", "contact_surname", "city", "cp")
"""What the JSON calls first name, surname, city and postal code."""

_OBJECTS, _VALUES = "contact_objects", "contact_values"
_TYPE = f"array<struct<{','.join(f'{key}:string' for key in KEYS)}>>"
# Whatever says that there is nobody: not something that could not be read.
_NOBODY = r"(?i)^\s*(?:\[\s*(?:\{\s*\}|null)?\s*\]|\{\s*\}|null)\s*$"


def with_contacts(orders: DataFrame, text: str) -> DataFrame:
    """Read the contacts, for the functions below.

    The text is an array of objects, of which the first counts, or one object. Of torn JSON each value is read by its
    key, as far as it goes.

    Args:
        orders: Any rows.
        text: The column that holds the JSON; without it there are no contacts.

    Returns:
        The rows with further columns. Each is computed once: what is made of it is put together in another step.
    """
    if text not in orders.columns:
        orders = orders.withColumn(text, sf.lit(None).cast("string"))
    # An object alone is read as an array of one; a number as its text.
    parsed = orders.withColumn(_OBJECTS, sf.from_json(text, _TYPE))
    first = sf.try_element_at(_OBJECTS, sf.lit(1))
    values = (
        sf.when(first.isNotNull(), sf.array(*(first[key] for key in KEYS)))
        .when(sf.col(text).rlike(_NOBODY), sf.array().cast("array<string>"))
        .otherwise(sf.array(*(_torn_value(sf.col(text), key) for key in KEYS)))
    )
    return parsed.withColumn(_VALUES, sf.transform(values, tidy))


def contact_value(key: str) -> Column:
    """A value of the contact, null if there is none.

    Args:
        key: One of `KEYS`.
    """
    return sf.try_element_at(_VALUES, sf.lit(KEYS.index(key) + 1))


def is_unreadable(text: Column) -> Column:
    """Whether there is a text, and no contact in it although it does not say that there is none."""
    return text.isNotNull() & ~text.rlike(_NOBODY) & ~_is_known()


def is_torn() -> Column:
    """Whether the contact was read from what is no JSON."""
    return sf.try_element_at(_OBJECTS, sf.lit(1)).isNull() & _is_known()


def has_others() -> Column:
    """Whether the text names further contacts, which are not used."""
    return sf.size(_OBJECTS) > 1


def _is_known() -> Column:
    return sf.coalesce(sf.exists(_VALUES, lambda value: value.isNotNull()), sf.lit(False))


def _torn_value(text: Column, key: str) -> Column:
    """What stands behind a key, also if its end is missing."""
    quoted = sf.regexp_extract(text, rf'"{key}"\s*:\s*"((?:[^"\\]|\\.)*)', 1)
    bare = sf.regexp_extract(text, rf'"{key}"\s*:\s*(-?\d[\d.]*)', 1)
    unescaped = sf.get_json_object(sf.concat(sf.lit('{"value":"'), quoted, sf.lit('"}')), "$.value")
    return sf.coalesce(sf.nullif(unescaped, sf.lit("")), sf.nullif(quoted, sf.lit("")), bare)
