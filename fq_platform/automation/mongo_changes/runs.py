"""How runs stand with the collections that they compare, as Dagster's instance tells it.

Belongs here: asking the instance. Does not: what follows from the answers (`requests.py`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES

from fq_platform.automation.partitions import RANGE_END, RANGE_START

_PARTITION = "dagster/partition"
_WILL_RETRY = "dagster/will_retry"
_WAITING = frozenset({dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED})
_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_SUCCESS = dg.DagsterEventType.STEP_SUCCESS
_OVER = frozenset({_SUCCESS, dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_SKIPPED})
_STEP_EVENTS = {*_OVER, dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_UP_FOR_RETRY}
_NEVER_LAUNCHED = dt.timedelta(minutes=10)
"""A run that was made but not put into the queue for so long never will be: what should have done it was killed."""
_RETRY_COMES = dt.timedelta(minutes=10)
"""How long the run that takes up a failed one may take to appear."""
_CLOCKS = dt.timedelta(minutes=1)
"""How far the clocks of the instance's database and of runs may be from this one."""


class State(StrEnum):
    """How a request stands with one of its collections."""

    WAITING = "waiting"
    """It will be read: what has changed by now will be seen."""
    READING = "being read"
    """What has changed by now may be seen or not."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Reading:
    """A collection that a run reads, or has read a moment ago.

    Args:
        run: The run's id.
        collection: The collection.
        first: The first of the days that it reads; None if it reads all.
        last: The last one, inclusive.
        now: Whether it reads still.
    """

    run: str
    collection: str
    first: dt.date | None
    last: dt.date | None
    now: bool

    def covers(self, collection: str, day: dt.date | None) -> bool:
        """Whether it is this unit that is read."""
        if collection != self.collection:
            return False
        return day is None or self.first is None or self.last is None or self.first <= day <= self.last


@dataclass(frozen=True)
class _Step:
    """The last that a run said of a step."""

    said: dg.DagsterEventType
    at: dt.datetime


@dataclass
class Runs:
    """The instance's runs; the events of each are asked for once.

    Args:
        instance: Dagster's instance.
        steps: Collection to the key of the step that compares it.
    """

    instance: dg.DagsterInstance
    steps: Mapping[str, str]
    _told: dict[str, Mapping[str, _Step]] = field(default_factory=dict)

    def tagged(self, tag: str, value: str) -> Sequence[dg.RunRecord]:
        """The runs with a tag, and those that took them up again, which carry it too; oldest first."""
        return self.instance.get_run_records(dg.RunsFilter(tags={tag: value}), ascending=True)

    def states(self, collections: Iterable[str], records: Sequence[dg.RunRecord]) -> Mapping[str, State]:
        """How a request stands.

        Args:
            collections: The request's.
            records: Its runs, oldest first.

        Returns:
            Collection to state. Without any run it has failed: they were deleted, or somebody stopped the sensor.
        """
        return {name: self._state(self.steps[name], records) for name in collections}

    def _state(self, step: str, records: Sequence[dg.RunRecord]) -> State:
        seen = {self._of_run(record, step) for record in records}
        for state in (State.READING, State.DONE, State.WAITING):
            if state in seen:
                return state
        under_way = any(record.dagster_run.status in _UNDER_WAY for record in records)
        return State.WAITING if under_way or (records and _retry_comes(records[-1])) else State.FAILED

    def _of_run(self, record: dg.RunRecord, step: str) -> State:
        """How one run stands with one step."""
        run = record.dagster_run
        told = None if run.status in _WAITING else self._steps(run.run_id).get(step)
        if told is not None and told.said is _SUCCESS:
            return State.DONE
        if run.status in FINISHED_STATUSES or (told is not None and told.said in _OVER):
            return State.FAILED
        if run.step_keys_to_execute is not None and step not in run.step_keys_to_execute:
            return State.FAILED
        if run.status is dg.DagsterRunStatus.NOT_STARTED and _age(record.create_timestamp) > _NEVER_LAUNCHED:
            return State.FAILED
        return State.WAITING if told is None else State.READING

    def reading(self, since: dt.datetime) -> Sequence[Reading]:
        """What runs of any kind read now, and what they may have read since some moment (aware of its zone)."""
        over = dg.RunsFilter(statuses=list(FINISHED_STATUSES), updated_after=since - _CLOCKS)
        under_way = dg.RunsFilter(statuses=_UNDER_WAY)
        found = []
        for record in [*self.instance.get_run_records(under_way), *self.instance.get_run_records(over)]:
            run = record.dagster_run
            for name, step in self.steps.items():
                told = self._steps(run.run_id).get(step)
                if told is None:
                    continue
                now = run.status not in FINISHED_STATUSES and told.said not in _OVER
                if now or told.at >= since - _CLOCKS:
                    found.append(Reading(run.run_id, name, *_days(run), now=now))
        return found

    def is_reading(self, run_id: str, collection: str) -> bool:
        """Whether a run still reads a collection; one that is gone does not."""
        record = self.instance.get_run_record_by_id(run_id)
        return record is not None and self._of_run(record, self.steps[collection]) is State.READING

    def made(self, run_ids: Iterable[str], collection: str) -> set[dt.date]:
        """The days of a collection that runs have compared, be it that they were asked to or not."""
        kind = dg.DagsterEventType.ASSET_MATERIALIZATION
        found = set()
        for run_id in run_ids:
            for record in self.instance.get_records_for_run(run_id, of_type=kind).records:
                entry = record.event_log_entry
                event = entry.dagster_event
                if entry.step_key == self.steps[collection] and event is not None and event.partition:
                    found.add(dt.date.fromisoformat(event.partition))
        return found

    def _steps(self, run_id: str) -> Mapping[str, _Step]:
        if run_id not in self._told:
            events = self.instance.get_records_for_run(run_id, of_type=_STEP_EVENTS).records
            self._told[run_id] = {
                entry.step_key: _Step(entry.dagster_event_type, dt.datetime.fromtimestamp(entry.timestamp, dt.UTC))
                for entry in (event.event_log_entry for event in events)
                if entry.step_key and entry.dagster_event_type
            }
        return self._told[run_id]


def _days(run: dg.DagsterRun) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day that a run is asked for; None if it is asked for none."""
    first = run.tags.get(RANGE_START, run.tags.get(_PARTITION))
    last = run.tags.get(RANGE_END, run.tags.get(_PARTITION))
    return dt.date.fromisoformat(first) if first else None, dt.date.fromisoformat(last) if last else None


def _retry_comes(record: dg.RunRecord) -> bool:
    """Whether a failed run will be taken up by another one that is not there yet."""
    run = record.dagster_run
    failed = run.status is dg.DagsterRunStatus.FAILURE and run.tags.get(_WILL_RETRY) == "true"
    ended = dt.datetime.fromtimestamp(record.end_time, dt.UTC) if record.end_time else record.update_timestamp
    return failed and _age(ended) < _RETRY_COMES


def _age(moment: dt.datetime) -> dt.timedelta:
    return dt.datetime.now(dt.UTC) - (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
