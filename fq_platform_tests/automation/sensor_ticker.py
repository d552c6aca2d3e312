"""Ticks the MongoDB sensor, and plays the runs that it asks for step by step.

Belongs here: ticking, and what runs say. Does not: assertions, or the daemons (`fixtures/daemon.py`).
"""

import datetime as dt
import uuid
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, StepMaterializationData
from dagster._core.execution.plan.objects import StepSuccessData
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from pymongo.database import Database

from fq_platform.assets.raw import build_raw_assets, raw_key
from fq_platform.automation.mongo_changes import REQUEST, build_mongo_sensor
from fq_platform.automation.mongo_changes.memory import Memory
from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform.resources.mongo import MongoResource
from fq_platform.sources import Collection, Sources

MARCH = dt.date(2026, 3, 1)
ORDERS = Collection(partition_by="order_date", watermark="updated_at")
CUSTOMERS = Collection(watermark="updated_at")
JOB = "__ASSET_JOB"
_ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("fq_platform"), "__repository__"), JOB)


def day(number: int) -> dt.date:
    return MARCH.replace(day=number)


def at(number: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 3, number, hour, tzinfo=dt.UTC)


class Run:
    """A run that was asked for, as far as a test lets it come."""

    def __init__(self, ticker: "Ticker", id_: str) -> None:
        self.id = id_
        self._ticker = ticker

    @property
    def _instance(self) -> dg.DagsterInstance:
        return self._ticker.instance

    def starts(self) -> "Run":
        self._says(dg.DagsterEventType.RUN_START)
        return self

    def reads(self, collection: str) -> "Run":
        self._says(dg.DagsterEventType.STEP_START, collection)
        return self

    def has_read(self, *collections: str) -> "Run":
        for collection in collections:
            self._says(dg.DagsterEventType.STEP_SUCCESS, collection, StepSuccessData(duration_ms=1.0))
        return self

    def succeeds(self, *collections: str) -> "Run":
        self.has_read(*collections)
        self._says(dg.DagsterEventType.RUN_SUCCESS)
        return self

    def makes(self, collection: str, number: int) -> "Run":
        """Compare a day, be it that it was asked to or not."""
        key = raw_key(self._ticker.sources, collection)
        made = StepMaterializationData(dg.AssetMaterialization(key, partition=str(day(number))))
        self._says(dg.DagsterEventType.ASSET_MATERIALIZATION, collection, made)
        return self

    def fails(self) -> "Run":
        run = self._instance.get_run_by_id(self.id)
        assert run is not None
        self._instance.report_run_failed(run)
        return self

    def is_cancelled(self) -> "Run":
        run = self._instance.get_run_by_id(self.id)
        assert run is not None
        self._instance.report_run_canceled(run)
        return self

    def is_deleted(self) -> None:
        self._instance.delete_run(self.id)

    def _says(self, kind: dg.DagsterEventType, collection: str = "", data: Any = None) -> None:
        key = raw_key(self._ticker.sources, collection).to_python_identifier() if collection else None
        event = DagsterEvent(kind.value, JOB, step_key=key, event_specific_data=data)
        self._instance.report_dagster_event(event, self.id)


class Ticker:
    """The sensor of some collections, by default `orders` by day and `customers` as a whole.

    Args:
        database: The source.
        uri: The MongoDB's.
        collections: What is declared.
    """

    def __init__(
        self,
        database: Database[dict[str, Any]],
        uri: str,
        collections: dict[str, Collection] | None = None,
    ) -> None:
        self.database = database
        self.mongo = MongoResource(uri=uri)
        self.cursor: str | None = None
        self.runs: list[Run] = []
        """Of the last tick, in its order."""
        self.reason = ""
        self.declare(collections or {"orders": ORDERS, "customers": CUSTOMERS})
        self.instance = dg.DagsterInstance.ephemeral()

    def declare(self, collections: dict[str, Collection], time_zone: str = "UTC") -> None:
        """Have another sources file."""
        self.sources = Sources(
            app="shop", database=self.database.name, start_date=MARCH, collections=collections, time_zone=time_zone
        )
        self._sensor = build_mongo_sensor(self.sources)
        self._assets = build_raw_assets(self.sources)
        self._location = dg.Definitions(assets=self._assets, sensors=[self._sensor], resources={"mongo": self.mongo})

    def restart(self) -> None:
        """As another process would: nothing is left but the cursor, and what the instance stores."""
        self.declare(dict(self.sources.collections))

    @property
    def memory(self) -> Memory:
        return Memory.of(self.cursor)

    def tick(self, *, submitted: bool = True) -> list[str]:
        """Evaluate the sensor, keep its cursor, and queue the runs that it asks for.

        Args:
            submitted: Whether the runs are queued, or lost on their way.

        Returns:
            What the runs compare: `orders 2026-03-01 to 2026-03-06; customers`.
        """
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=self._location, resources={"mongo": self.mongo}
        )
        result = self._sensor.evaluate_tick(context)
        assert result.cursor
        self.cursor = result.cursor
        self.reason = result.skip_message or ""
        requests = list(result.run_requests or [])
        self.runs = [self._queue(request) for request in requests] if submitted else []
        return [self._told(request) for request in requests]

    def land(self, first: int, last: int) -> None:
        """Bring days of the lake into agreement with MongoDB, by the real raw assets."""
        days = {RANGE_START: str(day(first)), RANGE_END: str(day(last))}
        assert dg.materialize(self._assets, tags=days, resources={"mongo": self.mongo}).success

    def _queue(self, request: dg.RunRequest, **options: Any) -> Run:
        run = dg.DagsterRun(
            job_name=JOB,
            run_id=str(uuid.uuid4()),
            tags=dict(request.tags),
            status=dg.DagsterRunStatus.QUEUED,
            remote_job_origin=_ORIGIN,
            asset_selection=frozenset(request.asset_selection or ()),
            **options,
        )
        self.instance.add_run(run)
        return Run(self, run.run_id)

    def other_run(self, first: int, last: int, **tags: str) -> Run:
        """A run that somebody else started, of all raw tables."""
        days = {RANGE_START: str(day(first)), RANGE_END: str(day(last))}
        return self._queue(dg.RunRequest(tags={**days, **tags}))

    def taken_up(self, run: Run) -> Run:
        """The run that takes up a failed one."""
        failed = self.instance.get_run_by_id(run.id)
        assert failed is not None
        return self._queue(dg.RunRequest(tags=dict(failed.tags)), parent_run_id=run.id, root_run_id=run.id)

    def finish(self) -> None:
        """Let the runs of the last tick succeed."""
        for run in self.runs:
            record = self.instance.get_run_by_id(run.id)
            assert record is not None
            asked = record.asset_selection or ()
            names = [name for name in self.sources.collections if raw_key(self.sources, name) in asked]
            run.starts().succeeds(*names)

    def _told(self, request: dg.RunRequest) -> str:
        names = {raw_key(self.sources, name): name for name in self.sources.collections}
        asked = [names[key] for key in request.asset_selection or ()]
        dated = [name for name in asked if self.sources.collections[name].partition_by]
        whole = [name for name in asked if name not in dated]
        assert request.run_key == request.tags[REQUEST]
        assert (RANGE_START in request.tags) == bool(dated)
        first, last = request.tags.get(RANGE_START, ""), request.tags.get(RANGE_END, "")
        days = f" {first}" + (f" to {last}" if last != first else "")
        return "; ".join(filter(None, [", ".join(dated) + days if dated else "", ", ".join(whole)]))
