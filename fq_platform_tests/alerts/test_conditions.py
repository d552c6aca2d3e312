"""What is wrong is told when it begins, gets worse and ends, and not in between."""

from fq_platform.alerts.alert import Severity
from fq_platform.alerts.conditions import Change, Conditions, Turn

WARNING, ERROR = Severity.WARNING, Severity.ERROR


def test_beginning_change_and_end_are_told_once() -> None:
    conditions = Conditions()
    states = [None, WARNING, WARNING, ERROR, ERROR, None, None, ERROR]

    changes = [conditions.note("table", state) for state in states]

    assert changes == [
        None,
        Change(Turn.BEGAN, WARNING),
        None,
        Change(Turn.CHANGED, ERROR),
        None,
        Change(Turn.ENDED, ERROR),
        None,
        Change(Turn.BEGAN, ERROR),
    ]


def test_what_gets_better_but_not_well_goes_where_the_worst_went() -> None:
    conditions = Conditions()
    conditions.note("table", ERROR)

    assert conditions.note("table", WARNING) == Change(Turn.CHANGED, ERROR)
    assert conditions.note("table", None) == Change(Turn.ENDED, ERROR)


def test_conditions_are_the_same_after_json() -> None:
    conditions = Conditions()
    conditions.note("one", ERROR)
    conditions.note("one", WARNING)
    conditions.note("two", WARNING)

    assert Conditions.from_json(conditions.to_json()) == conditions
