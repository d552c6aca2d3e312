"""When facts are compared with their dimensions, and which runs come of it."""

import datetime as dt

import dagster as dg
import pytest

from fq_platform.assets.accounting import order_facts
from fq_platform.automation.dimension_changes import build_dimension_sensor, few_spans
from fq_platform.automation.dimension_memory import FIRST_WAIT, LONGEST_WAIT, Memory
from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform.automation.runs import UNATTENDED
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import get_settings
from fq_platform_tests.lakehouse.facts_shop import ANNA, BERT, Shop

MONDAY, TUESDAY, WEDNESDAY, SUNDAY = (dt.date(2026, 3, day) for day in (2, 3, 4, 8))


def test_facts_are_compared_when_a_dimension_changed_and_once_more_when_runs_have_ended() -> None:
    first, days = Memory().looked(newest=1, found={MONDAY}, now=0)
    assert days == {MONDAY}
    assert not first.needs_look(newest=1, now=FIRST_WAIT - 1)
    assert first.needs_look(newest=1, now=FIRST_WAIT)
    assert first.settled is None

    settled, days = first.looked(newest=1, found=set(), now=FIRST_WAIT)
    assert days == set()
    assert settled == Memory(settled=1, seen=1)
    assert not settled.needs_look(newest=1, now=10 * LONGEST_WAIT)


def test_days_asked_for_are_not_asked_for_again_while_they_may_be_under_way() -> None:
    memory, _ = Memory(settled=1, seen=1).looked(newest=2, found={MONDAY}, now=0)
    memory, days = memory.looked(newest=3, found={MONDAY, TUESDAY}, now=60)
    assert days == {TUESDAY}
    assert (memory.settled, memory.upto, memory.again) == (1, 2, FIRST_WAIT)

    memory, _ = memory.looked(newest=3, found=set(), now=FIRST_WAIT)
    assert (memory.settled, memory.upto, memory.again) == (2, 3, 2 * FIRST_WAIT)


def test_days_that_stay_stale_are_asked_for_again_after_waits_that_grow() -> None:
    memory, now, waits = Memory(settled=1, seen=1), 0.0, []
    for _ in range(8):
        memory, days = memory.looked(newest=2, found={MONDAY}, now=now)
        assert days == {MONDAY}
        assert memory.again is not None
        waits.append((memory.again - now) / FIRST_WAIT)
        now = memory.again
    assert waits == [1, 1, 2, 4, 8, 16, 32, LONGEST_WAIT / FIRST_WAIT]
    assert memory.settled == 1


def test_memory_is_kept_in_the_cursor() -> None:
    memory = Memory(settled=2**62, seen=2**62 + 1, again=1.5, upto=3, wait=60, asked=frozenset({MONDAY, TUESDAY}))
    assert Memory.from_json(memory.to_json()) == memory
    assert Memory.from_json(Memory().to_json()) == Memory()


@pytest.mark.parametrize(
    ("days", "most", "spans"),
    [
        ([], 3, []),
        ([WEDNESDAY, MONDAY, TUESDAY], 3, [(MONDAY, WEDNESDAY)]),
        ([MONDAY, WEDNESDAY, SUNDAY], 3, [(MONDAY, MONDAY), (WEDNESDAY, WEDNESDAY), (SUNDAY, SUNDAY)]),
        ([MONDAY, WEDNESDAY, SUNDAY], 2, [(MONDAY, WEDNESDAY), (SUNDAY, SUNDAY)]),
        ([MONDAY, WEDNESDAY, SUNDAY], 1, [(MONDAY, SUNDAY)]),
    ],
)
def test_days_become_few_runs(days: list[dt.date], most: int, spans: list[tuple[dt.date, dt.date]]) -> None:
    assert few_spans(days, most) == spans


class Ticker:
    """The sensor over the lake of the settings, tick after tick with its own cursor."""

    def __init__(self) -> None:
        daily, facts = dg.DailyPartitionsDefinition("2026-03-01"), dg.AssetKey(["analytics", "fct_orders"])

        @dg.asset(key=facts, partitions_def=daily)
        def fct_orders() -> None: ...

        @dg.asset(deps=[facts], partitions_def=daily)
        def summary() -> None: ...

        @dg.asset(deps=[facts])
        def report() -> None: ...

        self.sensor = build_dimension_sensor(*order_facts("shop"), facts)
        self.definitions = dg.Definitions([fct_orders, summary, report], sensors=[self.sensor])
        self.cursor: str | None = None

    def tick(self) -> list[tuple[str, str]]:
        """First and last day of each run requested."""
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance, self.cursor, definitions=self.definitions)
            result = self.sensor.evaluate_tick(context)
        self.cursor = result.cursor
        for request in result.run_requests or ():
            assert {key.path[-1] for key in request.asset_selection or ()} == {"fct_orders", "summary"}
            assert request.tags.items() >= UNATTENDED.items()
        return [(request.tags[RANGE_START][-2:], request.tags[RANGE_END][-2:]) for request in result.run_requests or ()]


def test_sensor_requests_the_days_that_show_what_changed_once_and_their_summaries_with_them(
    environment: pytest.MonkeyPatch,
) -> None:
    shop, ticker = Shop(open_catalog(get_settings())), Ticker()
    assert ticker.tick() == [], "there are no tables yet"
    shop.publish()
    shop.make_facts()
    assert ticker.tick() == []

    shop.customers |= {"c1": ANNA | {"customer_name": "Anne"}}
    shop.publish()
    assert ticker.tick() == [("01", "02")]
    assert ticker.tick() == [], "asked for already"

    shop.customers |= {"c2": BERT}
    shop.publish()
    assert ticker.tick() == [("03", "03")], "the first two days are still under way"
    shop.make_facts()
    assert ticker.tick() == []
