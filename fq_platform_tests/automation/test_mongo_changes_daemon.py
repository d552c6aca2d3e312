"""The MongoDB sensor as Dagster's daemon ticks it, with real raw assets, a real lake and a real server.

Whatever happens to the source, to runs or to the daemon: after a while the lake is what MongoDB is.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pymongo.database import Database

from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.mongo_changes import NAME, build_mongo_sensor, looking
from fq_platform.automation.mongo_changes.memory import Memory
from fq_platform.extraction import stream_cursor
from fq_platform.extraction.keys import document_key
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import get_settings
from fq_platform.sources import Collection, Sources
from fq_platform_tests.automation.sensor_ticker import MARCH, at
from fq_platform_tests.extraction.mongo_process import MongoProcess, mongo_process
from fq_platform_tests.fixtures.daemon import DaemonDriver, MakeDriver

pytestmark = pytest.mark.services
NOW = dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC)
HALF_A_MINUTE = dt.timedelta(seconds=30)
Run = tuple[tuple[str, ...], str | None, str | None]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MongoProcess]:
    with mongo_process(tmp_path / "mongo", "--oplog-max-entries", "200") as server:
        yield server


@pytest.fixture
def shop(server: MongoProcess) -> Iterator[Database[dict[str, Any]]]:
    with server.database() as database:
        orders = [{"_id": number, "order_date": at(number), "version": 0} for number in (1, 2, 3, 5)]
        database["orders"].insert_many(orders)
        database["customers"].insert_one({"_id": 1})
        yield database


@pytest.fixture
def driver(
    daemon_driver: MakeDriver, server: MongoProcess, shop: object, environment: pytest.MonkeyPatch
) -> DaemonDriver:
    environment.setattr(stream_cursor, "WAIT_SECONDS", 0.05)
    environment.setattr(looking, "WAIT_SECONDS", 0.05)
    environment.setenv("FQ_MONGO_TIMEOUT_SECONDS", "0.5")
    sources = Sources(
        app="shop",
        database="shop",
        start_date=MARCH,
        collections={"orders": Collection(partition_by="order_date"), "customers": Collection()},
    )

    def location() -> dg.Definitions:
        return dg.Definitions(
            assets=build_raw_assets(sources),
            sensors=[build_mongo_sensor(sources)],
            resources={"mongo": MongoResource(uri=server.uri())},
            executor=dg.in_process_executor,
        )

    return daemon_driver(location, start=NOW)


class Watcher:
    """Lets time pass and tells which runs came of it."""

    def __init__(self, driver: DaemonDriver) -> None:
        self.driver = driver
        self._seen = 0

    def __call__(self, ticks: int = 2) -> list[Run]:
        for _ in range(ticks):
            self.driver.advance(HALF_A_MINUTE)
        return self.new()

    def new(self) -> list[Run]:
        runs = self.driver.runs()[self._seen :]
        self._seen += len(runs)
        return [(tuple(sorted(run.assets)), run.first, run.last) for run in runs]

    @property
    def memory(self) -> Memory:
        return Memory.of(self.driver.cursor(NAME))


def of_orders(first: int, last: int | None = None) -> Run:
    return ("raw/shop_orders",), f"2026-03-0{first}", f"2026-03-0{last or first}"


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def lake() -> set[tuple[dt.date, str]]:
    """Where each order is live."""
    rows = open_catalog(get_settings()).load_table("raw.shop_orders").scan().to_arrow().to_pylist()
    newest = {(row["_fq_window"], row["_id"]): row for row in sorted(rows, key=lambda row: row["_fq_extracted_at"])}
    return {key for key, row in newest.items() if row["_fq_op"] != "delete"}


def source(database: Database[dict[str, Any]]) -> set[tuple[dt.date, str]]:
    return {(one["order_date"].date(), document_key(one["_id"])) for one in database["orders"].find()}


def test_every_change_reaches_the_lake_once_across_restarts_outages_and_lost_positions(
    driver: DaemonDriver, server: MongoProcess, shop: Database[dict[str, Any]], environment: pytest.MonkeyPatch
) -> None:
    watch = Watcher(driver)
    orders = shop["orders"]
    assert watch() == [(("raw/shop_customers", "raw/shop_orders"), "2026-03-01", "2026-03-06")]
    assert lake() == source(shop)

    # Deleted from one day, and moved from another: the server keeps no images of before, so the lake tells the days.
    orders.delete_one({"_id": 1})
    orders.update_one({"_id": 5}, {"$set": {"order_date": at(4)}})
    assert watch() == [of_orders(4, 5), of_orders(1)]
    assert lake() == source(shop)

    # A burst in one day is one run, whatever comes while that waits, and the daemon restarts meanwhile.
    for version in range(50):
        orders.update_one({"_id": 2}, {"$set": {"version": version}})
    driver.clock.advance(HALF_A_MINUTE)
    driver.tick(execute=False)
    orders.insert_one({"_id": "more", "order_date": at(2)})
    driver.restart()
    assert watch() == [of_orders(2)]
    assert watch(4) == []
    assert lake() == source(shop)

    # The daemon is killed after it made a run and before it submitted that: the next one does.
    orders.update_one({"_id": 3}, {"$set": {"version": 2}})
    with environment.context() as patched:
        patched.setattr(dg.DagsterInstance, "submit_run", killed)
        with pytest.raises(KeyboardInterrupt):
            driver.advance(HALF_A_MINUTE)
    driver.restart()
    assert watch() == [of_orders(3)]

    # An outage: ticks fail in words, and go on where they were.
    orders.update_one({"_id": 3}, {"$set": {"version": 1}})
    server.stop()
    assert watch() == []
    assert "MongoDB cannot be reached" in driver.ticks(NAME)[-1].error.to_string()
    server.start()
    assert watch() == [of_orders(3)]
    assert watch.memory.lost == 1

    # Nobody looks while the server forgets: all is compared.
    driver.stop()
    orders.delete_one({"_id": 2})
    orders.insert_many([{"_id": 1000 + n, "order_date": at(6)} for n in range(2_500)])
    driver.restart()
    assert watch() == [(("raw/shop_customers", "raw/shop_orders"), "2026-03-01", "2026-03-06")]
    assert lake() == source(shop)
    assert (watch.memory.lost, watch.memory.failed) == (2, 0)
    assert watch(4) == []
    assert all(run.succeeded for run in driver.runs())


def test_what_fails_is_asked_for_again_until_it_is_in_the_lake(
    driver: DaemonDriver, shop: Database[dict[str, Any]]
) -> None:
    watch = Watcher(driver)
    watch()
    table = Path(open_catalog(get_settings()).load_table("raw.shop_orders").location().removeprefix("file://"))
    away = table.rename(table.with_name("away"))
    shop["orders"].insert_one({"_id": 6, "order_date": at(6)})
    shop["customers"].insert_one({"_id": 2})

    assert watch() == [(("raw/shop_customers", "raw/shop_orders"), "2026-03-06", "2026-03-06")]
    assert watch.memory.pending == set()
    assert [str(one.block) for one in watch.memory.postponed] == ["orders 2026-03-06"]
    away.rename(table)
    assert watch(6) == [of_orders(6)]
    assert lake() == source(shop)
    assert watch.memory.postponed == watch.memory.requests == []
