"""The bookkeeping of the cascade: when a day is behind, and when it is asked for."""

import datetime as dt

from fq_platform.automation.behind import HOUR, Behind

MONDAY, TUESDAY, WEDNESDAY = (dt.date(2026, 3, day) for day in (2, 3, 4))


def behind(*days: dt.date, since: float = 100) -> Behind:
    found = Behind(seen=7)
    found.changed(days, since)
    return found


def test_day_is_due_from_when_its_upstream_changed_until_it_is_asked_for() -> None:
    found = behind(MONDAY, TUESDAY)
    assert found.due(now=100) == {MONDAY, TUESDAY}

    found.requested({MONDAY, WEDNESDAY}, at=110)
    assert found.due(now=111) == {TUESDAY}
    assert set(found.lags) == {MONDAY, TUESDAY}


def test_day_made_by_a_step_that_had_begun_before_the_change_is_still_behind() -> None:
    found = behind(MONDAY)
    found.made(MONDAY, begun=99)
    assert found.due(now=120) == {MONDAY}

    found.made(MONDAY, begun=100)
    assert found.due(now=120) == frozenset()


def test_change_after_a_request_is_due_at_once_and_an_older_one_is_no_news() -> None:
    found = behind(MONDAY, since=100)
    found.requested({MONDAY}, at=110)
    found.changed({MONDAY}, at=105)
    assert found.due(now=111) == frozenset()

    found.changed({MONDAY}, at=112)
    assert found.due(now=113) == {MONDAY}


def test_request_in_vain_is_repeated_after_waits_that_grow_up_to_a_day() -> None:
    found, at, waits = behind(MONDAY), 100.0, []
    for _ in range(7):
        found.requested({MONDAY}, at)
        wait = next(hours for hours in range(1, 30) if found.due(at + hours * HOUR))
        waits.append(wait)
        at += wait * HOUR
    assert waits == [1, 2, 4, 8, 16, 24, 24]


def test_cursor_holds_everything_and_alike_days_together() -> None:
    found = behind(MONDAY, TUESDAY, WEDNESDAY)
    found.requested({WEDNESDAY}, at=110)
    found.changed({None}, at=120)

    text = found.to_json()
    again = Behind.from_json(text)
    assert again is not None
    assert (again.seen, again.lags) == (found.seen, found.lags)
    assert '["2026-03-02...2026-03-03"]' in text
    assert Behind.from_json('{"behind": []}') is Behind.from_json("of an earlier version") is None
