"""Tests of reading a changelog: which version lives, and what a rescued value says."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform_tests.transforms.raw import DAY, NOON, changelog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

LATER = NOON + dt.timedelta(hours=1)
NEXT_DAY = DAY + dt.timedelta(days=1)


def test_the_newest_version_lives_and_a_tombstone_removes_the_document(spark: "SparkSession") -> None:
    from fq_platform.transforms.changelog import current

    raw = changelog(
        spark,
        "_id STRING, note STRING",
        {"_id": "changed", "note": "old"},
        {"_id": "changed", "note": "new", "_fq_op": "update", "_fq_extracted_at": LATER},
        {"_id": "deleted", "note": "old"},
        {"_id": "deleted", "_fq_op": "delete", "_fq_extracted_at": LATER},
        {"_id": "moved", "note": "here before"},
        {"_id": "moved", "_fq_op": "delete", "_fq_extracted_at": LATER},
        {"_id": "moved", "note": "here now", "_fq_window": NEXT_DAY, "_fq_extracted_at": LATER},
        {"_id": "back", "_fq_op": "delete", "_fq_extracted_at": NOON - dt.timedelta(hours=1)},
        {"_id": "back", "note": "again"},
        {"_id": "whole", "note": "no window", "_fq_window": None},
        {"_id": "whole", "note": "no window, newer", "_fq_window": None, "_fq_extracted_at": LATER},
    )

    live = current(raw)

    assert live.columns == raw.columns
    assert {(row["_id"], row["note"], row["_fq_window"]) for row in live.collect()} == {
        ("changed", "new", DAY),
        ("moved", "here now", NEXT_DAY),
        ("back", "again", DAY),
        ("whole", "no window, newer", None),
    }


RESCUED = {
    '{"$numberDecimal":"1.2"}': ("1.2", Decimal("1.2")),
    '{"$numberInt": "3"}': ("3", Decimal(3)),
    '{"$numberLong":"-9007199254740993"}': ("-9007199254740993", Decimal("-9007199254740993")),
    '{"$numberDouble":"2.5"}': ("2.5", Decimal("2.5")),
    '{"$numberDecimal":"1E+3"}': ("1E+3", Decimal(1000)),
    '{"$numberDouble": "1e+16"}': ("1e+16", Decimal(10**16)),
    '{"$numberDouble": "1.5e+24"}': ("1.5e+24", Decimal("1.5e+24")),
    '{"$numberDouble": "1e-05"}': ("1e-05", Decimal("0.00001")),
    '{"$numberDouble": "-2.5e-07"}': ("-2.5e-07", Decimal("-0.00000025")),
    '{"$numberDouble": "5e-324"}': ("5e-324", Decimal(0)),
    '{"$numberDouble": "-0.0"}': ("-0.0", Decimal(0)),
    '{"$numberDouble": "1e+25"}': ("1e+25", None),
    '{"$numberDouble": "1.7976931348623157e+308"}': ("1.7976931348623157e+308", None),
    '{"$numberDouble": "-Infinity"}': ("-Infinity", None),
    '{"$numberDecimal": "1E-6176"}': ("1E-6176", Decimal(0)),
    '{"$numberDecimal": "9999999999999999999999999.9999999999999"}': (
        "9999999999999999999999999.9999999999999",
        Decimal(10**25),
    ),
    '{"$numberDecimal": "9999999999999999.9E+9"}': ("9999999999999999.9E+9", Decimal("9999999999999999.9E+9")),
    '{"$numberLong": "9223372036854775807"}': ("9223372036854775807", Decimal(2**63 - 1)),
    '{"$oid": "65a1b2c3d4e5f60718293a4b"}': ("65a1b2c3d4e5f60718293a4b", None),
    '{"$symbol": "S"}': ("S", None),
    '{"$date": {"$numberLong": "1767571200000"}}': (None, None),
    '{"$binary": {"base64": "eA==", "subType": "00"}}': (None, None),
    "{}": (None, None),
    "[]": (None, None),
    '"12.50"': ("12.50", Decimal("12.50")),
    '" 7 "': (" 7 ", Decimal(7)),
    '"say \\"hi\\" \\u00e9"': ('say "hi" é', None),
    '"12,50"': ("12,50", None),
    '"1e99"': ("1e99", None),
    '"123456789012345678901234567890"': ("123456789012345678901234567890", None),
    '{"$numberDouble":"NaN"}': ("NaN", None),
    "true": ("true", None),
    "[1]": (None, None),
    '{"$numberInt":"1","and":"more"}': (None, None),
    "null": (None, None),
}


def test_a_rescued_value_is_read_as_what_it_says_and_never_guessed(spark: "SparkSession") -> None:
    from pyspark.sql import functions as sf

    from fq_platform.transforms.changelog import rescued_number, rescued_text, with_rescued_read

    values = {f"lines[{number}].price": json for number, json in enumerate(RESCUED)}
    raw = with_rescued_read(
        changelog(spark, "_id STRING", {"_id": "a", "_fq_rescued": values}, {"_id": "nothing rescued"})
    )
    paths = sf.transform(
        sf.array(*(sf.lit(path) for path in values)),
        lambda path: sf.struct(rescued_text(path).alias("text"), rescued_number(path).alias("number")),
    )

    rows = {row["_id"]: row["read"] for row in raw.select("_id", paths.alias("read")).collect()}

    read = dict(zip(RESCUED, ((value["text"], value["number"]) for value in rows["a"]), strict=True))
    assert read == RESCUED
    assert all(tuple(value) == (None, None) for value in rows["nothing rescued"])


def test_a_rescued_time_is_read_from_a_date_or_iso_8601(spark: "SparkSession") -> None:
    from pyspark.sql import functions as sf

    from fq_platform.transforms.changelog import rescued_timestamp, with_rescued_read

    expected = {
        '{"$date": {"$numberLong": "1767571200250"}}': "2026-01-05 00:00:00.25",
        '{"$date":{"$numberLong":"-62135596800000"}}': "0001-01-01 00:00:00",
        '{"$date": {"$numberLong": "253402300799999"}}': "9999-12-31 23:59:59.999",
        '{"$date": {"$numberLong": "253402300800000"}}': None,
        '{"$date": {"$numberLong": "-62135596800001"}}': None,
        '{"$date": {"$numberLong": "9223372036854775807"}}': None,
        '"2026-01-05T12:30:00Z"': "2026-01-05 12:30:00",
        '{"$numberLong": "1767571200000"}': None,
        '"soon"': None,
    }
    values = {f"times[{number}]": json for number, json in enumerate(expected)}
    raw = with_rescued_read(changelog(spark, "_id STRING", {"_id": "a", "_fq_rescued": values}))

    read = sf.array(*(rescued_timestamp(sf.lit(path)).cast("string") for path in values))
    (row,) = raw.select(read.alias("read")).collect()

    assert dict(zip(expected, row["read"], strict=True)) == expected


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-05T12:30:00Z", dt.datetime(2026, 1, 5, 12, 30)),
        ("2026-01-05T12:30:00.250+02:00", dt.datetime(2026, 1, 5, 10, 30, 0, 250_000)),
        ("2026-01-05 12:30", dt.datetime(2026, 1, 5, 12, 30)),
        ("2026-01-05", dt.datetime(2026, 1, 5)),
        ("2026-02-31", None),
        ("05.01.2026", None),
        ("2026", None),
    ],
)
def test_a_time_is_read_from_iso_8601_only(spark: "SparkSession", text: str, instant: Any) -> None:
    from pyspark.sql import functions as sf

    from fq_platform.transforms.changelog import timestamp_from_text

    (row,) = spark.range(1).select(timestamp_from_text(sf.lit(text)).cast("string").alias("text")).collect()
    assert row["text"] == (instant and f"{instant:%Y-%m-%d %H:%M:%S}" + (".25" if instant.microsecond else ""))
