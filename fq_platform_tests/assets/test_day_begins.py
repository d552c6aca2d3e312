"""An order dated ahead, on the night in which its day begins: the daily refresh takes it there from the first day."""

import datetime as dt
from typing import Any

import dagster as dg
import pytest
from pymongo.database import Database
from pyspark.sql import SparkSession

from fq_platform.assets.raw import build_raw_assets, raw_key
from fq_platform.assets.tables import TableAsset
from fq_platform.automation.partitions import range_tags
from fq_platform.automation.schedules import DAILY_REFRESH, build_jobs, build_schedules
from fq_platform.contracts import CONTRACTS
from fq_platform.demo.load import load
from fq_platform.demo.sample_data import START, generate
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.resources.mongo import MongoResource
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import get_settings
from fq_platform.sources import Collection, Sources

pytestmark = pytest.mark.services

DAY = dt.timedelta(days=1)
BEGINS = START + 4 * DAY


@pytest.fixture
def sources(mongo_database: Database[dict[str, Any]]) -> Sources:
    collections = {"orders": Collection(partition_by="order_date")}
    return Sources(app="ahead", database=mongo_database.name, start_date=START, collections=collections)


@pytest.fixture
def definitions(
    sources: Sources, mongo_uri: str, spark_resource: SparkResource, environment: pytest.MonkeyPatch
) -> dg.Definitions:
    environment.setenv("FQ_HOME", str(spark_resource.settings.home))
    get_settings.cache_clear()
    silver = TableAsset(CONTRACTS["orders_silver"], {"orders": raw_key(sources, "orders")}, incremental=True)
    return dg.Definitions(
        [*build_raw_assets(sources), silver.build(sources)],
        jobs=build_jobs(sources),
        resources={
            "mongo": MongoResource(uri=mongo_uri),
            "io_manager": SparkIcebergIOManager(spark=spark_resource, app=sources.app),
        },
        executor=dg.in_process_executor,
    )


def test_the_daily_refresh_alone_takes_an_order_to_its_day_when_that_begins(
    definitions: dg.Definitions,
    sources: Sources,
    mongo_database: Database[dict[str, Any]],
    mongo_uri: str,
    spark: SparkSession,
    environment: pytest.MonkeyPatch,
) -> None:
    load(mongo_uri, mongo_database.name, generate(8, START, 30, 300))
    order = mongo_database["orders"].find_one({"order_date": {"$gte": dt.datetime.combine(BEGINS, dt.time())}})
    assert order is not None
    job = definitions.resolve_job_def(DAILY_REFRESH)

    def rows(table: str, key: str, *columns: str) -> list[tuple[str, ...]]:
        found = spark.table(table).where(f"{key} = '{order['_id']}'").select(*columns).collect()
        return sorted(tuple(str(value)[:10] for value in row) for row in found)

    raw, silver = f"iceberg.raw.{sources.table('orders')}", CONTRACTS["orders_silver"].table(sources.app).qualified
    mongo_database["orders"].update_one({"_id": order["_id"]}, {"$set": {"order_date": at(BEGINS, 9)}})
    environment.setattr(Sources, "today", lambda _: BEGINS - DAY)
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, tags=range_tags(START, BEGINS - DAY)).success
        assert rows(raw, "_id", "_fq_window", "_fq_op") == [(str(START), "insert")]
        assert rows(silver, "order_id", "order_date") == [(str(START),)]

        environment.setattr(Sources, "today", lambda _: BEGINS)
        assert job.execute_in_process(instance=instance, tags=tonight(sources)).success

    assert rows(silver, "order_id", "order_date") == [(str(BEGINS),)]
    assert rows(raw, "_id", "_fq_window", "_fq_op") == [
        (str(START), "delete"),
        (str(START), "insert"),
        (str(BEGINS), "insert"),
    ]


def at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour))


def tonight(sources: Sources) -> dict[str, str]:
    """The days that the daily refresh asks for in the night in which the order's day begins."""
    (schedule,) = (made for made in build_schedules(sources) if made.name == DAILY_REFRESH)
    with dg.instance_for_test() as instance:
        context = dg.build_schedule_context(instance, scheduled_execution_time=at(BEGINS, 2).replace(tzinfo=dt.UTC))
        with context:
            (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.tags.items() >= range_tags(BEGINS - DAY, BEGINS).items()
    return dict(request.tags)
