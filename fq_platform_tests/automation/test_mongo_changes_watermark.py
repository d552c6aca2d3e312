"""The sensor where MongoDB has no change stream: it follows the watermark, and compares in turn what that hides."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from fq_platform.automation.mongo_changes import looking
from fq_platform.resources.mongo import MongoResource
from fq_platform.sources import Collection
from fq_platform_tests.automation.sensor_ticker import CUSTOMERS, ORDERS, Ticker, at
from fq_platform_tests.extraction.mongo_process import MongoProcess, mongo_process
from fq_platform_tests.fixtures.simulated_clock import SimulatedClock, simulated_clock

pytestmark = pytest.mark.services
Mongo = Database[dict[str, Any]]
NOW = dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC)
SECOND, HOUR = dt.timedelta(seconds=1), dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoProcess]:
    with mongo_process(tmp_path_factory.mktemp("standalone"), "--standalone") as server:
        yield server


@pytest.fixture
def database(standalone: MongoProcess, tmp_path: Path) -> Iterator[Mongo]:
    with standalone.database(f"test_{tmp_path.name[-60:]}") as database:
        database["orders"].insert_many(
            [{"_id": number, "order_date": at(number), "updated_at": at(number, 13)} for number in (1, 2, 3)]
        )
        database["customers"].insert_one({"_id": 1, "updated_at": at(1)})
        yield database


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with simulated_clock(NOW) as clock:
        yield clock


@pytest.fixture
def ticker(database: Mongo, standalone: MongoProcess, clock: SimulatedClock, environment: pytest.MonkeyPatch) -> Ticker:
    """Ticked once, and what it asked for has succeeded."""
    ticker = Ticker(database, standalone.uri(), {"orders": ORDERS, "customers": CUSTOMERS, "countries": Collection()})
    assert ticker.tick() == ["orders 2026-03-01 to 2026-03-06; countries, customers"]
    ticker.finish()
    return ticker


def test_what_raised_its_watermark_is_requested_once(ticker: Ticker, database: Mongo, clock: SimulatedClock) -> None:
    database["orders"].update_one({"_id": 2}, {"$set": {"updated_at": NOW}})
    database["customers"].insert_one({"_id": 2, "updated_at": NOW})

    assert ticker.tick() == ["orders 2026-03-02; customers"]
    ticker.finish()
    for _ in range(3):
        clock.advance(40 * SECOND)
        assert ticker.tick() == []


def test_a_late_writer_and_a_document_that_never_rests_are_seen(
    ticker: Ticker, database: Mongo, clock: SimulatedClock
) -> None:
    database["orders"].update_one({"_id": 3}, {"$set": {"updated_at": NOW}})
    assert ticker.tick() == ["orders 2026-03-03"]
    ticker.finish()
    database["orders"].insert_one({"_id": 4, "order_date": at(4), "updated_at": NOW - 50 * SECOND})
    assert ticker.tick() == ["orders 2026-03-04"]
    ticker.finish()

    for _ in range(3):
        clock.advance(30 * SECOND)
        database["orders"].update_one({"_id": 1}, {"$set": {"updated_at": dt.datetime.now(dt.UTC)}})
        assert ticker.tick() == ["orders 2026-03-01"]
        ticker.finish()


def test_every_day_is_compared_once_a_week_though_nothing_points_to_it(
    ticker: Ticker, database: Mongo, clock: SimulatedClock
) -> None:
    database["orders"].delete_one({"_id": 2})
    asked = []
    for _ in range(7 * 4):
        clock.advance(6 * HOUR)
        asked += [(dt.datetime.now(dt.UTC) - NOW).days for told in ticker.tick() if "orders 2026-03-02" in told]
        ticker.finish()

    assert asked == [2]


def test_collections_that_nothing_tells_of_are_named(ticker: Ticker, capfd: pytest.CaptureFixture[str]) -> None:
    ticker.tick()

    said = capfd.readouterr().err
    assert "has no change streams: it is a standalone server" in said
    assert "no change stream tells of countries: these collections are compared by the schedules only" in said


def test_a_look_that_takes_too_long_goes_on_in_the_next_tick(
    ticker: Ticker, database: Mongo, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(looking, "WATERMARK_SECONDS", 0.0)
    database["orders"].insert_one({"_id": 5, "order_date": at(5), "updated_at": NOW})
    database["customers"].insert_one({"_id": 2, "updated_at": NOW})

    assert ticker.tick() == ["customers"]
    assert ticker.tick() == ["orders 2026-03-05"]
    assert ticker.memory.turn == "customers"


def test_all_is_compared_once_when_change_streams_come_and_the_watermarks_are_forgotten(
    ticker: Ticker, mongo_uri: str
) -> None:
    ticker.mongo = MongoResource(uri=mongo_uri)
    ticker.restart()

    assert ticker.tick() == ["orders 2026-03-01 to 2026-03-06; countries, customers"]
    assert (ticker.memory.marks, ticker.memory.unsettled, ticker.memory.lost) == ({}, {}, 1)
    ticker.finish()
    assert ticker.tick() == []
