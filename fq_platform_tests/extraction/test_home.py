"""Why documents live in the first day's window, told from what really landed there."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fq_platform.extraction.home import Home, look_at_home, with_days_begun
from fq_platform.extraction.sync import SyncOptions, sync
from fq_platform.extraction.windows import Window, daily
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.changelog import open_changelog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, Landing, noon

pytestmark = pytest.mark.services

TABLE = TableName(Layer.RAW, "homes", "app")


class Shop:
    """A collection `homes` with days, landed with any field, zone and last day."""

    def __init__(self, landing: Landing, folder: Path) -> None:
        self.collection = landing.database["homes"]
        self.landing, self.folder = landing, folder
        self.catalog = open_catalog(landing.settings)

    def windows(self, first: dt.date, last: dt.date, field: str, last_day: dt.date, zone: str) -> list[Window]:
        return list(daily(field, DAY1, first, last, last_day=last_day, zone=zone))

    def land(
        self,
        first: dt.date = DAY1,
        last: dt.date = DAY1,
        *,
        field: str = "at",
        last_day: dt.date = DAY2,
        zone: str = "UTC",
        **options: Any,
    ) -> list[dt.date | None]:
        """Land some days as the assets do; gives the days that were compared."""
        windows = with_days_begun(self.catalog, TABLE, self.windows(first, last, field, last_day, zone), self.folder)
        result = sync(
            self.landing.database,
            "homes",
            windows,
            catalog=self.catalog,
            table=TABLE,
            location=layout_of(self.landing.settings).location(TABLE),
            run_id="run",
            options=SyncOptions(**options),
        )
        return list(result.by_day)

    def look(self, *, field: str = "at", last_day: dt.date = DAY2, zone: str = "UTC") -> Home:
        (home,) = self.windows(DAY1, DAY1, field, last_day, zone)
        return look_at_home(self.catalog.load_table(TABLE.identifier), home, self.folder)

    def live(self) -> dict[str, dt.date]:
        """The window of each live document; fails if one is live twice."""
        rows = self.catalog.load_table(TABLE.identifier).scan().to_arrow().sort_by("_fq_extracted_at").to_pylist()
        newest = {(row["_id"], row["_fq_window"]): row["_fq_op"] for row in rows}
        found = [key for key, operation in newest.items() if operation != "delete"]
        assert len(dict(found)) == len(found)
        return dict(found)


@pytest.fixture
def shop(landing: Landing, tmp_path: Path) -> Shop:
    return Shop(landing, tmp_path / "spill")


def documents(home: Home) -> Mapping[str, int]:
    return {reason.name: number for reason, number in home.documents.items()}


def test_each_reason_is_told_apart(shop: Shop) -> None:
    def at(*values: Any) -> list[dict[str, Any]]:
        return [{"at": value} for value in values]

    shop.collection.insert_many(
        [
            *at(*([noon(DAY1)] * 9)),
            {"none": 1},
            *at(None, None),
            *at("2026-01-01", 5, [noon(DAY2)]),
            *at(noon(DAY1 - dt.timedelta(days=1)), dt.datetime(1, 1, 1), noon(DAY1)),
            *at(noon(DAY3), dt.datetime(2062, 1, 1)),
        ]
    )
    shop.land()

    home = shop.look()

    assert documents(home) == {"OWN": 10, "MISSING": 1, "NULL": 2, "NO_DATE": 3, "EARLY": 2, "FUTURE": 2}
    assert (home.unusable, home.begun) == (8, frozenset())


def test_deleted_and_corrected_documents_count_no_longer(shop: Shop) -> None:
    shop.collection.insert_many([{"_id": 1, "at": noon(DAY1)}, {"_id": 2}, {"_id": 3}, {"_id": 4, "at": None}])
    shop.land()
    shop.collection.delete_one({"_id": 2})
    shop.collection.update_one({"_id": 3}, {"$set": {"at": noon(DAY1)}})
    shop.land()

    assert documents(shop.look()) == {"OWN": 2, "NULL": 1}


def test_dates_in_objects_and_behind_arrays_and_among_texts_are_found(shop: Shop) -> None:
    shop.collection.insert_many(
        [
            {"_id": 1, "Meta": {"at": noon(DAY1)}},
            {"_id": 2, "Meta": {"at": None}},
            {"_id": 3, "Meta": {}},
            {"_id": 4, "Meta": [{"at": noon(DAY1)}]},
            {"_id": 5, "Meta": None},
            {"_id": 6, "Meta": {"at": "soon"}},
        ]
    )
    shop.land(field="Meta.at")
    texts = [{"_id": 10 + number, "Meta": {"at": "text"}} for number in range(3)]

    assert documents(shop.look(field="Meta.at")) == {"OWN": 1, "NULL": 1, "MISSING": 2, "NO_DATE": 2}
    shop.collection.insert_many(texts)
    shop.land(field="Meta.at")
    assert documents(shop.look(field="Meta.at"))["NO_DATE"] == 5


def test_dates_within_arrays_are_none_whatever_the_column_is(shop: Shop) -> None:
    shop.collection.insert_many([*({"Meta": [{"at": noon(DAY1)}]} for _ in range(3)), {"Meta": {"at": noon(DAY1)}}])
    shop.land(field="Meta.at")

    assert documents(shop.look(field="Meta.at"))["NO_DATE"] >= 3


def test_dates_in_maps_are_found(shop: Shop) -> None:
    shop.collection.insert_many(
        [{"Meta": {"at!": noon(DAY1)}}, {"Meta": {"other": noon(DAY1)}}, {"Meta": {"at!": None}}]
    )
    shop.land(field="Meta.at!", types={"Meta": "map"})

    found = documents(shop.look(field="Meta.at!"))

    # Maps do not tell null values from missing ones.
    assert (found["OWN"], found["MISSING"] + found.get("NULL", 0)) == (1, 2)


def test_dates_beyond_the_calendar_are_early_and_to_come(shop: Shop) -> None:
    """The embedded server refuses such dates, so these rows are written as a sync writes them."""
    milliseconds = (-70_000_000_000_000, -62_200_000_000_000, 300_000_000_000_000)
    rescued = [None, *([("at", f'{{"$date": {{"$numberLong": "{number}"}}}}')] for number in milliseconds)]
    rows = pa.record_batch(
        {
            "_id": pa.array(["own", "-249", "-1", "11476"]),
            "_fq_op": pa.array(["insert"] * 4),
            "_fq_window": pa.array([DAY1] * 4),
            "_fq_extracted_at": pa.array([noon(DAY1)] * 4, pa.timestamp("us", "UTC")),
            "_fq_rescued": pa.array(rescued, pa.map_(pa.string(), pa.string())),
            "_fq_nulls": pa.nulls(4, pa.list_(pa.field("element", pa.string()))),
            "at": pa.array([noon(DAY1), None, None, None], pa.timestamp("us", "UTC")),
        }
    )
    location = layout_of(shop.landing.settings).location(TABLE)
    changelog = open_changelog(shop.catalog, TABLE, location, partitioned=True)
    with changelog.append() as append:
        append.evolve(pa.schema([rows.schema.field("at")]))
        writer = append.writer(DAY1)
        writer.write(rows)
        append.add(writer.close())
        append.commit({})

    assert documents(shop.look()) == {"OWN": 1, "EARLY": 2, "FUTURE": 1}


def test_a_column_of_texts_hides_no_date(shop: Shop) -> None:
    shop.collection.insert_many([*({"at": "text"} for _ in range(5)), {"at": noon(DAY1)}, {"at": noon(DAY3)}])
    shop.land()

    assert documents(shop.look()) == {"OWN": 1, "NO_DATE": 5, "FUTURE": 1}


def test_field_that_no_document_has_is_missing_everywhere(shop: Shop) -> None:
    shop.collection.insert_many([{"x": 1}, {"x": 2}])
    shop.land()

    assert documents(shop.look()) == {"MISSING": 2}


def test_days_are_those_of_the_zone(shop: Shop) -> None:
    evening = dt.datetime(2026, 1, 1, 23, 30, tzinfo=dt.UTC)  # half past eight in the morning of the 2nd in Tokyo
    shop.collection.insert_one({"at": evening})
    shop.land(last_day=DAY1)

    assert documents(shop.look(last_day=DAY1)) == {"OWN": 1}
    assert documents(shop.look(last_day=DAY1, zone="Asia/Tokyo")) == {"FUTURE": 1}
    assert shop.look(last_day=DAY2, zone="Asia/Tokyo").begun == {DAY2}


def test_documents_whose_day_begins_move_in_one_commit(shop: Shop) -> None:
    shop.collection.insert_many([{"_id": "own", "at": noon(DAY1)}, {"_id": "later", "at": noon(DAY3)}])
    shop.land(last_day=DAY2)
    assert shop.live() == {"own": DAY1, "later": DAY1}
    before = len(shop.catalog.load_table(TABLE.identifier).snapshots())

    # Two days later the first day alone is asked for.
    home = shop.look(last_day=DAY3)
    compared = shop.land(last_day=DAY3)

    assert (documents(home), home.begun) == ({"OWN": 1, "BEGUN": 1}, {DAY3})
    assert compared == [DAY1, DAY3]
    assert shop.live() == {"own": DAY1, "later": DAY3}
    assert len(shop.catalog.load_table(TABLE.identifier).snapshots()) == before + 1
    assert shop.land(last_day=DAY3) == [DAY1]


def test_no_day_is_added_to_windows_without_the_first_or_with_all(shop: Shop) -> None:
    shop.collection.insert_many([{"_id": "own", "at": noon(DAY1)}, {"_id": "later", "at": noon(DAY3)}])

    assert shop.land(last_day=DAY2) == [DAY1]
    assert shop.land(DAY2, DAY2, last_day=DAY3) == [DAY2]
    assert shop.land(DAY1, DAY3, last_day=DAY3) == [DAY1, DAY2, DAY3]
