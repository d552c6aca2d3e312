"""`python -m fq_platform_tests.soak --days 60`: the platform left alone in simulated time. Prints figures as JSON.

A file `stop` in its folder ends it after the next moment of its story; with that `--folder` it goes on later. Exit
status 1 if the lake is wrong at the end, or something was requested that was not needed; 2 if it was stopped.
"""

import argparse
import datetime as dt
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fq_platform_tests.soak.alarms import wrong
from fq_platform_tests.soak.ledger import Ledger, cpu_seconds, gigabytes
from fq_platform_tests.soak.saved import Saved, save, saved_in
from fq_platform_tests.soak.story import BACK, OUTAGE, story
from fq_platform_tests.soak.verdict import source_differences, table_differences
from fq_platform_tests.soak.world import START, World, world

PAUSE = dt.timedelta(hours=3)
"""How far apart the daemons' turns are while nothing happens."""


def main() -> int:
    """Run a soak.

    Returns:
        The exit status.
    """
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--days", type=int, default=60)
    arguments.add_argument("--folder", type=Path, help="where everything is kept, to go on with later")
    given = arguments.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("w") as log:
        os.dup2(log.fileno(), 2)  # what daemons, runs and the JVM say
    saved = saved_in(folder)
    with world(folder, given.days, saved) as made:
        report = soak(made, given.days, folder, saved)
        if report is None:
            return 2
        report["gigabytes"] = round(gigabytes(folder), 3)
    text = json.dumps(report, indent=1, default=str)
    (folder / "report.json").write_text(text)
    print(text)  # noqa: T201 - it is what this program is for
    return 0 if report["passed"] else 1


def soak(made: World, days: int, folder: Path, saved: Saved | None) -> dict[str, Any] | None:
    """Let the story happen, or the rest of it, and say how it went; None if it was stopped."""
    started = time.monotonic()
    ledger = saved.ledger if saved else _first_load(made)
    reachable = saved.reachable if saved else True
    for moment in story(days):
        if saved and moment[:2] <= saved.moment[:2]:
            continue
        _pass_time(made, START.replace(hour=0) + dt.timedelta(days=moment.day, hours=moment.hour))
        if reachable:
            ledger.step(made.driver, made.shop.touched)
            made.shop.go_on()
        for event in moment.events:
            reachable = {OUTAGE: False, BACK: True}.get(event, reachable)
            made.happens(event)
        made.driver.settle(quiet=2)
        if reachable:
            ledger.step(made.driver, made.shop.touched)
        ledger.cpu_by_day.append(round(made.cpu_before + cpu_seconds(), 1))
        say(made, f"{', '.join(moment.events) or 'business'}; {ledger} so far; {len(made.webhook.received)} alerts")
        if (folder / "stop").exists():  # runs have ended, so nothing is between lake and ledger
            save(made, moment, ledger, reachable, folder)
            (folder / "stop").unlink()
            return None
    _pass_time(made, START.replace(hour=22) + dt.timedelta(days=days - 1))
    made.driver.settle(quiet=2)
    return _report(made, ledger, wrong(made.webhook.received, story(days)), time.monotonic() - started)


def _first_load(made: World) -> Ledger:
    ledger = Ledger()
    made.shop.go_on()
    made.driver.advance(dt.timedelta(minutes=1))
    made.driver.settle(quiet=2)
    made.shop.touched.clear()
    ledger.first_load(made.driver)
    say(made, "the first load is done")
    return ledger


def _pass_time(made: World, until: dt.datetime) -> None:
    """Let the daemons have a turn now and then, and more of them while there is something to do."""
    while made.clock.now < until:
        before = len(made.driver.runs())
        made.driver.advance(min(PAUSE, until - made.clock.now))
        if len(made.driver.runs()) > before:
            made.driver.settle(quiet=2)


def _report(made: World, ledger: Ledger, alerts: list[str], seconds: float) -> dict[str, Any]:
    source, tables = source_differences(made), table_differences(made)
    return {
        "passed": not (source or tables or alerts or ledger.missing or ledger.superfluous or ledger.repeated),
        "source_differences": source,
        "table_differences": tables,
        "wrong_alerts": alerts,
        "missing_requests": ledger.missing,
        "superfluous_requests": ledger.superfluous,
        "partitions_compared_between_others": ledger.joined,
        "repeated_requests": ledger.repeated,
        "changes": made.shop.changes,
        "raw_partitions_touched": ledger.needed,
        "raw_partitions_requested": ledger.requested,
        "runs": dict(sorted(ledger.runs.items())),
        "partitions_made": dict(sorted(ledger.made.items())),
        "ticks": made.driver.turns,
        "alerts": [(str(when), body.get("title")) for when, body in made.webhook.received],
        "errors_of_daemons": len(made.driver.errors),
        "cpu_seconds": round(made.cpu_before + cpu_seconds(), 1),
        "cpu_seconds_so_far": ledger.cpu_by_day,
        "wall_seconds": round(seconds, 1),
    }


def say(made: World, what: str) -> None:
    """Tell how far it is."""
    print(f"{made.clock.now:%Y-%m-%d %H:%M} {what} ({made.cpu_before + cpu_seconds():.0f} CPU-s)", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
