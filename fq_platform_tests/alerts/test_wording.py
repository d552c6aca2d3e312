"""Alerts in words: short enough, in full sentences, and without secrets."""

from fq_platform.alerts.alert import Alert, Kind, Severity, summed_up
from fq_platform.alerts.wording import LONGEST_PART, LONGEST_TITLE, presentable, text_of


def run_failed(number: int = 1, severity: Severity = Severity.ERROR) -> Alert:
    return Alert(
        Kind.RUN_FAILED,
        severity,
        f"Run failed: daily_refresh, 2026-03-{number:02}",
        what="MongoDB cannot be reached",
        fix="Start it",
        link=f"http://ui/runs/{number}",
        owners=(f"team:{number % 2}",),
        layers=("raw",),
    )


def test_text_says_what_happened_what_to_do_and_where_to_look() -> None:
    assert text_of(run_failed()) == "MongoDB cannot be reached\nWhat to do: Start it.\nSee: http://ui/runs/1"


def test_many_alerts_are_counted_and_the_first_are_named() -> None:
    alerts = [run_failed(number) for number in range(1, 31)]

    once = summed_up(alerts)
    again = summed_up([once, run_failed(31, Severity.WARNING)])

    assert (once.title, once.count, once.severity) == ("30 runs failed", 30, Severity.ERROR)
    assert once.owners == ("team:0", "team:1")
    assert text_of(once).splitlines() == [
        *(f"- Run failed: daily_refresh, 2026-03-{number:02}" for number in range(1, 11)),
        "- and 20 more",
        "What to do: Look at the first: the others often have the same cause.",
        "For example: http://ui/runs/1",
    ]
    assert (again.title, again.count) == ("31 runs failed", 31)
    assert summed_up(alerts[:1]) is alerts[0]


def test_secrets_and_logins_are_hidden_wherever_they_stand() -> None:
    alert = Alert(
        Kind.RUN_FAILED,
        Severity.ERROR,
        "Run failed: pass-word-1",
        what="mongodb://fq:pass-word-1@db/x and postgresql://other:unknown@host/db and pass-word-1",
        fix="Ask https://hooks.example.org/AAAA",
    )

    shown = presentable(alert, ["pass-word-1", "https://hooks.example.org/AAAA", "x"])

    assert shown.title == "Run failed: ***"
    assert shown.what == "mongodb://***@db/x and postgresql://***@host/db and ***"
    assert shown.fix == "Ask ***"


def test_what_is_too_long_is_cut() -> None:
    shown = presentable(Alert(Kind.RUN_FAILED, Severity.ERROR, "t\n" * 500, what="w" * 9_000), [])

    assert LONGEST_TITLE - 2 <= len(shown.title) <= LONGEST_TITLE
    assert len(shown.what) == LONGEST_PART
    assert shown.title.startswith("t t t")
    assert shown.what.endswith(" …")


def test_alert_is_the_same_after_json() -> None:
    for alert in (run_failed(), summed_up([run_failed(1), run_failed(2)])):
        assert Alert.from_json(alert.to_json()) == alert
