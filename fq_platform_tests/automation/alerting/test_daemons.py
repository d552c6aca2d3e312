"""The alert sensors under Dagster's own daemons: freshness, failing schedules and sensors, retries, a restart."""

import datetime as dt
import re
from collections.abc import Callable

import dagster as dg
import pytest

from fq_platform.automation.partitions import range_tags
from fq_platform_tests.automation.alerting.conftest import RAW, RETRIED, SALES, UI, World, location
from fq_platform_tests.fixtures.daemon import DaemonDriver, MakeDriver
from fq_platform_tests.fixtures.sinks import Message, Webhook

pytestmark = pytest.mark.services

HOUR = dt.timedelta(hours=1)
TURN = dt.timedelta(minutes=2)
"""Longer than the sensors' minute: on a busy machine a turn takes its time too, which the clock counts."""
BEFORE_ONE = dt.datetime(2026, 3, 10, 12, 54, tzinfo=dt.UTC)


class Story:
    """What was told, in the order of time."""

    def __init__(self, driver: DaemonDriver, webhook: Webhook, world: World) -> None:
        self.driver, self.webhook, self.world = driver, webhook, world

    def after(self, time: dt.timedelta, turns: int = 1) -> list[Message]:
        """Let time pass, then give the daemons a few more turns; what was told."""
        self.driver.advance(time)
        for _ in range(turns - 1):
            self.driver.advance(TURN)
        return self.webhook.take()

    def request(self, first: int, last: int, **tags: str) -> None:
        days = range_tags(dt.date(2026, 3, first), dt.date(2026, 3, last))
        self.world.requests.append(dg.RunRequest(asset_selection=[RAW, SALES], tags={**days, **tags}))


@pytest.fixture
def story(daemon_driver: MakeDriver, world: World, webhook: Webhook, addresses: Callable[[str], None]) -> Story:
    addresses(webhook.url)
    driver = daemon_driver(lambda: location(world), start=BEFORE_ONE)
    driver.tick()
    return Story(driver, webhook, world)


def once_each(messages: list[Message]) -> dict[str, Message]:
    told = {message.title: message for message in messages}
    assert len(told) == len(messages)
    return told


def test_everything_is_told_once_and_when_it_is_over(story: Story) -> None:
    world, driver = story.world, story.driver
    world.outage, world.sensor, world.schedule = "MongoDB cannot be reached", "The hose is dry", "no such thing"
    story.request(8, 9, **RETRIED)
    told = once_each(story.after(TURN, turns=5))

    _, retry = driver.runs()
    assert told.keys() == {
        "Run failed: raw/orders, 2026-03-08 to 2026-03-09",
        "Fails: sensor watcher",
        "Fails: schedule hourly",
    }
    assert told["Run failed: raw/orders, 2026-03-08 to 2026-03-09"].body.endswith(f"/runs/{retry.id}")
    sensor, schedule = told["Fails: sensor watcher"], told["Fails: schedule hourly"]
    assert re.match(r"[3-5] times in a row\. The hose is dry\. Start it\n", sensor.body)
    assert sensor.body.endswith(f"See: {UI}/locations/__repository__%40fq_platform/sensors/watcher")
    assert schedule.body.startswith("KeyError: 'no such thing'\n")
    assert {message.type for message in told.values()} == {"failure"}

    driver.restart()
    assert story.after(TURN) == []
    world.outage = world.sensor = world.schedule = ""
    world.lost = 2
    story.request(9, 9)
    told = once_each(story.after(HOUR, turns=3))
    assert {title: message.type for title, message in told.items()} == {
        "Works again: sensor watcher": "success",
        "Works again: schedule hourly": "success",
        "Compares everything: sensor mongo_changes": "warning",
    }

    assert story.after(25 * HOUR) == []
    [late] = story.after(HOUR, turns=2)
    driver.restart()
    [stale] = story.after(10 * HOUR, turns=2)
    story.request(10, 10)
    [fresh] = story.after(TURN, turns=3)
    assert [(message.title, message.type) for message in (late, stale, fresh)] == [
        ("Late: analytics/sales", "warning"),
        ("Too old: analytics/sales", "failure"),
        ("Fresh again: analytics/sales", "success"),
    ]
    made = (
        r"Last materialised 2026-03-10 14:\d\d UTC. It is late after 26 hours and too old after 36 hours.\nWhat to do: "
    )
    assert re.match(made, late.body)
    assert stale.body.endswith(f"See: {UI}/assets/analytics/sales")
    assert not [error for error in driver.errors if "sensor alert_" in error]
