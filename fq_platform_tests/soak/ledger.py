"""What runs cost and whether they were needed: what was requested beside what the shop touched, step by step."""

import datetime as dt
import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psutil

from fq_platform.automation.mongo_changes.blocks import blocks
from fq_platform_tests.fixtures.daemon import DaemonDriver, DrivenRun
from fq_platform_tests.soak.shop import Touched

SENSOR = "dagster/sensor_name"
SCHEDULE = "dagster/schedule_name"
RAW = "raw/ecommerce_db_"


@dataclass
class Ledger:
    """The figures of a soak."""

    runs: Counter[str] = field(default_factory=Counter)
    """By what asked for them, and whether they failed."""
    needed: int = 0
    requested: int = 0
    missing: list[str] = field(default_factory=list)
    superfluous: list[str] = field(default_factory=list)
    joined: int = 0
    """Days that nobody touched, compared because they lie between others."""
    repeated: list[str] = field(default_factory=list)
    cpu_by_day: list[float] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        wrong = f"{len(self.missing)} missing, {len(self.superfluous)} superfluous, {len(self.repeated)} repeated"
        return f"{self.runs.total()} runs, {self.needed} raw partitions touched, requests: {wrong}"

    def first_load(self, driver: DaemonDriver) -> None:
        """Count the runs so far as the first load, in which everything is requested."""
        for run in self._new(driver):
            self.runs[f"first load: {run.status.value.lower()}"] += 1

    def step(self, driver: DaemonDriver, touched: Touched) -> None:
        """Compare the sensor's requests since the last step with what was touched, and forget what was touched."""
        asked: Counter[tuple[str, str | None]] = Counter()
        for run in self._new(driver):
            who = (
                run.tags.get(SENSOR) or run.tags.get(SCHEDULE) or ("cascade" if "dagster/backfill" in run.tags else "?")
            )
            retry = " (retry)" if "dagster/parent_run_id" in run.tags else ""
            self.runs[f"{who}: {run.status.value.lower()}{retry}"] += 1
            for asset, partition in driver.materialised(run):
                self.made[asset] += 1
                if who == "mongo_changes" and _is_asked_for(run, partition):  # it also compares where documents were
                    asked[asset.removeprefix(RAW), partition] += 1
        wanted = {(name, str(day) if day else None) for name, day in touched}
        self.needed += len(wanted)
        self.requested += asked.total()
        moment = f"{driver.now:%d %b %H:%M}"
        self.missing += [f"{moment} {name} {day}" for name, day in sorted(wanted - set(asked), key=str)]
        # Of many scattered days the sensor joins near ones, those between included: that is its bargain, not a fault.
        covered = {
            (name, str(day) if day else None) for part in blocks(touched, longest=0) for name, day in part.units()
        }
        self.joined += len(covered & set(asked) - wanted)
        self.superfluous += [f"{moment} {name} {day}" for name, day in sorted(set(asked) - wanted - covered, key=str)]
        self.repeated += [f"{moment} {name} {day} {count}x" for (name, day), count in asked.items() if count > 1]
        touched.clear()

    def _new(self, driver: DaemonDriver) -> list[DrivenRun]:
        new = [run for run in driver.runs() if run.id not in self._seen]
        self._seen |= {run.id for run in new}
        return new


def _is_asked_for(run: DrivenRun, partition: str | None) -> bool:
    return partition is None or (run.first or "") <= partition <= (run.last or "")


def cpu_seconds() -> float:
    """What this process and its children have used so far, the JVM and MongoDB among them."""
    now = time.process_time()
    for child in psutil.Process().children(recursive=True):
        try:
            used = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        now += used.user + used.system
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return now + ended.ru_utime + ended.ru_stime


def gigabytes(folder: Any) -> float:
    """What a folder holds."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**30


def days_since(start: dt.datetime, now: dt.datetime) -> int:
    """Whole days between two moments."""
    return (now - start).days
