"""Reading a raw changelog: its live rows, and the values that did not fit their columns.

Belongs here: what follows from the changelog's own columns. Does not: cleaning a business's fields (`cleaning.py`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.lakehouse.current import live_in_windows

RESCUED = "_fq_rescued"
_RESCUED_TEXTS = "_fq_rescued_texts"
_RESCUED_NUMBERS = "_fq_rescued_numbers"
_RESCUED_TIMES = "_fq_rescued_times"
NUMBER = "decimal(38,12)"
"""The type in which a number is read before it is given the precision of its column."""

_DIGITS = r"(?:\d{1,25}(?:\.\d*)?|\.\d+)"
_FEWER_DIGITS = r"(?:\d{1,16}(?:\.\d*)?|\.\d+)"
# Doubles and decimals spell great and small numbers with an exponent: 1e+16, 2.5e-07. Whatever matches fits NUMBER, so
# that no cast can overflow.
_NUMBER_TEXT = rf"^[+-]?(?:{_DIGITS}(?:[eE]-\d{{1,4}})?|{_FEWER_DIGITS}[eE]\+?0?\d|\d(?:\.\d*)?[eE]\+?(?:1\d|2[0-4]))$"
_TIMESTAMP_TEXT = r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$"
_WRAPPED = r'^\{"\$(?:numberInt|numberLong|numberDouble|numberDecimal|oid|symbol)":\s*"([^"]*)"\}$'
_DATE = r'^\{"\$date":\s*\{"\$numberLong":\s*"(-?\d{1,15})"\}\}$'
_YEARS_1_TO_9999 = (-62_135_596_800_000, 253_402_300_799_999)
"""The first and the last millisecond since 1970 that a TIMESTAMP can be printed for."""


def current(changelog: DataFrame) -> DataFrame:
    """The live version of every document.

    Args:
        changelog: Rows of a raw table, of any windows, each window complete.

    Returns:
        The newest row per `_fq_window` and `_id`, without those whose newest row is a tombstone; columns unchanged.
        Not one per `_id`: windows are made one by one, and which others there are is not known here.
    """
    return live_in_windows(changelog)


def with_rescued_read(changelog: DataFrame) -> DataFrame:
    """Read each rescued value once, for `rescued_text`, `rescued_number` and `rescued_timestamp`.

    Args:
        changelog: Rows of a raw table.

    Returns:
        The same rows with maps of what the values at each path are or spell. What nobody asks of them is not computed.
    """
    texts = sf.transform_values(RESCUED, lambda _, json: _text_of(json))
    numbers = sf.transform_values(_RESCUED_TEXTS, lambda _, text: number_from_text(text))
    times = sf.transform_values(
        RESCUED, lambda path, json: sf.coalesce(_date_of(json), timestamp_from_text(rescued_text(path)))
    )
    with_texts = changelog.select("*", texts.alias(_RESCUED_TEXTS))
    return with_texts.select("*", numbers.alias(_RESCUED_NUMBERS), times.alias(_RESCUED_TIMES))


def rescued(path: Column) -> Column:
    """The canonical extended JSON of the value rescued from a path such as `lines[2].unit_price`, else null."""
    return sf.try_element_at(sf.col(RESCUED), path)


def rescued_text(path: Column) -> Column:
    """The text of a rescued string, symbol, number, boolean or ObjectId; null for anything else.

    Args:
        path: Where the value stood in the document.

    Returns:
        A STRING column of a DataFrame made by `with_rescued_read`: `{"$numberInt":"1067"}` gives `1067`.
    """
    return sf.try_element_at(sf.col(_RESCUED_TEXTS), path)


def rescued_timestamp(path: Column) -> Column:
    """The instant that a rescued value is or spells; null where it cannot be read as one.

    Args:
        path: Where the value stood in the document.

    Returns:
        A TIMESTAMP column of a DataFrame made by `with_rescued_read`, from a BSON date of the years 1 to 9999 or a
        text in ISO 8601.
    """
    return sf.try_element_at(sf.col(_RESCUED_TIMES), path)


def rescued_is_empty(path: Column) -> Column:
    """Whether the rescued value is an empty array, which has no column as long as no array with elements came."""
    return rescued(path) == "[]"


def rescued_number(path: Column) -> Column:
    """The number that a rescued value is or spells; null where it cannot be read as one, for nothing is guessed.

    Args:
        path: Where the value stood in the document.

    Returns:
        A DECIMAL(38,12) column of a DataFrame made by `with_rescued_read`: `{"$numberDecimal":"1.2"}` gives 1.2,
        and the string `"12.50"` gives 12.50.
    """
    return sf.try_element_at(sf.col(_RESCUED_NUMBERS), path)


def _date_of(json: Column) -> Column:
    millis = sf.nullif(sf.regexp_extract(json, _DATE, 1), sf.lit("")).cast("bigint")
    return sf.timestamp_millis(sf.when(millis.between(*_YEARS_1_TO_9999), millis))


def _text_of(json: Column) -> Column:
    bare = sf.get_json_object(sf.concat(sf.lit('{"value":'), json, sf.lit("}")), "$.value")
    wrapped = sf.regexp_extract(json, _WRAPPED, 1)
    return (
        sf.when(json.startswith("["), sf.lit(None))
        .when(json.startswith("{"), sf.when(wrapped != "", wrapped))
        .otherwise(bare)
    )


def number_from_text(text: Column) -> Column:
    """The number that a text spells with a point for the decimals, as DECIMAL(38,12); null if it spells none."""
    trimmed = sf.trim(text)
    return sf.when(trimmed.rlike(_NUMBER_TEXT), trimmed).cast(NUMBER)


def timestamp_from_text(text: Column) -> Column:
    """The instant that an ISO 8601 text spells, UTC where it names no offset; null if it spells none."""
    trimmed = sf.trim(text)
    return sf.try_to_timestamp(sf.when(trimmed.rlike(_TIMESTAMP_TEXT), trimmed))
