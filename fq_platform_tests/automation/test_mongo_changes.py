"""The MongoDB sensor, ticked against the embedded server: what it asks for, once each, and again when that failed.

Dagster's own daemon ticks it in `test_mongo_changes_daemon.py`.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from bson import Decimal128
from pymongo.database import Database

from fq_platform.automation.mongo_changes import looking, sensor
from fq_platform.automation.mongo_changes.requests import MOST_REQUESTS
from fq_platform.extraction import stream_cursor
from fq_platform.resources.mongo import MongoResource
from fq_platform_tests.automation.sensor_ticker import Ticker, at
from fq_platform_tests.fixtures.simulated_clock import SimulatedClock, simulated_clock

pytestmark = pytest.mark.services
Mongo = Database[dict[str, Any]]
TODAY = dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC)
EVERYTHING = "orders 2026-03-01 to 2026-03-06; customers"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with simulated_clock(TODAY) as clock:
        yield clock


def fill(database: Mongo) -> None:
    database["orders"].insert_many(
        [
            {"_id": number, "order_date": at(number), "total": Decimal128("1.00"), "updated_at": at(number, 13)}
            for number in (1, 2, 3, 5)
        ]
    )
    database["customers"].insert_one({"_id": 1, "updated_at": at(1)})


@pytest.fixture
def ticker(
    mongo_database: Mongo, mongo_uri: str, tmp_path: Path, clock: SimulatedClock, environment: pytest.MonkeyPatch
) -> Ticker:
    """Ticked once, and what it asked for has succeeded."""
    environment.setattr(stream_cursor, "WAIT_SECONDS", 0.05)
    environment.setattr(looking, "WAIT_SECONDS", 0.05)
    fill(mongo_database)
    ticker = Ticker(mongo_database, mongo_uri)
    assert ticker.tick() == [EVERYTHING]
    ticker.finish()
    return ticker


def touch(database: Mongo, *ids: int) -> None:
    database["orders"].update_many({"_id": {"$in": list(ids)}}, {"$inc": {"version": 1}})


def test_each_change_requests_its_raw_partitions_once(ticker: Ticker, mongo_database: Mongo) -> None:
    touch(mongo_database, 1, 2, 5)
    mongo_database["customers"].insert_one({"_id": 2, "updated_at": at(6)})
    assert ticker.tick() == ["orders 2026-03-05; customers", "orders 2026-03-01 to 2026-03-02"]
    ticker.finish()
    assert ticker.tick() == []
    assert ticker.reason == "Nothing new in MongoDB"

    mongo_database["customers"].delete_one({"_id": 1})
    assert ticker.tick() == ["customers"]
    ticker.finish()
    mongo_database["orders"].insert_many(
        [
            {"_id": "undated", "updated_at": at(6)},
            {"_id": "ahead", "order_date": dt.datetime(2999, 1, 1), "updated_at": at(6)},
        ]
    )
    assert ticker.tick() == ["orders 2026-03-01"]
    ticker.finish()
    assert ticker.memory.requests != []  # they are seen to have ended by the next tick
    assert ticker.tick() == []
    assert ticker.memory.requests == []
    assert (ticker.memory.lost, ticker.memory.failed) == (1, 0)


def test_a_burst_is_one_request_while_its_run_waits_and_one_more_once_it_reads(
    ticker: Ticker, mongo_database: Mongo
) -> None:
    touch(mongo_database, 3)
    assert ticker.tick() == ["orders 2026-03-03"]
    (run,) = ticker.runs
    for _ in range(3):
        touch(mongo_database, 3)
        assert ticker.tick() == []

    run.starts()
    touch(mongo_database, 3)
    assert ticker.tick() == []  # it has not begun to read
    run.reads("orders")
    touch(mongo_database, 3, 5)
    assert ticker.tick() == ["orders 2026-03-05"]
    assert ticker.tick() == []
    assert "1 partitions wait for runs under way" in ticker.reason
    run.succeeds("orders")
    assert ticker.tick() == ["orders 2026-03-03"]
    ticker.finish()
    assert ticker.tick() == []


def test_what_somebody_elses_run_reads_is_requested_when_that_has_ended(ticker: Ticker, mongo_database: Mongo) -> None:
    run = ticker.other_run(1, 4).starts().reads("orders")
    touch(mongo_database, 3, 5)
    mongo_database["customers"].insert_one({"_id": 2, "updated_at": at(6)})

    assert ticker.tick() == ["orders 2026-03-05; customers"]
    ticker.finish()
    run.has_read("orders")  # but goes on with other steps
    assert ticker.tick() == ["orders 2026-03-03"]


def test_a_failed_request_comes_again_with_growing_delays_until_it_succeeds(
    ticker: Ticker, mongo_database: Mongo, clock: SimulatedClock
) -> None:
    touch(mongo_database, 3)
    assert ticker.tick() == ["orders 2026-03-03"]
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        ticker.runs[0].starts().reads("orders").fails()
        assert ticker.tick() == []
        touch(mongo_database, 3)  # what changes meanwhile waits with it
        clock.advance((minutes - 0.5) * MINUTE)
        assert ticker.tick() == []
        clock.advance(0.5 * MINUTE)
        assert ticker.tick() == ["orders 2026-03-03"]

    assert (ticker.memory.failed, ticker.memory.requests[0].failures) == (8, 8)
    ticker.finish()
    assert ticker.tick() == []
    touch(mongo_database, 3)
    assert ticker.tick() == ["orders 2026-03-03"]
    assert ticker.memory.requests[0].failures == 0


def test_only_the_collections_that_failed_come_again(
    ticker: Ticker, mongo_database: Mongo, clock: SimulatedClock
) -> None:
    touch(mongo_database, 3)
    mongo_database["customers"].insert_one({"_id": 2, "updated_at": at(6)})
    assert ticker.tick() == ["orders 2026-03-03; customers"]
    ticker.runs[0].starts().has_read("customers").reads("orders").fails()

    assert ticker.tick() == []
    assert "orders 2026-03-03 failed 1 times, asked for again at 2026-03-06 12:01 UTC" in ticker.reason
    clock.advance(2 * MINUTE)
    assert ticker.tick() == ["orders 2026-03-03"]


@pytest.mark.parametrize("how", ["cancelled", "deleted", "never submitted", "never launched"])
def test_a_run_that_is_gone_is_asked_for_again(
    ticker: Ticker, mongo_database: Mongo, clock: SimulatedClock, how: str
) -> None:
    touch(mongo_database, 3)
    assert ticker.tick(submitted=how != "never submitted") == ["orders 2026-03-03"]
    if how == "cancelled":
        ticker.runs[0].is_cancelled()
    elif how == "deleted":
        ticker.runs[0].is_deleted()
    elif how == "never launched":
        ticker.runs[0].is_deleted()
        id_ = ticker.memory.requests[0].id
        run = dg.DagsterRun("__ASSET_JOB", tags={"fq/request": id_}, status=dg.DagsterRunStatus.NOT_STARTED)
        ticker.instance.add_run(run)
        assert ticker.tick() == []
        clock.advance(11 * MINUTE)
    ticker.restart()

    assert ticker.tick() == []
    clock.advance(MINUTE)
    assert ticker.tick() == ["orders 2026-03-03"]
    assert ticker.memory.failed == 1


def test_a_failed_run_that_will_be_taken_up_is_waited_for(
    ticker: Ticker, mongo_database: Mongo, clock: SimulatedClock
) -> None:
    touch(mongo_database, 3)
    ticker.tick()
    (run,) = ticker.runs
    run.starts().reads("orders").fails()
    ticker.instance.add_run_tags(run.id, {"dagster/will_retry": "true"})
    clock.advance(2 * MINUTE)
    touch(mongo_database, 3)
    assert ticker.tick() == []
    second = ticker.taken_up(run)
    assert ticker.tick() == []
    assert ticker.memory.failed == 0
    second.starts().succeeds("orders")
    assert ticker.tick() == []
    assert ticker.memory.requests == []

    touch(mongo_database, 3)
    ticker.tick()
    ticker.runs[0].starts().reads("orders").fails()
    ticker.instance.add_run_tags(ticker.runs[0].id, {"dagster/will_retry": "true"})
    clock.advance(11 * MINUTE)  # but nothing takes it up
    ticker.tick()
    assert ticker.memory.failed == 1


def test_another_process_goes_on_where_one_ended(ticker: Ticker, mongo_database: Mongo) -> None:
    touch(mongo_database, 2)
    ticker.tick()
    before = ticker.runs[0]
    ticker.restart()
    touch(mongo_database, 2, 5)
    assert ticker.tick() == ["orders 2026-03-05"]
    before.starts().succeeds("orders")
    ticker.finish()
    ticker.restart()
    assert ticker.tick() == []


def test_a_tick_whose_cursor_was_not_kept_is_repeated_whole(ticker: Ticker, mongo_database: Mongo) -> None:
    touch(mongo_database, 2)
    cursor = ticker.cursor
    assert ticker.tick() == ["orders 2026-03-02"]
    first = ticker.memory.requests[0].id
    touch(mongo_database, 3)
    ticker.cursor = cursor

    assert ticker.tick() == ["orders 2026-03-02 to 2026-03-03"]
    assert ticker.memory.requests[0].id != first  # else Dagster would take the new run for the old one


def test_a_lost_position_has_everything_compared_in_chunks_and_says_so(
    ticker: Ticker, mongo_database: Mongo, environment: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("FQ_BACKFILL_PARTITIONS", "4")
    reload_settings()
    memory = ticker.memory
    memory.position = memory.position.replace('"_data"', '"other"')
    ticker.cursor = memory.to_cursor()
    mongo_database["orders"].delete_one({"_id": 2})  # nobody will tell

    assert ticker.tick() == ["orders 2026-03-05 to 2026-03-06; customers", "orders 2026-03-01 to 2026-03-04"]
    assert "the position in the change stream is lost: the server cannot resume" in capfd.readouterr().err
    ticker.finish()
    touch(mongo_database, 3)
    assert ticker.tick() == ["orders 2026-03-03"]
    assert ticker.memory.lost == 2


def reload_settings() -> None:
    from fq_platform.settings import get_settings

    get_settings.cache_clear()


def test_days_of_which_nobody_has_anything_are_left_out_when_all_is_compared_but_for_the_last(
    ticker: Ticker, mongo_database: Mongo, clock: SimulatedClock
) -> None:
    ticker.land(1, 6)
    clock.set(at(25))
    ticker.cursor = None
    assert ticker.tick() == ["orders 2026-03-18 to 2026-03-25; customers", "orders 2026-03-01 to 2026-03-05"]

    mongo_database["orders"].delete_one({"_id": 5})  # but the lake has it
    ticker.finish()
    ticker.cursor = None
    assert ticker.tick() == ["orders 2026-03-18 to 2026-03-25; customers", "orders 2026-03-01 to 2026-03-05"]


def test_no_more_requests_than_the_limit_are_under_way_and_the_rest_waits(
    ticker: Ticker, mongo_database: Mongo, environment: pytest.MonkeyPatch, clock: SimulatedClock
) -> None:
    environment.setenv("FQ_BACKFILL_PARTITIONS", "1")
    reload_settings()
    clock.advance(dt.timedelta(days=20))
    mongo_database["orders"].insert_one({"_id": 26, "order_date": at(26)})
    ticker.cursor = None

    first = ticker.tick()
    assert first == [
        f"orders 2026-03-{number}" + ("; customers" if number == 26 else "") for number in range(26, 18, -1)
    ]
    assert len(first) == MOST_REQUESTS
    assert ticker.tick() == []
    assert "18 partitions wait" in ticker.reason


def test_a_look_over_midnight_overlooks_nothing_of_the_new_day(
    ticker: Ticker, mongo_database: Mongo, environment: pytest.MonkeyPatch, clock: SimulatedClock
) -> None:
    def look_over_midnight(*arguments: Any) -> Any:
        clock.set(at(7, 0))
        mongo_database["orders"].insert_one({"_id": 7, "order_date": at(7, 0)})
        return looking.look(*arguments)

    with environment.context() as patched:
        patched.setattr(sensor, "look", look_over_midnight)
        assert ticker.tick() == ["orders 2026-03-01"]
    ticker.finish()
    assert ticker.tick() == ["orders 2026-03-07"]


def test_unreachable_mongodb_fails_the_tick_in_words_and_keeps_the_cursor(
    ticker: Ticker, mongo_database: Mongo, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("FQ_MONGO_TIMEOUT_SECONDS", "0.2")
    reload_settings()
    reachable, cursor = ticker.mongo, ticker.cursor
    ticker.mongo = MongoResource(uri="mongodb://user:secret@127.0.0.1:1/")
    ticker.restart()
    touch(mongo_database, 3)

    with pytest.raises(dg.Failure, match="MongoDB cannot be reached") as failure:
        ticker.tick()

    assert "127.0.0.1:1" in str(failure.value.description)
    assert "secret" not in str(failure.value.description)
    assert ticker.cursor == cursor
    ticker.mongo = reachable
    ticker.restart()
    assert ticker.tick() == ["orders 2026-03-03"]
