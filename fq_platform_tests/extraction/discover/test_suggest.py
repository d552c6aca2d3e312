"""The event time, the watermark and types are suggested as a person who knows the platform would."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from bson import Decimal128, Int64

from fq_platform.extraction.discover.observed import Sample
from fq_platform.extraction.discover.suggest import DateField, Suggestion, first_day, suggest

T0 = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def suggestion(*documents: Mapping[str, Any], indexed: str = "") -> Suggestion:
    sample = Sample()
    for document in documents:
        sample.see(document)
    return suggest(sample, set(indexed.split()))


def path(date: DateField | None) -> str | None:
    return date.path if date else None


@pytest.mark.parametrize(
    ("names", "indexed", "partition_by", "watermark"),
    [
        ("order_date updated_at", "", "order_date", "updated_at"),
        ("created_at order_date", "", "order_date", None),
        ("placedAt lastModified", "", "placedAt", "lastModified"),
        ("order_date created_at", "created_at", "created_at", None),
        ("order_date created_at", "created_at order_date", "order_date", None),
        ("created_at updated_at", "", None, "updated_at"),
        ("created_at updated_at", "created_at", "created_at", "updated_at"),
        ("due_date invoice_date", "due_date", "invoice_date", None),
        ("expires_at deleted_at birthday", "expires_at", None, None),
        ("updated_at changed_on", "changed_on", None, "changed_on"),
        ("start booked", "booked", "booked", None),
        ("start booked", "", None, None),
    ],
)
def test_fields_are_chosen_by_name_and_index(
    names: str, indexed: str, partition_by: str | None, watermark: str | None
) -> None:
    found = suggestion(dict.fromkeys(names.split(), T0), indexed=indexed)

    assert (path(found.partition_by), path(found.watermark)) == (partition_by, watermark)


def test_date_that_would_do_but_for_an_index_is_told() -> None:
    found = suggestion({"created_at": T0}, indexed="")

    assert (found.partition_by, path(found.unindexed)) == (None, "created_at")


def test_date_must_be_there_in_99_of_100_documents() -> None:
    dated: list[Mapping[str, Any]] = [{"at": T0, "updated_at": T0}] * 99

    found = suggestion(*dated, {"at": "soon", "updated_at": None})
    assert (found.partition_by, found.watermark) == (
        DateField("at", 0.99, False),
        DateField("updated_at", 0.99, False),
    )
    found = suggestion(*dated, {}, {})
    assert (found.partition_by, found.watermark) == (None, None)


def test_watermark_never_lies_before_the_creation() -> None:
    later = {"created_at": T0, "updated_at": T0 + HOUR}
    earlier = {"created_at": T0, "updated_at": T0 - HOUR}

    assert path(suggestion(later, later).watermark) == "updated_at"
    assert suggestion(later, earlier).watermark is None


def test_nested_dates_are_suggested_by_their_path() -> None:
    found = suggestion({"meta": {"updatedAt": T0}, "paid": {"date": T0}}, indexed="paid.date")

    assert (found.partition_by, path(found.watermark)) == (DateField("paid.date", 1.0, True), "meta.updatedAt")


def types(*documents: Mapping[str, Any]) -> dict[str, str]:
    return {column: name for column, (name, _) in suggestion(*documents).types.items()}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((1, 2.5), "double"),
        ((Int64(1), 2.5), "double"),
        ((1, 2.0), None),
        ((1.0, 2.5), None),
        ((1, Int64(2)), None),
        ((1, Decimal128("1")), "decimal"),
        ((2.5, Decimal128("1")), "decimal"),
        ((Decimal128("1"), "1", None), None),
        ((1, "x"), None),
    ],
)
def test_type_is_suggested_where_the_first_batch_might_decide_badly(values: tuple[object, ...], name: str) -> None:
    assert types(*({"n": value} for value in values)) == ({"n": name} if name else {})


def test_types_stand_at_columns_whose_arrays_are_transparent() -> None:
    found = types(
        {"lines": [{"unit price": 1}, {"unit price": 2.5}], "grid": [[1], [2.5]], "meta": {"a": {"1": 0, "2": 0.5}}},
        {"_id": {"1": 1, "2": 2}},
    )

    assert found == {"lines.unit_x20_price": "double", "grid": "double", "meta.a": "map"}


def test_first_day_is_the_earliest_that_is_meant() -> None:
    dates = [T0, T0 - 24 * HOUR, dt.datetime(1970, 1, 1), dt.datetime(2999, 1, 1)]
    bounds = {"not_before": dt.date(2000, 1, 1), "not_after": dt.date(2026, 2, 1)}

    assert first_day(dates, **bounds) == dt.date(2026, 1, 9)
    assert first_day([], **bounds) is None
