"""A run reads what changed since the last one, and nothing is believed read that was not."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fq_platform.lakehouse.positions import WHOLE, Claim, Position, claims, days_in, property_name, spans
from fq_platform_tests.lakehouse.imagined import DAYS, IGNORED, MADE, RAW, Run, Tables

D1, D2, D3, D4, D5 = DAYS


@pytest.fixture
def tables() -> Tables:
    """Tables of five days that were made once."""
    tables = Tables()
    tables.append(*((day, "a") for day in DAYS))
    tables.run(*DAYS)
    assert tables.made.holds == tables.rebuilt
    return tables


def test_everything_is_read_at_first_and_nothing_again() -> None:
    tables = Tables()
    tables.append((D1, "a"))
    assert tables.run(*DAYS).read == tables.days
    assert tables.run(*DAYS).read == frozenset()


def test_table_that_was_never_written_to_is_read_and_nothing_is_recorded() -> None:
    tables = Tables()
    planned = tables.plan(*DAYS)
    assert (planned.read, planned.position, planned.advances) == (tables.days, None, False)


def test_only_changed_windows_are_read(tables: Tables) -> None:
    tables.append((D2, "a"), (D4, "b"))
    assert tables.run(*DAYS).read == {D2, D4}


def test_windows_that_were_not_asked_for_stay_to_be_read(tables: Tables) -> None:
    tables.append((D2, "a"), (D4, "b"))
    assert tables.run(D1, D2).read == {D2}
    tables.append((D5, "a"))
    assert tables.run(D1, D2, D3).read == frozenset()
    assert tables.run(*DAYS).read == {D4, D5}


def test_compaction_of_either_table_changes_nothing(tables: Tables) -> None:
    tables.raw.compact()
    tables.made.compact()
    tables.append((D2, "a"))
    tables.raw.compact()
    assert tables.run(*DAYS).read == {D2}
    tables.made.compact()
    assert tables.run(*DAYS).read == frozenset()


def test_compaction_during_a_run_changes_nothing(tables: Tables) -> None:
    tables.append((D2, "a"))
    run = Run(tables, tables.days)
    tables.made.compact()
    run.finish()
    assert tables.run(*DAYS).read == frozenset()


def test_rows_deleted_by_hand_are_a_change(tables: Tables) -> None:
    tables.delete_by_hand(D3)
    assert tables.run(*DAYS).read == {D3}
    assert D3 not in tables.made.holds


def test_change_that_makes_no_difference_is_read_once_and_commits_nothing(tables: Tables) -> None:
    tables.append((D2, IGNORED))
    before = tables.made.line
    assert tables.run(*DAYS).read == {D2}
    assert tables.run(*DAYS).read == frozenset()
    assert tables.made.line == before


def test_position_follows_the_raw_table_also_where_nothing_changed_for_snapshots_expire(tables: Tables) -> None:
    tables.raw.compact()
    tables.run(*DAYS)
    tables.raw.expire(1)
    assert tables.run(*DAYS).read == frozenset()
    assert not tables.plan(*DAYS).advances


@pytest.mark.parametrize("kept", [1, 2])
def test_everything_is_read_again_once_the_snapshots_read_or_after_it_expired(tables: Tables, kept: int) -> None:
    tables.append((D2, "a"))
    tables.append((D3, "a"))
    tables.raw.expire(kept)
    assert tables.run(*DAYS).read == tables.days


def test_everything_is_read_again_after_the_raw_table_was_rolled_back(tables: Tables) -> None:
    tables.append((D2, "a"))
    tables.run(*DAYS)
    tables.raw.roll_back(1)
    assert tables.run(*DAYS).read == tables.days
    assert tables.made.holds == tables.rebuilt


def test_table_that_was_rolled_back_is_made_again_from_where_it_stood(tables: Tables) -> None:
    tables.append((D2, "a"))
    tables.run(*DAYS)
    tables.append((D3, "a"))
    tables.run(*DAYS)
    tables.made.roll_back(2)
    assert tables.run(*DAYS).read == {D2, D3}
    assert tables.made.holds == tables.rebuilt


def test_other_code_reads_everything_again(tables: Tables) -> None:
    assert tables.run(D1, D2, code="code 2").read == {D1, D2}
    assert tables.run(*DAYS, code="code 2").read == {D3, D4, D5}
    assert tables.run(*DAYS).read == tables.days


def test_reading_afresh_reads_all_that_is_asked_for(tables: Tables) -> None:
    assert tables.plan(D1, D2, afresh=True).read == {D1, D2}


def test_table_that_somebody_else_wrote_to_is_made_again(tables: Tables) -> None:
    tables.write_by_hand(D3)
    assert tables.run(*DAYS).read == tables.days
    assert tables.made.holds == tables.rebuilt


def test_runs_at_once_keep_what_each_of_them_read(tables: Tables) -> None:
    tables.append((D2, "a"), (D4, "b"))
    one, two = Run(tables, frozenset({D1, D2})), Run(tables, frozenset({D3, D4}))
    one.finish()
    two.finish()
    assert tables.run(*DAYS).read == frozenset()


def test_old_run_that_ends_late_is_not_believed_of_windows_changed_since(tables: Tables) -> None:
    tables.append((D2, "old"))
    late = Run(tables, frozenset({D2}))
    tables.append((D2, "new"), (D3, "new"))
    tables.run(*DAYS)
    late.finish()
    assert "new" not in tables.made.holds[D2]
    assert tables.run(*DAYS).read == {D2}
    assert tables.made.holds == tables.rebuilt


def test_what_was_noted_counts_no_longer_once_others_wrote(tables: Tables) -> None:
    tables.append((D2, "old"))
    late = Run(tables, frozenset({D2}))
    tables.append((D2, "new"))
    tables.run(*DAYS)
    tables.append((D1, IGNORED))
    assert tables.run(*DAYS).read == {D1}
    assert tables.run(*DAYS).read == frozenset()
    late.finish()
    assert tables.run(*DAYS).read == {D1, D2}
    assert tables.made.holds == tables.rebuilt


def test_table_without_days_reads_what_was_appended() -> None:
    tables = Tables(dated=False)
    tables.append((None, "a"), (None, "b"))
    assert tables.run(None).since is None
    read_up_to = tables.raw.line[0]
    tables.append((None, "a"))
    tables.raw.compact()
    tables.append((None, "c"))
    planned = tables.run(None)
    assert (planned.read, planned.since) == (WHOLE, read_up_to)
    assert tables.made.holds == tables.rebuilt
    assert tables.run(None).read == frozenset()


def test_table_without_days_is_read_whole_after_a_deletion_by_hand() -> None:
    tables = Tables(dated=False)
    tables.append((None, "a"), (None, "b"))
    tables.run(None)
    tables.delete_by_hand(None)
    assert (tables.plan(None).read, tables.plan(None).since) == (WHOLE, None)


def test_merges_at_once_are_followed_by_a_complete_reading() -> None:
    tables = Tables(dated=False)
    tables.append((None, "a"), (None, "b"))
    tables.run(None)
    tables.append((None, "a"))
    late = Run(tables, WHOLE)
    tables.append((None, "a"))
    tables.run(None)
    late.finish()
    assert tables.made.holds != tables.rebuilt
    assert tables.run(None).since is None
    assert tables.made.holds == tables.rebuilt


_WINDOWS = st.frozensets(st.integers(0, 4), min_size=1)
_STEPS = st.one_of(
    st.tuples(st.sampled_from(["append", "append", "append ignored"]), _WINDOWS),
    st.tuples(st.just("start"), _WINDOWS),
    st.tuples(st.just("start"), _WINDOWS),
    st.tuples(st.sampled_from(["compare", "finish", "finish", "finish", "crash"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["raw roll back", "made roll back"]), st.integers(1, 2)),
    st.tuples(st.sampled_from(["raw expire", "made expire"]), st.integers(1, 3)),
    st.tuples(st.sampled_from(["raw compact", "made compact", "tombstones", "delete", "by hand"]), st.integers(0, 4)),
    st.tuples(st.just("other code"), _WINDOWS),
)


class _History:
    """Applies steps to tables, with any number of runs under way."""

    def __init__(self, *, dated: bool) -> None:
        self.tables = Tables(dated=dated)
        self.runs: list[Run] = []

    def apply(self, step: str, value: Any) -> None:
        days = self._days(value) if isinstance(value, frozenset) else frozenset()
        some = self._days(frozenset({value})) if isinstance(value, int) else frozenset()
        made, raw = self.tables.made, self.tables.raw
        steps: dict[str, Callable[[], object]] = {
            "append": lambda: self.tables.append(
                *((day, f"document {n}") for n, day in enumerate(sorted(days, key=str)))
            ),
            "append ignored": lambda: self.tables.append(*((day, IGNORED) for day in days)),
            "start": lambda: self.runs.append(Run(self.tables, days)),
            "other code": lambda: Run(self.tables, days, "code 2").finish(),
            "compare": lambda: self._a_run(value, Run.compare),
            "finish": lambda: self._a_run(value, Run.finish, ends=True),
            "crash": lambda: self._a_run(value, lambda run: None, ends=True),
            "raw roll back": lambda: raw.roll_back(value),
            "made roll back": lambda: self._roll_back(value),
            "raw expire": lambda: raw.expire(value),
            "made expire": lambda: made.expire(value),
            "raw compact": raw.compact,
            "made compact": made.compact,
            "tombstones": lambda: self.tables.append_tombstones(*some),
            "delete": lambda: self.tables.delete_by_hand(*some),
            "by hand": lambda: self.tables.write_by_hand(*some),
        }
        steps[step]()

    def _days(self, numbers: frozenset[int]) -> frozenset[dt.date | None]:
        return frozenset(DAYS[number] for number in numbers) if self.tables.dated else WHOLE

    def _roll_back(self, steps: int) -> None:
        # A rollback between a run's comparison and its record of it, to the very snapshot that it was based on, would
        # deceive it; people do not roll back a table within that second.
        self.runs = []
        self.tables.made.roll_back(steps)

    def _a_run(self, number: int, do: Callable[[Run], object], *, ends: bool = False) -> None:
        if number < len(self.runs):
            do(self.runs[number])
            if ends:
                del self.runs[number]


@pytest.mark.parametrize("dated", [True, False])
@settings(max_examples=400)
@given(steps=st.lists(_STEPS, max_size=25))
def test_whatever_happened_the_next_run_over_everything_equals_a_rebuild(dated: bool, steps: list[Any]) -> None:
    history = _History(dated=dated)
    tables = history.tables
    for step in steps:
        history.apply(*step)
        would = tables.plan(*tables.days)
        assert tables.made_of(would)(tables.made.holds) == tables.rebuilt, f"not read, but believed: after {step}"
    tables.run(*tables.days)
    assert tables.made.holds == tables.rebuilt


@given(st.frozensets(st.dates(dt.date(2026, 1, 1), dt.date(2026, 3, 1)) | st.none()))
def test_days_are_written_briefly_and_read_back(days: frozenset[dt.date | None]) -> None:
    assert days_in(spans(days)) == days


def test_a_year_is_one_span() -> None:
    year = frozenset(dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(365))
    assert spans(year) == ["2026-01-01...2026-12-31"]
    assert spans(year - {dt.date(2026, 5, 1)}) == ["2026-01-01...2026-04-30", "2026-05-02...2026-12-31"]


@pytest.mark.parametrize("text", ["", "{}", "null", '{"snapshot":"x"}', '{"snapshot":"1","windows":["no day"]}'])
def test_property_of_another_hand_is_no_position(text: str) -> None:
    assert Position.from_json(text) is None


def test_position_survives_its_property() -> None:
    position = Position(2**62, frozenset({D1, None}), frozenset({D1}), 3, "code", whole=False)
    assert Position.from_json(position.to_json()) == position


def test_claims_of_one_raw_table_are_not_those_of_another(tables: Tables) -> None:
    assert property_name(RAW) == "fq.read.raw.app_orders"
    assert claims(tables.made, MADE, "code 1") == []  # type: ignore[arg-type]
    assert claims(tables.made, RAW, "code 1") == [Claim(tables.raw.line[0], tables.days)]  # type: ignore[arg-type]
