"""What a verification finds: differences between source and lake, all counted and the first of them listed.

Belongs here: the findings. Does not: finding them (`verify.py`), or printing (`commands/verify_report.py`).
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

LISTED = 1_000
"""How many findings of a collection are kept for the list; those beyond are counted only."""


class What(StrEnum):
    """The ways in which source and lake can differ."""

    MISSING_IN_LAKE = "missing in lake"
    MISSING_IN_SOURCE = "missing in source"
    VALUE = "differs"
    BYTES = "stored document differs"
    HASH = "content hash differs"
    UNREADABLE = "cannot be rebuilt"
    TWICE = "twice in lake"


@dataclass(frozen=True)
class Finding:
    """One difference.

    Args:
        day: The window; None for a collection without days.
        key: The document's `_id` as text.
        what: The kind of difference.
        path: Where in the document; empty where it concerns all of it.
        source: The source's value as extended JSON, shortened; `missing` where there is none.
        lake: The lake's, likewise; of a row that cannot be rebuilt, why not.
    """

    day: dt.date | None
    key: str
    what: What
    path: str = ""
    source: str = ""
    lake: str = ""


@dataclass
class Findings:
    """The outcome for one collection, also while it is being found.

    Args:
        collection: The collection's name.
        table: Its raw table's qualified name.
        days: The windows compared; a single None for a collection without days.
        windows_done: How many of them are compared.
        documents: Documents of the source that were compared.
        by_kind: The number of differences of each kind.
        by_day: The number of differences in each window that has any.
        listed: The first of them.
    """

    collection: str
    table: str
    days: list[dt.date | None]
    windows_done: int = 0
    documents: int = 0
    by_kind: Counter[What] = field(default_factory=Counter)
    by_day: Counter[dt.date | None] = field(default_factory=Counter)
    listed: list[Finding] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """How many differences there are."""
        return self.by_kind.total()

    def add(self, finding: Finding) -> None:
        """Take in one difference."""
        self.by_kind[finding.what] += 1
        self.by_day[finding.day] += 1
        if len(self.listed) < LISTED:
            self.listed.append(finding)
