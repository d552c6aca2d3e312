"""Which alerts a story calls for, and whether each came, and came once.

An alert that came again is one too many, unless what it tells was over in between, or a day has passed.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from fq_platform_tests.soak.story import OUTAGE, Moment

Received = Sequence[tuple[dt.datetime, dict[str, Any]]]
INVOICES = "curated/ecommerce_db_invoices_silver"
RULE = "invoice_totals_add_up"
NIGHTS = 2
"""How many daily refreshes fall into an outage."""
OVER = {
    "Passes again": ("Check", "Blocking", "Days", "Waits"),
    "Fresh again": ("Late", "Too old"),
    "Works again": ("Fails",),
}
"""What a recovery begins with, to the first words of what it ends."""
TOLD_AGAIN_AFTER = dt.timedelta(days=1)


def called_for(story: Iterable[Moment]) -> dict[tuple[str, str], int]:
    """How often an alert must come whose title begins so and whose message has these words."""
    events = [event for moment in story for event in moment.events]
    outages, broken = events.count(OUTAGE), events.count("mend_invoice")
    return {
        (f"Blocking check failed: {INVOICES}, {RULE}", ""): broken,
        (f"Passes again: {INVOICES}, {RULE}", ""): broken,
        # A field that few orders have, such as `notes`, may be new on any day: that is another alert.
        ("New columns: raw/ecommerce_db_orders", "added channel"): events.count("change_schema"),
        ("Fails: sensor mongo_changes", ""): outages,
        ("Works again: sensor mongo_changes", ""): outages,
        ("Run failed: daily_refresh", ""): NIGHTS * outages,
    }


def wrong(received: Received, story: Iterable[Moment]) -> list[str]:
    """What did not come as often as it should, and what came twice."""
    found = []
    for (title, words), times in called_for(story).items():
        came = sum(body["title"].startswith(title) and words in body["message"] for _, body in received)
        if came != times:
            found.append(f"{title} {words}: {came} instead of {times}")
    return [*found, *_twice(received)]


def _twice(received: Received) -> Iterable[str]:
    told: dict[tuple[str, str], dt.datetime] = {}
    for when, body in received:
        title, message = body["title"], body["message"]
        start, _, subject = title.partition(": ")
        if start in OVER:
            ended = [known for known in told if known[0].startswith(OVER[start]) and subject in known[0]]
            for known in ended:
                del told[known]
            continue
        last = told.get((title, message))
        if last is not None and when - last < TOLD_AGAIN_AFTER:
            yield f"twice: {title} ({last} and {when})"
        told[title, message] = when
