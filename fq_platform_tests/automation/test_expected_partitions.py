"""Whether the days that are due are complete, told by the real sensor on a real event log in simulated time."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dagster as dg
import pytest

from fq_platform.assets.accounting import build_accounting_assets
from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.expected_partitions import PARTITION_COMPLETE, build_expected_partitions_sensor
from fq_platform.automation.materialisations import CONTENT_VERSION
from fq_platform.settings import PACKAGE
from fq_platform.sources import Sources, load_sources
from fq_platform_tests.fixtures.simulated_clock import SimulatedClock, simulated_clock

pytestmark = pytest.mark.exhaustive

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ORDERS = [
    "raw/ecommerce_db_orders",
    "curated/ecommerce_db_orders_silver",
    "analytics/fct_orders",
    "analytics/sales_summary",
]
INVOICES = ["raw/ecommerce_db_invoices", "curated/ecommerce_db_invoices_silver"]
PAYMENTS = ["raw/ecommerce_db_payments", "curated/ecommerce_db_payments_silver"]
RECEIVABLE = "analytics/accounts_receivable"
ALL = [*ORDERS, *INVOICES, *PAYMENTS, RECEIVABLE]
MONDAY = dt.date(2026, 3, 2)


@dataclass
class Told:
    """One answer of the check of a table."""

    table: str
    at: dt.datetime
    evaluation: dg.AssetCheckEvaluation

    @property
    def says(self) -> tuple[str, str, str]:
        """Table, how it went, and which days are not complete for which cause."""
        days = self.evaluation.metadata["incomplete_days"].value
        assert isinstance(days, dict)
        how = "ok" if self.evaluation.passed else self.evaluation.severity.value
        return self.table, how, " ".join(f"{day[5:]} {cause}" for day, cause in days.items())


@dataclass
class World:
    """An installation on which nothing runs but the sensor: materialisations are told to it."""

    sources: Sources
    instance: dg.DagsterInstance
    clock: SimulatedClock
    cursor: str | None = None
    seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assets = [*build_raw_assets(self.sources), *build_accounting_assets(self.sources)]
        self.sensor = build_expected_partitions_sensor(self.sources, assets)

    def made(self, day: dt.date, *tables: str, version: str | None = None) -> None:
        """Some tables of a day are materialised; nobody knows whether their rows are new unless there is a version."""
        for table in tables:
            metadata = {CONTENT_VERSION: version} if version else {}
            key = dg.AssetKey.from_user_string(table)
            self.instance.report_runless_asset_event(
                dg.AssetMaterialization(key, metadata=metadata, partition=str(day))
            )

    def until(self, moment: dt.datetime) -> None:
        self.clock.set(moment)

    def at(self, day: dt.date, hour: float = 0) -> dt.datetime:
        """A time of day by the clock on the wall."""
        return dt.datetime.combine(day, dt.time(), self.sources.zone) + hour * HOUR

    def tick(self) -> list[Told]:
        """What the sensor newly tells."""
        with dg.build_sensor_context(self.instance, cursor=self.cursor) as context:
            result = self.sensor(context)
        assert isinstance(result, dg.SensorResult)
        assert not result.run_requests
        self.cursor = result.cursor
        return [told for table in ALL for told in self._new(table)]

    def _new(self, table: str) -> Iterator[Told]:
        check = dg.AssetCheckKey(dg.AssetKey.from_user_string(table), PARTITION_COMPLETE)
        history = self.instance.event_log_storage.get_asset_check_execution_history(check, limit=1_000)
        before, self.seen[table] = self.seen.get(table, 0), len(history)
        for record in reversed(history[: len(history) - before]):
            assert record.evaluation is not None
            yield Told(table, self.clock.now, record.evaluation)

    def says(self) -> list[tuple[str, str, str]]:
        return [told.says for told in self.tick()]

    def night(self, day: dt.date, *tables: str) -> None:
        """Up to half past two of a day, when yesterday and today of some tables have been refreshed."""
        self.until(self.at(day, 2.5))
        for refreshed in (day - DAY, day):
            self.made(refreshed, *tables)


MakeWorld = Callable[..., World]


@pytest.fixture
def world(environment: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Makes an installation that starts on a day, with its first week complete."""
    with dg.DagsterInstance.ephemeral() as instance, contextlib.ExitStack() as stack:

        def make(start: dt.date = MONDAY, zone: str = "UTC", week: bool = True) -> World:
            sources = load_sources(PACKAGE / "sources.yaml").model_copy(update={"time_zone": zone})
            noon = dt.datetime.combine(start - DAY, dt.time(12), sources.zone)
            made = World(sources, instance, stack.enter_context(simulated_clock(noon)))
            if week:
                for back in range(9, 1, -1):
                    made.made(start - back * DAY, *ALL)
                made.night(start, *ALL)
                made.until(made.at(start, 4))
                assert set(made.says()) == {(table, "ok", "") for table in ALL}
            return made

        yield make


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        # Fridays: on a weekend nothing else happens than on other days.
        ("Europe/Berlin", dt.date(2026, 3, 27)),  # the night to Sunday has 23 hours, and no half past two
        ("America/New_York", dt.date(2026, 10, 30)),  # the night to Sunday has 25
    ],
)
def test_each_day_is_told_once_when_it_is_due_by_the_clock_on_the_wall(
    world: MakeWorld, zone: str, start: dt.date
) -> None:
    here = world(start, zone)
    told: list[Told] = []
    for number in range(1, 4):
        day = start + number * DAY
        here.night(day, *ALL)
        for hour in (3.9, 4, 12):
            here.until(here.at(day, hour))
            told += here.tick()

    assert {item.says for item in told} == {(table, "ok", "") for table in ALL}
    assert len(told) == 3 * len(ALL)
    assert {item.at.astimezone(here.sources.zone).time().replace(second=0, microsecond=0) for item in told} == {
        dt.time(4)
    }


def test_a_day_without_a_refresh_is_an_error_where_it_broke_and_a_warning_downstream_until_it_is_made_up(
    world: MakeWorld,
) -> None:
    here = world(MONDAY)
    others = [table for table in ALL if table not in ORDERS]
    for day in (MONDAY + DAY, MONDAY + 2 * DAY):
        here.night(day, *others)  # the collection of orders cannot be read
        here.until(here.at(day, 3.9))
        assert here.says() == []
        here.until(here.at(day, 4))
        days = [MONDAY + number * DAY for number in range((day - MONDAY).days)]
        # Monday was made by the last refresh that succeeded, while it lasted.
        assert here.says() == [
            (ORDERS[0], "ERROR", " ".join(f"{one:%m-%d} {'early' if one == MONDAY else 'missing'}" for one in days)),
            *((table, "WARN", " ".join(f"{one:%m-%d} waits" for one in days)) for table in ORDERS[1:]),
            *((table, "ok", "") for table in others),
        ]
        assert here.says() == []

    here.made(MONDAY, *ORDERS)
    assert here.says() == [
        (ORDERS[0], "ERROR", "03-03 missing"),
        *((table, "WARN", "03-03 waits") for table in ORDERS[1:]),
    ]
    here.made(MONDAY + DAY, *ORDERS)
    assert here.says() == [(table, "ok", "") for table in ORDERS]
    assert here.says() == []


def test_a_failure_says_which_days_since_when_and_what_to_do(world: MakeWorld) -> None:
    here = world(MONDAY, "Europe/Berlin")
    here.until(here.at(MONDAY + 3 * DAY, 9))

    told = {item.table: item.evaluation for item in here.tick()}

    assert told[ORDERS[0]].description == (
        "Not complete: 2026-03-03 to 2026-03-04 was never materialised; "
        "2026-03-02 was last materialised before it had ended. 2026-03-04 was due on 2026-03-05 at 04:00 CET. "
        "See why the last run of it failed or did not come, or materialise these days."
    )
    assert told[ORDERS[1]].description == (
        "Not complete: 2026-03-02 to 2026-03-04 waits for what it is made of. "
        "2026-03-04 was due on 2026-03-05 at 04:00 CET. Put right the upstream table that the same check fails for."
    )
    assert {item.blocking for item in told.values()} == {False}


def test_a_table_is_behind_when_rows_that_are_new_were_not_followed_for_two_hours(world: MakeWorld) -> None:
    here = world(MONDAY)
    sunday = MONDAY - DAY
    here.made(sunday, ORDERS[0], version="a")
    here.made(sunday, *ORDERS[1:])
    here.until(here.at(MONDAY, 10))
    here.made(sunday, ORDERS[0], version="a")  # compared, and nothing was new
    here.until(here.at(MONDAY, 13))
    assert here.says() == []

    here.made(sunday, ORDERS[0], version="b")
    here.until(here.at(MONDAY, 14.9))
    assert here.says() == []
    here.until(here.at(MONDAY, 15.1))
    assert here.says() == [
        (ORDERS[1], "ERROR", "03-01 behind"),
        *((table, "WARN", "03-01 waits") for table in ORDERS[2:]),
    ]
    here.made(sunday, *ORDERS[1:])
    assert here.says() == [(table, "ok", "") for table in ORDERS[1:]]


def test_receivables_of_later_days_are_behind_a_late_payment_and_nothing_else_is(world: MakeWorld) -> None:
    here = world(MONDAY)
    late = MONDAY - 4 * DAY
    here.until(here.at(MONDAY, 10))
    here.made(late, *PAYMENTS)
    here.made(late, RECEIVABLE)
    here.until(here.at(MONDAY, 12.5))

    assert here.says() == [(RECEIVABLE, "ERROR", "02-27 behind 02-28 behind 03-01 behind")]


def test_a_first_load_has_its_time_and_what_never_comes_is_told(world: MakeWorld) -> None:
    here = world(MONDAY, week=False)
    sunday = MONDAY - DAY
    assert here.says() == []  # it is noon
    here.until(here.at(sunday, 13))
    here.made(MONDAY - 20 * DAY, *ORDERS)  # the oldest days first; the last are still to come
    here.until(here.at(sunday, 13.9))
    assert here.says() == []

    here.until(here.at(sunday, 14.1))
    week = [sunday - number * DAY for number in range(7, 0, -1)]
    missing, waits = (" ".join(f"{day:%m-%d} {cause}" for day in week) for cause in ("missing", "waits"))
    roots = {ORDERS[0], INVOICES[0], PAYMENTS[0]}
    assert set(here.says()) == {
        (table, "ERROR", missing) if table in roots else (table, "WARN", waits) for table in ALL
    }


def test_a_hole_is_seen_after_weeks_without_a_daemon_and_told_until_it_is_filled(world: MakeWorld) -> None:
    here = world(MONDAY)
    hole = MONDAY + 3 * DAY
    for number in range(1, 21):
        here.until(here.at(MONDAY + number * DAY, 2.5))
        here.made(MONDAY + (number - 1) * DAY, *(ALL if MONDAY + (number - 1) * DAY != hole else ALL[1:]))
    here.until(here.at(MONDAY + 20 * DAY, 5))

    assert [said for said in here.says() if said[1] == "ERROR"] == [(ORDERS[0], "ERROR", "03-05 missing")]
    for number in range(21, 24):
        here.night(MONDAY + number * DAY, *ALL)
        here.until(here.at(MONDAY + number * DAY, 5))
        assert [said for said in here.says() if said[1] == "ERROR"] == [(ORDERS[0], "ERROR", "03-05 missing")]
    here.made(hole, ORDERS[0])
    # What was made of it is behind it now, but not for long yet.
    assert here.says() == [(table, "ok", "") for table in ORDERS]


def test_nothing_is_due_before_the_first_day_is(world: MakeWorld) -> None:
    here = world(dt.date(2026, 1, 1), week=False)
    assert here.says() == []
    here.until(here.at(dt.date(2026, 1, 2), 3.9))
    assert here.says() == []
    here.made(dt.date(2026, 1, 1), *ALL)
    here.until(here.at(dt.date(2026, 1, 2), 4))
    assert here.says() == [(table, "ok", "") for table in ALL]
