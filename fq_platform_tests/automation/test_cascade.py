"""The cascade on tables of no content, by Dagster's real daemons: what runs after what, and what does not.

`test_cascade_of_the_lake.py` does it with the real tables.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from fq_platform.automation.cascade import build_follow_sensor, follow_upstream
from fq_platform.automation.following import EVERYTHING_BEFORE
from fq_platform.automation.materialisations import CONTENT_VERSION
from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform_tests.fixtures.daemon import DaemonDriver, DrivenRun, MakeDriver

pytestmark = pytest.mark.services

TODAY = "2026-03-10"
DAILY = dg.DailyPartitionsDefinition("2026-03-06", end_offset=1)
POLICY = dg.BackfillPolicy.multi_run(92)


class Business:
    """What stands in for MongoDB and the lake: the content of raw tables by day, and what goes wrong."""

    def __init__(self) -> None:
        self.content: Counter[tuple[str, str | None]] = Counter()
        self.broken: set[str] = set()
        self.during: dict[str, Callable[[], None]] = {}

    def definitions(self) -> dg.Definitions:
        def raw(name: str, *, daily: bool = True) -> dg.AssetsDefinition:
            @dg.asset(
                name=name,
                group_name="raw",
                partitions_def=DAILY if daily else None,
                backfill_policy=POLICY if daily else None,
            )
            def _asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
                self._step(name)
                for day in context.partition_keys if daily else [None]:
                    version = {CONTENT_VERSION: str(self.content[name, day])}
                    if day is None:
                        return dg.MaterializeResult(metadata=version)
                    context.add_asset_metadata(version, partition_key=day)
                return dg.MaterializeResult()

            return _asset

        def table(
            name: str, *upstream: str, daily: bool = True, whole: bool = False, but_not: str = ""
        ) -> dg.AssetsDefinition:
            @dg.asset(
                name=name,
                deps=[dg.AssetDep(key, partition_mapping=EVERYTHING_BEFORE if whole else None) for key in upstream],
                partitions_def=DAILY if daily else None,
                backfill_policy=POLICY if daily else None,
                automation_condition=follow_upstream([dg.AssetKey(but_not)] if but_not else []),
            )
            def _asset() -> None:
                self._step(name)

            return _asset

        return dg.Definitions(
            [
                raw("orders"),
                raw("payments"),
                raw("customers", daily=False),
                table("silver", "orders"),
                table("paid", "payments"),
                table("dim", "customers", daily=False),
                table("facts", "silver", "dim", but_not="dim"),
                table("summary", "facts"),
                table("balance", "silver", "paid", whole=True),
            ],
            sensors=[build_follow_sensor()],
            executor=dg.in_process_executor,
        )

    def _step(self, name: str) -> None:
        if hook := self.during.pop(name, None):
            hook()
        if name in self.broken:
            raise dg.Failure(f"{name} is broken")


@pytest.fixture
def business() -> Business:
    return Business()


@pytest.fixture
def driver(daemon_driver: MakeDriver, business: Business, environment: pytest.MonkeyPatch) -> Iterator[DaemonDriver]:
    """All days are there, and the cascade has caught up."""
    environment.setenv("FQ_ENVIRONMENT", "local")
    driver = daemon_driver(business.definitions, start=dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC))
    make(driver, "customers")
    make(driver, "orders", "payments", first="2026-03-06", last=TODAY)
    driver.settle(quiet=2)
    assert driver.errors == []
    yield driver
    assert driver.errors == []


def make(driver: DaemonDriver, *assets: str, first: str | None = None, last: str | None = None) -> None:
    """A run that somebody else launches."""
    driver.clock.advance(dt.timedelta(seconds=1))
    driver.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=driver.instance,
        asset_selection=[dg.AssetKey(name.split("/")) for name in assets],
        tags={RANGE_START: first, RANGE_END: last or first} if first else {},
        raise_on_error=False,
    )


def followed(driver: DaemonDriver, restart: bool = False) -> list[str]:
    """What runs by itself from now on: assets and days of each run."""
    known = len(driver.runs())
    if restart:
        driver.restart()
    driver.settle(quiet=2)
    return [story(run) for run in driver.runs()[known:]]


def story(run: DrivenRun) -> str:
    days = f" {run.first[-2:]}-{run.last[-2:]}" if run.first and run.last else ""
    return " ".join(sorted(run.assets)) + days + ("" if run.succeeded else " failed")


def test_each_change_makes_what_depends_on_it_once_and_nothing_else(driver: DaemonDriver, business: Business) -> None:
    made = Counter(key for run in driver.runs() for key in driver.materialised(run))
    assert set(made.values()) == {1}, "the first load makes each day of each table once"
    assert len(made) == 2 * 1 + 7 * 5

    make(driver, "orders", "payments", first="2026-03-06", last=TODAY)
    make(driver, "customers")
    assert followed(driver) == [], "runs that found nothing new"

    business.content["orders", "2026-03-07"] += 1
    make(driver, "orders", first="2026-03-06", last="2026-03-09")
    assert followed(driver) == ["facts silver summary 07-07", "balance 07-10"], "one late correction among four days"

    business.content["payments", "2026-03-08"] += 1
    make(driver, "payments", first="2026-03-08")
    assert followed(driver, restart=True) == ["paid 08-08", "balance 08-10"], "a late payment, and a restart"

    business.content["customers", None] += 1
    make(driver, "customers")
    assert followed(driver) == ["dim"], "facts do not heed the dimension"

    business.content["orders", "2026-03-09"] += 1
    make(driver, "orders", "silver", "facts", "summary", "balance", first="2026-03-09", last=TODAY)
    assert followed(driver) == [], "a run over days that makes everything by itself"


def test_change_is_neither_lost_in_a_race_nor_in_a_failure(driver: DaemonDriver, business: Business) -> None:
    def another_change() -> None:
        business.content["orders", "2026-03-07"] += 1
        make(driver, "orders", first="2026-03-07")

    business.during["silver"] = another_change
    another_change()
    assert Counter(followed(driver))["facts silver summary 07-07"] == 2, "silver had read when the day changed again"

    business.broken.add("silver")
    business.content["orders", "2026-03-10"] += 1
    make(driver, "orders", "silver", first=TODAY)
    assert followed(driver) == [], "whoever launched the run that failed will see to it, for an hour"

    another_change()
    assert followed(driver) == ["facts silver summary 07-07 failed"], "nothing downstream is made"
    business.broken.clear()
    driver.advance(dt.timedelta(minutes=45), every=dt.timedelta(minutes=15))
    assert followed(driver) == [], "an hour is not over"

    driver.advance(dt.timedelta(minutes=20))
    driver.settle(quiet=2)
    assert {story(run) for run in driver.runs()[-3:]} == {
        "facts silver summary 10-10",
        "facts silver summary 07-07",
        "balance 07-10",
    }
