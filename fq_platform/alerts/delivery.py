"""Sending one message to one sink, by apprise, within a given time.

Belongs here: the joint with apprise, and what came of it in words without secrets. Does not: what is sent when, or
again (`outbox.py`).
"""

import logging
import re
import time
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import apprise
from apprise.result import AppriseResult, AppriseResultStatus

from fq_platform.alerts.alert import Alert, Severity
from fq_platform.alerts.sinks import Sink
from fq_platform.alerts.wording import HIDDEN, text_of, without_secrets

# Its messages may quote addresses. What they say of a failure is in the result, where secrets are hidden.
_LOGGER = logging.getLogger("apprise")
_LOGGER.propagate = False
_LOGGER.addHandler(logging.NullHandler())

_NOWHERE = re.compile(rf""" to "?{re.escape(HIDDEN)}"?""")
"""What is left of an address whose parts were hidden: the sink's name says which one it is."""

_TYPES = {Severity.WARNING: apprise.NotifyType.WARNING, Severity.ERROR: apprise.NotifyType.FAILURE}
_ASSET = apprise.AppriseAsset(
    app_id="FQ Platform",
    app_desc="Alerts of FQ Platform",
    app_url="",
    image_url_mask="",  # no picture that a reader's mail program would fetch from elsewhere
    async_mode=True,
    secure_logging=True,
)


@dataclass(frozen=True)
class Delivery:
    """What came of sending a message.

    Args:
        delivered: Whether the sink has taken it.
        reason: Why not, in words; empty if it has.
        seconds: How long it took.
    """

    delivered: bool
    reason: str
    seconds: float


def send(sink: Sink, alert: Alert, timeout: float) -> Delivery:
    """Send an alert to a sink, whatever its routing says.

    Args:
        sink: Where to.
        alert: What about.
        timeout: Seconds after which it counts as not delivered.

    Returns:
        What came of it: a sink that is unknown, down or slow is an answer, not an exception.
    """
    began = time.monotonic()
    result = _notify(sink, alert, timeout)
    seconds = time.monotonic() - began
    if result is None:
        return Delivery(False, "apprise knows no such service, or the address lacks a part that it needs", seconds)
    if result.status is AppriseResultStatus.SUCCESS:
        return Delivery(True, "", seconds)
    if result.status is AppriseResultStatus.TIMEOUT:
        return Delivery(False, f"no answer within {round(timeout, 1):g} seconds", seconds)
    said = [" ".join(entry.message.split()) for entry in result.logs()]
    reason = without_secrets("; ".join(dict.fromkeys(said)), _secret_parts(sink.url))
    return Delivery(False, _NOWHERE.sub("", reason).rstrip(".") or "the sink refused it", seconds)


def _notify(sink: Sink, alert: Alert, timeout: float) -> AppriseResult | None:
    """Apprise's answer; None if it cannot make a service of the address."""
    service = apprise.Apprise.instantiate(sink.url, asset=_ASSET)
    if service is None:
        return None
    if "overflow" not in sink.url:
        # One message or none: of a message in two parts one could be lost, and the alert would be sent again.
        service.overflow_mode = apprise.OverflowMode.TRUNCATE
    services = apprise.Apprise(asset=_ASSET)
    services.add(service)
    return services.notify(
        title=alert.title,
        body=text_of(alert),
        notify_type=apprise.NotifyType.SUCCESS if alert.recovery else _TYPES[alert.severity],
        body_format=apprise.NotifyFormat.TEXT,
        timeout=timeout,
    )


def _secret_parts(url: str) -> list[str]:
    """The parts of an address that may be secret: all but its scheme and the words of common options."""
    parts = urlsplit(url)
    words = re.split(r"[/@:?&=,]", f"{parts.netloc}/{parts.path}/{parts.query}/{parts.fragment}")
    return [word for part in words for word in {part, unquote(part)} if len(word) >= 4]
