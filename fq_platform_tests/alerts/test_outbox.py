"""Each alert reaches each sink once: also after an outage, and in a storm as a sum."""

from dataclasses import dataclass, field

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.alerts.delivery import Delivery
from fq_platform.alerts.outbox import BURST, MOST_WAITING, WINDOW_SECONDS, Outbox, Report
from fq_platform.alerts.sinks import Sink

NOW = 1_800_000_000.0
MAIL, CHAT = Sink("1 (mailto)", "mailto://x"), Sink("2 (slack)", "slack://x", frozenset({"error"}))


def failed(number: int, severity: Severity = Severity.ERROR) -> Alert:
    return Alert(Kind.CHECK_FAILED, severity, f"Check failed: {number}")


def passed(number: int) -> Alert:
    return Alert(Kind.CHECK_PASSED, Severity.ERROR, f"Passes again: {number}")


@dataclass
class Sinks:
    """What sinks were sent; those that are down take nothing."""

    taken: dict[str, list[str]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    def send(self, sink: Sink, alert: Alert, timeout: float) -> Delivery:
        if sink.name in self.down:
            return Delivery(False, "refused", 0)
        self.taken.setdefault(sink.name, []).append(alert.title)
        return Delivery(True, "", 0)

    def take(self, sink: Sink = MAIL) -> list[str]:
        return self.taken.pop(sink.name, [])


def deliver(outbox: Outbox, sinks: Sinks, *, after: float = 0, seconds: float = 5) -> tuple[Outbox, Report]:
    """Deliver and go on with what the cursor would have kept."""
    report = outbox.deliver([MAIL, CHAT], sinks.send, now=NOW + after, seconds=seconds)
    return Outbox.from_json(outbox.to_json()), report


def test_each_sink_gets_what_it_takes_and_nothing_twice() -> None:
    outbox, sinks = Outbox(), Sinks()

    assert outbox.post([failed(1), failed(2, Severity.WARNING)], [MAIL, CHAT]) == []
    outbox, report = deliver(outbox, sinks)
    outbox, again = deliver(outbox, sinks, after=60)

    assert sinks.take(MAIL) == ["Check failed: 1", "Check failed: 2"]
    assert sinks.take(CHAT) == ["Check failed: 1"]
    assert report == Report(delivered=3, failures={}, waiting=0)
    assert again == Report(delivered=0, failures={}, waiting=0)


def test_alert_that_no_sink_takes_is_said() -> None:
    assert Outbox().post([failed(1), failed(2, Severity.WARNING)], [CHAT]) == [failed(2, Severity.WARNING)]


def test_sink_that_is_down_gets_all_later_and_the_others_nothing_twice() -> None:
    outbox, sinks = Outbox(), Sinks(down={CHAT.name})
    outbox.post([failed(1), passed(1), failed(1)], [MAIL, CHAT])
    outbox, report = deliver(outbox, sinks)
    assert report == Report(delivered=3, failures={CHAT.name: "refused"}, waiting=3)

    sinks.down.clear()
    outbox.post([passed(1)], [MAIL, CHAT])
    outbox, report = deliver(outbox, sinks, after=7200)

    told = ["Check failed: 1", "Passes again: 1", "Check failed: 1", "Passes again: 1"]
    assert sinks.take(MAIL) == told
    assert sinks.take(CHAT) == told
    assert report == Report(delivered=5, failures={}, waiting=0)


def test_storm_is_one_message_and_what_follows_it_is_summed_up_when_the_quarter_of_an_hour_is_over() -> None:
    outbox, sinks = Outbox(), Sinks()
    outbox.post([failed(number) for number in range(300)], [MAIL])
    outbox, _ = deliver(outbox, sinks)
    assert sinks.take() == ["300 checks failed"]

    for number in range(20):
        outbox.post([failed(number)], [MAIL])
        outbox, report = deliver(outbox, sinks, after=30 + number)
    assert len(sinks.take()) == BURST - 1
    assert report.waiting == 20 - (BURST - 1)

    outbox, _ = deliver(outbox, sinks, after=WINDOW_SECONDS + 60)
    assert sinks.take() == ["16 checks failed"]


def test_storm_of_one_kind_holds_up_no_other() -> None:
    outbox, sinks = Outbox(), Sinks()
    outbox.post([failed(number) for number in range(300)], [MAIL])
    outbox.post([passed(1)], [MAIL])
    deliver(outbox, sinks)

    assert sinks.take() == ["300 checks failed", "Passes again: 1"]


def test_what_waits_for_days_stays_small_and_is_counted() -> None:
    outbox, sinks = Outbox(), Sinks(down={MAIL.name})
    for number in range(5 * MOST_WAITING):
        outbox.post([failed(number), passed(number)], [MAIL])
        outbox, _ = deliver(outbox, sinks, after=60 * number)
        assert len(outbox.waiting[MAIL.name]) <= MOST_WAITING

    sinks.down.clear()
    deliver(outbox, sinks, after=1e6)
    assert sinks.take() == [f"{5 * MOST_WAITING} checks failed", f"{5 * MOST_WAITING} checks pass again"]


def test_no_message_is_begun_when_the_time_is_up() -> None:
    outbox, sinks = Outbox(), Sinks()
    outbox.post([failed(1)], [MAIL])

    outbox, report = deliver(outbox, sinks, seconds=0)

    assert (sinks.take(), report.waiting) == ([], 1)


def test_what_waits_for_an_address_that_was_removed_is_dropped_and_counted() -> None:
    outbox = Outbox()
    outbox.post([failed(1)], [MAIL, CHAT])

    assert outbox.forget_other_than([CHAT]) == 1
    assert list(outbox.waiting) == [CHAT.name]
