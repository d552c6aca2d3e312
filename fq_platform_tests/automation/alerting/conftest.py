"""A small code location in which everything can go wrong, and a webhook that is told of it."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dagster as dg
import pytest

from fq_platform.automation.alerting import build_alert_sensors
from fq_platform.automation.expected_partitions import PARTITION_COMPLETE
from fq_platform.automation.mongo_changes.memory import Memory
from fq_platform.automation.mongo_changes.sensor import NAME as MONGO_CHANGES
from fq_platform.automation.partitions import range_tags
from fq_platform.errors import FqError
from fq_platform.resources.failures import shown_to_users
from fq_platform.settings import get_settings
from fq_platform_tests.fixtures.simulated_clock import SimulatedClock, simulated_clock
from fq_platform_tests.fixtures.sinks import Message, Webhook

START = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
UI = "https://dagster.example.org/prod"
DAYS = dg.DailyPartitionsDefinition("2026-03-01", end_offset=1)
RAW, SALES = dg.AssetKey(["raw", "orders"]), dg.AssetKey(["analytics", "sales"])
RETRIED = {"dagster/max_retries": "1", "dagster/retry_on_asset_or_op_failure": "true"}


@dataclass
class World:
    """What goes wrong at present."""

    outage: str = ""
    """Of the source: what reading it says."""
    defect: str = ""
    broken: set[str] = field(default_factory=set)
    """The days whose sales break a rule."""
    few: bool = False
    brought: dict[str, int] = field(default_factory=dict)
    """Day to how many documents a comparison finds deleted."""
    news: list[str] = field(default_factory=list)
    rescued: list[dict[str, object]] = field(default_factory=list)
    sensor: str = ""
    schedule: str = ""
    lost: int = 1
    """How often the sensor on MongoDB has lost its place."""
    requests: list[dg.RunRequest] = field(default_factory=list)
    """Runs that the next tick of a sensor asks for."""


def location(world: World) -> dg.Definitions:
    @dg.asset(
        key=RAW,
        partitions_def=DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        owners=["team:data"],
        check_specs=[dg.AssetCheckSpec(name, asset=RAW) for name in ("schema_unchanged", "values_rescued")],
    )
    def orders(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with shown_to_users("iceberg.raw.orders"):
            if world.outage:
                raise FqError(world.outage, where="127.0.0.1:27017", fix="Start it, or let MONGO_URI name another")
        if world.defect:
            raise ValueError(world.defect)
        windows = f"{context.partition_keys[0]} to {context.partition_keys[-1]}"
        found = [
            ("schema_unchanged", world.news, {"schema_changes": dg.MetadataValue.json(world.news)}),
            ("values_rescued", world.rescued, {"windows": windows, "places": dg.MetadataValue.json(world.rescued)}),
        ]
        for day in context.partition_keys:
            counts = {"inserted": 0, "updated": 0, "deleted": world.brought.get(day, 0), "unchanged": 7}
            context.add_asset_metadata(counts, partition_key=day)
        return dg.MaterializeResult(
            check_results=[
                dg.AssetCheckResult(
                    check_name=name,
                    passed=not what,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=f"{name}: {len(what)}",
                    metadata=metadata,
                )
                for name, what, metadata in found
            ]
        )

    @dg.multi_asset(
        specs=[
            dg.AssetSpec(
                SALES,
                deps=[RAW],
                partitions_def=DAYS,
                owners=["team:finance"],
                freshness_policy=dg.FreshnessPolicy.time_window(
                    warn_window=dt.timedelta(hours=26), fail_window=dt.timedelta(hours=36)
                ),
            ).replace_attributes(skippable=True)
        ],
        check_specs=[
            dg.AssetCheckSpec("never_negative", asset=SALES, blocking=True, description="No sum is negative.")
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def sales(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        broken = world.broken.intersection(context.partition_keys)
        yield dg.AssetCheckResult(
            check_name="never_negative", passed=not broken, description="1 of 2 rows: No sum is negative."
        )
        if broken:
            raise dg.Failure(
                "not published", {"broken rules": "never_negative", "what": "x", "what to do": "Look at it"}
            )
        yield dg.MaterializeResult(SALES)

    @dg.asset_check(asset=SALES, name="enough_rows", description="There are about as many rows as on other days.")
    def enough_rows() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=not world.few, severity=dg.AssetCheckSeverity.WARN, description="2 of 900")

    @dg.asset_check(asset=SALES, name=PARTITION_COMPLETE)
    def partition_complete() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    @dg.sensor(name="watcher", minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
    def watcher() -> dg.SkipReason:
        with shown_to_users():
            if world.sensor:
                raise FqError(world.sensor, fix="Start it")
        return dg.SkipReason("nothing")

    @dg.sensor(name=MONGO_CHANGES, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
    def mongo_changes() -> dg.SensorResult:
        return dg.SensorResult(cursor=Memory(lost=world.lost).to_cursor())

    @dg.sensor(
        name="asks",
        target=[RAW, SALES],
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def asks() -> list[dg.RunRequest]:
        requests, world.requests = world.requests, []
        return requests

    @dg.schedule(cron_schedule="0 * * * *", job_name="refresh", default_status=dg.DefaultScheduleStatus.RUNNING)
    def hourly() -> dg.SkipReason:
        if world.schedule:
            raise KeyError(world.schedule)
        return dg.SkipReason("nothing")

    return dg.Definitions(
        assets=[orders, sales],
        asset_checks=[enough_rows, partition_complete],
        jobs=[dg.define_asset_job("refresh", selection=[RAW, SALES], partitions_def=DAYS)],
        sensors=[watcher, mongo_changes, asks, *build_alert_sensors()],
        schedules=[hourly],
        executor=dg.in_process_executor,
    )


@dataclass
class Stage:
    """Runs and ticks without daemons, on an instance in memory, in simulated time."""

    instance: dg.DagsterInstance
    clock: SimulatedClock
    world: World
    webhook: Webhook
    log: list[str] = field(default_factory=list)
    """What ticks said."""
    cursors: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.definitions = location(self.world)

    def run(self, *keys: dg.AssetKey, first: int, last: int | None = None, **tags: str) -> str:
        """Make assets for days of March; the run's id, whether it failed or not."""
        days = range_tags(dt.date(2026, 3, first), dt.date(2026, 3, last or first))
        return (
            self.definitions.resolve_implicit_global_asset_job_def()
            .execute_in_process(
                instance=self.instance, asset_selection=list(keys), tags={**days, **tags}, raise_on_error=False
            )
            .run_id
        )

    def tick(self, name: str, *, after: dt.timedelta = dt.timedelta(minutes=1)) -> list[Message]:
        """Tick a sensor a while later; what was told."""
        self.clock.advance(after)
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursors.get(name), definitions=self.definitions, sensor_name=name
        )
        sensor = next(sensor for sensor in self.definitions.sensors or [] if sensor.name == name)
        data = sensor.evaluate_tick(context)
        self.log.append(str(data.skip_message))
        self.cursors[name] = data.cursor if data.cursor is not None else self.cursors.get(name)
        return self.webhook.take()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def addresses(environment: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets where alerts go."""

    def change(urls: str) -> None:
        environment.setenv("FQ_ALERT_URLS", urls)
        get_settings.cache_clear()

    environment.setenv("FQ_UI_URL", f"{UI}/")
    return change


@pytest.fixture
def stage(world: World, webhook: Webhook, addresses: Callable[[str], None]) -> Iterator[Stage]:
    addresses(webhook.url)
    with (
        simulated_clock(START) as clock,
        dg.DagsterInstance.ephemeral(settings={"run_retries": {"enabled": True}}) as instance,
    ):
        stage = Stage(instance, clock, world, webhook)
        for name in ("alert_runs", "alert_checks"):
            assert stage.tick(name) == []
        yield stage
