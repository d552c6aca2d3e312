"""The change stream and a real lake together: landing the days that are named is enough."""

import datetime as dt
from typing import Any

import pytest
from bson import Decimal128, ObjectId

from fq_platform.extraction.keys import document_key
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.window_lookup import window_finder
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, Landing, noon
from fq_platform_tests.extraction.stream_reader import following

pytestmark = pytest.mark.services

IDS: list[Any] = [
    ObjectId("0" * 24),
    1,
    "1",
    2.5,
    Decimal128("3.25"),
    {"a": [1, "x"]},
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
]


@pytest.mark.parametrize("id_", IDS, ids=lambda id_: type(id_).__name__)
def test_moved_and_deleted_documents_of_any_id_leave_the_day_they_were_landed_in(landing: Landing, id_: Any) -> None:
    orders = landing.database.orders
    orders.insert_many([{"_id": id_, "at": noon(DAY1)}, {"_id": "stays", "at": noon(DAY1)}])
    follower = following(landing.database)
    find_windows = window_finder(
        open_catalog(landing.settings), lambda collection: TableName(Layer.RAW, f"app_{collection}", "app")
    )

    def land_what_is_named() -> set[tuple[dt.date | None, str]]:
        for day in follower.days(find_windows=find_windows):
            landing.by_day(day)
        return set(landing.live("orders"))

    landing.by_day(DAY1, DAY3)
    orders.update_one({"_id": id_}, {"$set": {"at": noon(DAY2)}})
    assert land_what_is_named() == {(DAY1, "stays"), (DAY2, document_key(id_))}
    orders.delete_one({"_id": id_})
    assert land_what_is_named() == {(DAY1, "stays")}
