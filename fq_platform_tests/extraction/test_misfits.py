"""Rescued values of live documents, counted in what really landed."""

from typing import Any

import pytest
from bson import Decimal128, Regex

from fq_platform.extraction.misfits import Misfit, misfits
from fq_platform.lakehouse.live import live_rows
from fq_platform_tests.extraction.landing import DAY1, DAY2, Landing, noon

pytestmark = pytest.mark.services


@pytest.fixture
def things(landing: Landing) -> "Things":
    return Things(landing)


class Things:
    def __init__(self, landing: Landing) -> None:
        self.landing = landing
        self.collection = landing.database["things"]

    def land(self, *documents: dict[str, Any], **options: Any) -> None:
        if documents:
            self.collection.insert_many(list(documents))
        self.landing.whole("things", **options)

    def found(self) -> dict[tuple[str, str], tuple[int, str | None]]:
        return {(one.path, one.found): (one.values, one.column) for one in self.misfits()}

    def misfits(self) -> list[Misfit]:
        table = self.landing.table("things")
        return misfits(table, list(live_rows(table, [None]).values()), self.landing.settings.home / "tmp")


def test_places_in_arrays_are_one_and_the_most_frequent_comes_first(things: Things) -> None:
    things.land(
        *({"price": Decimal128("1.50"), "lines": [{"sku": "a"}, {"sku": "b"}]} for _ in range(9)),
        {"price": "2.50", "lines": [{"sku": 7}, {"sku": "x"}, {"sku": 8}]},
        {"price": {"net": 1}, "lines": [{"sku": 9}], "rule": Regex("^a")},
    )

    assert things.found() == {
        ("lines[].sku", "numberInt"): (3, "string"),
        ("price", "string"): (1, "decimal(38, 12)"),
        ("price", "object"): (1, "decimal(38, 12)"),
        ("rule", "regularExpression"): (1, None),
    }
    assert things.misfits()[0].path == "lines[].sku"


def test_entries_of_a_map_are_one_place(things: Things) -> None:
    things.land({"a": {"x": 1, "y": 2}}, {"a": {"x": "one", 'q"]': "two"}}, types={"a": "map"})

    assert things.found() == {('a["*"]', "string"): (2, "long")}


def test_only_the_live_version_counts(things: Things) -> None:
    things.land(*({"_id": number, "n": 1} for number in range(5)), *({"_id": 10 + n, "n": "text"} for n in range(3)))
    assert things.found() == {("n", "string"): (3, "long")}

    things.collection.delete_one({"_id": 10})
    things.collection.update_one({"_id": 11}, {"$set": {"n": 2}})
    things.collection.update_one({"_id": 0}, {"$set": {"n": "now"}})
    things.land()

    assert things.found() == {("n", "string"): (2, "long")}


def test_windows_are_looked_at_apart(things: Things, landing: Landing) -> None:
    landing.database["orders"].insert_many(
        [{"_id": n, "at": noon(DAY1), "n": 1} for n in range(5)]
        + [{"_id": "a", "at": noon(DAY1), "n": "x"}, {"_id": "b", "at": noon(DAY2), "n": "y"}]
    )
    landing.by_day(DAY1, DAY2)
    table = landing.table("orders")
    spill = landing.settings.home / "tmp"

    def values(*days: Any) -> int:
        return sum(found.values for found in misfits(table, list(live_rows(table, days).values()), spill))

    assert (values(DAY1), values(DAY2), values(DAY1, DAY2)) == (1, 1, 2)
    # A document that moves is a misfit in its new window only.
    landing.database["orders"].update_one({"_id": "b"}, {"$set": {"at": noon(DAY1)}})
    landing.by_day(DAY1, DAY2)
    table = landing.table("orders")
    assert (values(DAY1), values(DAY2), values(DAY1, DAY2)) == (2, 0, 2)


def test_empty_arrays_and_objects_that_wait_for_their_column_are_no_misfits(things: Things) -> None:
    things.land({"_id": 1, "tags": [], "extra": {}, "n": 1}, {"_id": 2, "n": 2}, {"_id": 3, "n": 3})
    assert things.found() == {}

    things.land({"_id": 4, "tags": ["a"], "extra": {"b": 1}})
    assert things.found() == {}

    things.land({"_id": 5, "n": []}, {"_id": 6, "n": {}})
    assert things.found() == {("n", "[]"): (1, "long"), ("n", "{}"): (1, "long")}


def test_numbers_that_meet_finer_ones_get_a_remedy(things: Things) -> None:
    things.land({"whole": 1, "lines": [{"kg": 1}], "double": 0.5, "text": "a"})
    things.land({"whole": Decimal128("1.5"), "lines": [{"kg": 1.5}], "double": Decimal128("0.1"), "text": 1.5})

    assert {found.path: found.remedy for found in things.misfits()} == {
        "whole": "types: {whole: decimal}",
        "lines[].kg": "types: {lines.kg: double}",
        "double": "types: {double: decimal}",
        "text": None,
    }
