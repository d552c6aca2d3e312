"""Raw tables under upkeep: documents stay what they are, whatever files hold them."""

import datetime as dt
from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from pymongo.errors import PyMongoError

from fq_platform.extraction.sync import Progress
from fq_platform.extraction.verify import verify
from fq_platform.extraction.windows import Window, daily
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.upkeep.compaction import compact
from fq_platform.settings import Settings
from fq_platform_tests.extraction.corpus import CORPUS
from fq_platform_tests.extraction.encoding import encode
from fq_platform_tests.extraction.landing import DAY1, DAY3, START, Landing, noon
from fq_platform_tests.lakehouse.upkeep.conftest import LakeAt
from fq_platform_tests.lakehouse.upkeep.worn import do

pytestmark = pytest.mark.services
THINGS, ORDERS = (TableName(Layer.RAW, f"app_{name}", "app") for name in ("things", "orders"))
DAYS = [*daily("at", START, DAY1, DAY3, last_day=DAY3)]


@pytest.fixture
def landing(mongo_database: Database[dict[str, Any]], settings: Settings) -> Landing:
    return Landing(mongo_database, settings)


def differences(landing: Landing, lake_at: LakeAt, collection: str, windows: list[Window]) -> int:
    table = TableName(Layer.RAW, f"app_{collection}", "app")
    return verify(landing.database, collection, windows, catalog=lake_at().catalog, table=table).differences


def exact(landing: Landing, collection: str) -> dict[tuple[str, dt.datetime], dict[str, Any]]:
    """Every row of a changelog as PyIceberg reads it; floats as their bits, since NaN equals nothing."""
    rows = landing.table(collection).scan().to_arrow().to_pylist()
    return {(row["_id"], row["_fq_extracted_at"]): repr(row) for row in rows}


def test_documents_of_every_kind_survive_compaction_to_the_bit(landing: Landing, lake_at: LakeAt) -> None:
    things = landing.database.things
    batches = 5
    for batch in range(batches):
        for document in CORPUS[batch::batches]:
            try:
                things.insert_one(RawBSONDocument(encode(document)))
            except PyMongoError:
                continue  # some of them no server takes
        landing.whole(keep_document=True)
    before = exact(landing, "things")

    done = do(lake_at(), compact, THINGS)

    assert (done.figures["files_before"], done.figures["files_after"]) == (batches, 1)
    assert exact(landing, "things") == before
    assert differences(landing, lake_at, "things", [Window()]) == 0
    assert not landing.whole(keep_document=True).changed


def test_days_are_compared_and_appended_to_as_before(landing: Landing, lake_at: LakeAt) -> None:
    orders = landing.database.orders
    for n in range(6):
        orders.insert_many(
            {"_id": f"{n}-{day}", "at": noon(day), "n": n, "tags": [[], None, ["x"]][n % 3]} for day in (DAY1, DAY3)
        )
        orders.update_one({"_id": f"0-{DAY1}"}, {"$set": {"n": -n}})
        landing.by_day(DAY1, DAY3)

    done = do(lake_at(), compact, ORDERS)
    assert (done.figures["files_before"], done.figures["files_after"]) == (12, 2)

    assert not landing.by_day(DAY1, DAY3).changed
    orders.delete_one({"_id": f"1-{DAY3}"})
    orders.insert_one({"_id": "new", "at": noon(DAY1), "n": 7})
    result = landing.by_day(DAY1, DAY3)
    assert (result.inserted, result.updated, result.deleted) == (1, 0, 1)
    assert differences(landing, lake_at, "orders", DAYS) == 0


def test_extraction_goes_on_beside_a_compaction_without_comparing_again(landing: Landing, lake_at: LakeAt) -> None:
    orders = landing.database.orders
    for n in range(5):
        orders.insert_one({"_id": str(n), "at": noon(DAY1), "n": n})
        landing.by_day(DAY1)
    orders.insert_one({"_id": "meanwhile", "at": noon(DAY1), "n": 5})
    told: list[int] = []

    def compact_meanwhile(progress: Progress) -> None:
        if not told:
            assert do(lake_at(), compact, ORDERS).figures["files_merged"] == 5
        told.append(progress.documents)

    assert landing.by_day(DAY1, on_progress=compact_meanwhile).inserted == 1

    assert told == [6, 6]  # the batch, and the end of the day: once
    assert [row["n"] for row in landing.rows("orders")] == [0, 1, 2, 3, 4, 5]
    assert landing.table("orders").inspect.files().num_rows == 2
    assert differences(landing, lake_at, "orders", list(daily("at", START, DAY1, DAY1, last_day=DAY3))) == 0
