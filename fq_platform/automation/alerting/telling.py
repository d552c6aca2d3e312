"""What the alert sensors share: a tick looks for news, and delivers these and what waits from earlier ticks.

Belongs here: the sensor around a look, and what it remembers in its cursor. Does not: what there is to look at.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import dagster as dg
from pydantic import SecretStr

from fq_platform.alerts.alert import Alert
from fq_platform.alerts.conditions import Conditions
from fq_platform.alerts.outbox import Outbox, Report
from fq_platform.alerts.sinks import VARIABLE, Sink, parse_sinks
from fq_platform.alerts.wording import presentable
from fq_platform.automation.alerting.directory import Directory
from fq_platform.automation.registry import sensor_status
from fq_platform.resources.failures import shown_to_users
from fq_platform.settings import Settings, get_settings

DELIVERY_SECONDS = 20
"""How long a tick may send, well below the minute after which Dagster gives a tick up: its cursor would be lost."""


@dataclass
class Memory:
    """What an alert sensor knows from one tick to the next.

    Args:
        conditions: What is wrong, and has been told.
        outbox: What has not been delivered.
        position: How far it has looked; each look has its own. Empty at the very first tick.
    """

    conditions: Conditions = field(default_factory=Conditions)
    outbox: Outbox = field(default_factory=Outbox)
    position: dict[str, Any] = field(default_factory=dict)

    def to_text(self) -> str:
        """It as a sensor's cursor."""
        kept = {
            "conditions": self.conditions.to_json(),
            "outbox": self.outbox.to_json(),
            "position": self.position,
        }
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str | None) -> "Memory":
        """The memory of a cursor; none if there is none.

        Raises:
            ValueError: It is not a cursor that `to_text` has made.
        """
        if not text:
            return cls()
        kept = json.loads(text)
        if not isinstance(kept, dict):
            raise ValueError("the cursor is no JSON object")
        return cls(
            Conditions.from_json(kept.get("conditions", {})),
            Outbox.from_json(kept.get("outbox", {})),
            kept.get("position", {}),
        )


Look = Callable[[dg.SensorEvaluationContext, Directory, Memory], Iterable[Alert]]
"""Finds what is new since the last tick, and notes in the memory how far it has looked."""


def alert_sensor(name: str, description: str, look: Look, *, every_seconds: int = 60) -> dg.SensorDefinition:
    """A sensor that requests nothing, but tells people.

    Args:
        name: Its name, as the registry has it.
        description: What it tells.
        look: Finds it.
        every_seconds: How often.

    Returns:
        The sensor.
    """

    @dg.sensor(
        name=name,
        description=f"{description} To the addresses of {VARIABLE}; it requests no run.",
        minimum_interval_seconds=every_seconds,
        default_status=sensor_status(name),
    )
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        settings = get_settings()
        with shown_to_users():
            sinks = parse_sinks(settings.alert_urls.get_secret_value()) if settings.alert_urls else []
        if not sinks:
            return dg.SkipReason(f"Nobody is told anything: {VARIABLE} is not set")
        memory = _remembered(context)
        secrets = _secrets(settings, sinks)
        found = [presentable(alert, secrets) for alert in look(context, Directory.of(context, settings.ui_url), memory)]
        said = _tell(context, memory.outbox, sinks, found)
        return dg.SensorResult(skip_reason=said, cursor=memory.to_text())

    return evaluate


def _remembered(context: dg.SensorEvaluationContext) -> Memory:
    """The memory of the last tick; if somebody has edited the cursor so that it is none, a new one."""
    try:
        return Memory.from_text(context.cursor)
    except ValueError:
        context.log.warning("The cursor is not one that this sensor has written: what it held is forgotten")
        return Memory()


def _tell(context: dg.SensorEvaluationContext, outbox: Outbox, sinks: list[Sink], found: list[Alert]) -> str:
    """Deliver what is new and what waits; returns what came of it, for the tick."""
    dropped = outbox.forget_other_than(sinks)
    if dropped:
        context.log.warning(f"{dropped} alerts waited for addresses that {VARIABLE} no longer has: dropped")
    for alert in outbox.post(found, sinks):
        context.log.warning(f"No address of {VARIABLE} takes: {alert.title}")
    for alert in found:
        context.log.info(alert.title)
    report = _deliver(outbox, sinks)
    for name, reason in report.failures.items():
        context.log.warning(f"Not delivered to {name}, will be tried again: {reason}")
    return _said(found, report)


def _deliver(outbox: Outbox, sinks: list[Sink]) -> Report:
    if not any(outbox.waiting.values()):
        return Report(0, {}, 0)
    from fq_platform.alerts.delivery import send

    return outbox.deliver(sinks, send, now=time.time(), seconds=DELIVERY_SECONDS)


def _said(found: list[Alert], report: Report) -> str:
    parts = [
        f"New: {'; '.join(alert.title for alert in found[:5])}{' …' if len(found) > 5 else ''}" if found else "",
        f"Messages delivered: {report.delivered}" if report.delivered else "",
        f"Alerts that wait: {report.waiting}" if report.waiting else "",
        *(f"{name} did not take a message: {reason}" for name, reason in report.failures.items()),
    ]
    return ". ".join(filter(None, parts)) or "Nothing new"


def _secrets(settings: Settings, sinks: list[Sink]) -> set[str]:
    """Everything secret that this process knows: no text of an exception shall carry it out."""
    values = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]
    addresses = [*(sink.url for sink in sinks), *(value for value in values if "://" in value)]
    passwords = [password for address in addresses if (password := urlsplit(address).password)]
    return {*values, *addresses, *passwords, *map(unquote, passwords)}
