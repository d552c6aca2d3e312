"""The outbox: what each sink has yet to be told, so that each alert reaches each sink once, also after an outage.

Belongs here: waiting, summing up, trying again. Does not: who is told what (`sinks.py`), or sending (`delivery.py`).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fq_platform.alerts.alert import Alert, Kind, summed_up
from fq_platform.alerts.sinks import Sink

if TYPE_CHECKING:
    from fq_platform.alerts.delivery import Delivery

BURST = 5
"""Messages of one kind that a sink is sent one by one within a window; what comes beyond is summed up."""
WINDOW_SECONDS = 900
MOST_WAITING = 100
"""Alerts that wait for one sink before those of a kind are kept as their sum only."""
TRY_SECONDS = 10
"""How long one message may take."""

Send = Callable[[Sink, Alert, float], "Delivery"]


@dataclass(frozen=True)
class Report:
    """What came of delivering.

    Args:
        delivered: How many messages were taken.
        failures: Sink to why it did not take a message.
        waiting: How many alerts wait, for any sink.
    """

    delivered: int
    failures: Mapping[str, str]
    waiting: int


@dataclass
class Outbox:
    """Alerts that wait, and when the sinks were last sent some; JSON keeps it between ticks.

    Args:
        waiting: Sink to the alerts that it has yet to take, the oldest first.
        sent: Sink to kind to the moments (seconds since 1970) of its last messages of that kind.
    """

    waiting: dict[str, list[Alert]] = field(default_factory=dict)
    sent: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """It as JSON's types; `from_json` makes it again."""
        waiting = {sink: [alert.to_json() for alert in alerts] for sink, alerts in self.waiting.items() if alerts}
        sent = {
            sink: {kind: moments for kind, moments in kinds.items() if moments} for sink, kinds in self.sent.items()
        }
        return {"waiting": waiting, "sent": {sink: kinds for sink, kinds in sent.items() if kinds}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Outbox":
        """The outbox of `to_json`; what is missing is empty."""
        return cls(
            {sink: [Alert.from_json(alert) for alert in alerts] for sink, alerts in value.get("waiting", {}).items()},
            {sink: dict(kinds) for sink, kinds in value.get("sent", {}).items()},
        )

    def post(self, alerts: Iterable[Alert], sinks: Sequence[Sink]) -> list[Alert]:
        """Let alerts wait for the sinks that take them.

        Args:
            alerts: New ones.
            sinks: All that there are.

        Returns:
            The alerts that no sink takes.
        """
        untaken = []
        for alert in alerts:
            takers = [sink.name for sink in sinks if sink.takes(alert)]
            for name in takers:
                self.waiting.setdefault(name, []).append(alert)
            if not takers:
                untaken.append(alert)
        for name, kept in self.waiting.items():
            if len(kept) > MOST_WAITING:
                self.waiting[name] = [summed_up(same) for same in _by_kind(kept).values()]
        return untaken

    def forget_other_than(self, sinks: Sequence[Sink]) -> int:
        """Drop what waits for sinks that are no longer configured; returns how many alerts that were."""
        gone = self.waiting.keys() - {sink.name for sink in sinks}
        dropped = sum(len(self.waiting.pop(name)) for name in gone)
        for name in self.sent.keys() - {sink.name for sink in sinks}:
            del self.sent[name]
        return dropped

    def deliver(self, sinks: Sequence[Sink], send: Send, *, now: float, seconds: float) -> Report:
        """Send what is due, to all sinks at the same time, and remember what they took.

        A sink that does not take a message is not tried again this time; what it has not taken goes on waiting.

        Args:
            sinks: All that there are.
            send: As `delivery.send`.
            now: The moment (seconds since 1970) that windows are counted by.
            seconds: No message is begun after as many.

        Returns:
            What came of it.
        """
        until = time.monotonic() + seconds
        busy = [sink for sink in sinks if self.waiting.get(sink.name)]
        outcomes: dict[str, tuple[int, str]] = {}
        if busy:
            with ThreadPoolExecutor(len(busy), "alerts") as pool:
                found = pool.map(lambda sink: self._deliver_to(sink, send, now, until), busy)
                outcomes = dict(zip((sink.name for sink in busy), found, strict=True))
        return Report(
            delivered=sum(number for number, _ in outcomes.values()),
            failures={name: reason for name, (_, reason) in outcomes.items() if reason},
            waiting=sum(alert.count for alerts in self.waiting.values() for alert in alerts),
        )

    def _deliver_to(self, sink: Sink, send: Send, now: float, until: float) -> tuple[int, str]:
        """Send one sink what is due; returns how many messages it took, and why not the next."""
        delivered = 0
        for message, alerts in self._due(sink.name, now):
            left = until - time.monotonic()
            if left <= 0:
                break
            outcome = send(sink, message, min(left, TRY_SECONDS))
            if not outcome.delivered:
                return delivered, outcome.reason
            taken = {id(alert) for alert in alerts}
            self.waiting[sink.name] = [alert for alert in self.waiting[sink.name] if id(alert) not in taken]
            self.sent.setdefault(sink.name, {}).setdefault(message.kind, []).append(now)
            delivered += 1
        return delivered, ""

    def _due(self, name: str, now: float) -> list[tuple[Alert, Sequence[Alert]]]:
        """Messages, each with the alerts that it tells of; kinds of which a sink has had its fill go on waiting."""
        messages: list[tuple[Alert, Sequence[Alert]]] = []
        for kind, alerts in _by_kind(self.waiting[name]).items():
            recent = [moment for moment in self.sent.get(name, {}).get(kind, []) if moment > now - WINDOW_SECONDS]
            if name in self.sent:
                self.sent[name][kind] = recent
            room = BURST - len(recent)
            if len(alerts) <= room:
                messages += [(alert, [alert]) for alert in alerts]
            elif room > 0:
                messages.append((summed_up(alerts), alerts))
        # In the order in which things happened: a failure after a recovery must not be read before it.
        place = {id(alert): number for number, alert in enumerate(self.waiting[name])}
        return sorted(messages, key=lambda message: place[id(message[1][-1])])


def _by_kind(alerts: Iterable[Alert]) -> dict[Kind, list[Alert]]:
    kinds: defaultdict[Kind, list[Alert]] = defaultdict(list)
    for alert in alerts:
        kinds[alert.kind].append(alert)
    return kinds
