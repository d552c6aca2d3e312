"""Alerts in words: the title and the text that a sink is sent.

Belongs here: their form, their length, and keeping secrets out of them. Does not: what happened.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from fq_platform.alerts.alert import Alert

LONGEST_TITLE = 200
LONGEST_PART = 1_500
"""Characters of what happened: the most that every chat takes in one message, with room for the rest."""
HIDDEN = "***"

_LOGIN = re.compile(r"(?<=://)[^/\s@]+@")
"""User and password in an address."""
_SHORTEST_SECRET = 4
"""A secret of fewer characters would be taken out of half of all words."""


def text_of(alert: Alert) -> str:
    """The text below the title.

    Args:
        alert: Any.

    Returns:
        Lines of plain text: what happened, the link, what to do; of a sum, the first of what it sums up.
    """
    rest = alert.count - len(alert.named)
    named = [*(f"- {title}" for title in alert.named), *([f"- and {rest:,} more"] if alert.named and rest else [])]
    parts = [
        alert.what,
        "\n".join(named),
        f"What to do: {alert.fix}." if alert.fix else "",
        f"{'For example' if alert.named else 'See'}: {alert.link}" if alert.link else "",
    ]
    return "\n".join(filter(None, parts)) or alert.title


def presentable(alert: Alert, secrets: Iterable[str]) -> Alert:
    """An alert whose texts are short enough to be sent and hold none of the secrets.

    Args:
        alert: Any; its texts may come from exceptions.
        secrets: Passwords, tokens and addresses that hold them.

    Returns:
        The same with these and the logins of addresses hidden, and what is too long cut.
    """
    known = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    return replace(
        alert,
        title=_cut(without_secrets(" ".join(alert.title.split()), known), LONGEST_TITLE),
        what=_cut(without_secrets(alert.what.strip(), known), LONGEST_PART),
        fix=_cut(without_secrets(alert.fix.strip().rstrip("."), known), LONGEST_PART),
    )


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """A text with the secrets and the logins of addresses hidden."""
    for secret in sorted(secrets, key=len, reverse=True):  # an address before the password within it
        text = text.replace(secret, HIDDEN)
    return _LOGIN.sub(f"{HIDDEN}@", text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 2].rstrip()} …"
