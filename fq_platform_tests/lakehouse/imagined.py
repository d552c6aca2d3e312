"""A raw table and a table made of it whose snapshots are Iceberg's and whose rows are numbers: thousands of histories
take seconds.

Belongs here: committing, and knowing what each snapshot holds. Does not: what is expected of those who read.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.typedef import Record

from fq_platform.lakehouse.day_spans import Days
from fq_platform.lakehouse.history import ancestors
from fq_platform.lakehouse.incremental import Plan, plan
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.positions import WHOLE, note, property_name

RAW = TableName(Layer.RAW, "app_orders", "app")
MADE = TableName(Layer.CURATED, "app_orders_silver", "app")
DAYS = [dt.date(2026, 1, day) for day in range(1, 6)]
CODE = "code 1"

Content = Mapping[dt.date | None, Mapping[str, int]]
"""Window to the documents in it, each with the number of its version."""

IGNORED = "ignored"
"""A document that the table made of the raw one leaves out: a change of it is read, and nothing is written."""

_EPOCH = dt.date(1970, 1, 1)


@dataclass
class Manifest:
    """A manifest of one commit, and the windows of its files."""

    added_snapshot_id: int
    windows: Days

    def fetch_manifest_entry(self, io: None, *, discard_deleted: bool) -> list[Any]:
        assert not discard_deleted
        return [_Entry(self.added_snapshot_id, _File(day)) for day in self.windows]


class _File:
    def __init__(self, day: dt.date | None) -> None:
        self.partition = Record() if day is None else Record((day - _EPOCH).days)


@dataclass
class _Entry:
    snapshot_id: int
    data_file: _File


class Commit(Snapshot):
    """A snapshot that lists its manifests without a file."""

    listed: tuple[Any, ...] = ()

    def manifests(self, io: Any) -> list[Any]:
        return list(self.listed)


@dataclass
class Metadata:
    """What is asked of a table's metadata."""

    snapshots: list[Commit] = field(default_factory=list)
    current_snapshot_id: int | None = None


class ImaginedTable:
    """Stands for a PyIceberg table."""

    def __init__(self) -> None:
        self.metadata = Metadata()
        self.properties: dict[str, str] = {}
        self.io = None
        self.content: dict[int, Content] = {}
        self._ids = itertools.count(1)

    @property
    def holds(self) -> Content:
        """What readers see."""
        head = self.metadata.current_snapshot_id
        return {} if head is None else self.content[head]

    @property
    def line(self) -> list[int]:
        """The snapshots that led to the current one, newest first."""
        return [snapshot.snapshot_id for snapshot in ancestors(self)]  # type: ignore[arg-type]

    def commit(
        self, operation: Operation, windows: Days, content: Content, summary: Mapping[str, str] | None = None
    ) -> None:
        """Commit on top of the current snapshot."""
        head = self.metadata.current_snapshot_id
        before = next((known for known in self.metadata.snapshots if known.snapshot_id == head), None)
        number = next(self._ids)
        new = Commit(
            snapshot_id=number,
            parent_snapshot_id=head,
            timestamp_ms=number,
            manifest_list="",
            summary=Summary(operation, **{"added-data-files": str(len(windows)), **(summary or {})}),
            listed=(*(before.listed if before else ()), Manifest(number, windows)),
        )
        self.metadata.snapshots.append(new)
        self.metadata.current_snapshot_id = number
        self.content[number] = content

    def compact(self) -> None:
        """Commit a snapshot of the same rows in other files."""
        if self.metadata.current_snapshot_id is not None:
            self.commit(Operation.REPLACE, frozenset(self.holds), self.holds)

    def roll_back(self, steps: int) -> None:
        """Make an ancestor of the current snapshot the current one, if there is one so far back."""
        line = self.line
        if steps < len(line):
            self.metadata.current_snapshot_id = line[steps]

    def expire(self, kept: int) -> None:
        """Expire all snapshots but the newest of the line."""
        keep = self.line[:kept]
        self.metadata.snapshots = [known for known in self.metadata.snapshots if known.snapshot_id in keep]

    def snapshot_by_id(self, number: int) -> Commit | None:
        return next((known for known in self.metadata.snapshots if known.snapshot_id == number), None)

    @contextmanager
    def transaction(self) -> Iterator["ImaginedTable"]:
        yield self

    def set_properties(self, properties: Mapping[str, str]) -> None:
        self.properties.update(properties)


class Run:
    """A run that reads the raw table, compares, and writes; others may commit between its steps.

    Args:
        tables: The tables.
        asked: The windows that it makes.
        code: Version of its code.
    """

    def __init__(self, tables: "Tables", asked: Days, code: str = CODE) -> None:
        self._tables = tables
        self.plan = tables.plan(*asked, code=code)
        self._new = tables.made_of(self.plan)
        self._differs: bool | None = None

    def compare(self) -> None:
        """Compare what was read with what stands there."""
        present = self._tables.made.holds
        self._differs = any(self._new(present).get(day) != present.get(day) for day in self.plan.read)

    def finish(self) -> None:
        """Commit what differs; record the position anyway."""
        if self._differs is None:
            self.compare()
        made, position = self._tables.made, self.plan.position
        if self._differs:
            summary = {property_name(RAW): position.to_json()} if position else {}
            new, merges = self._new(made.holds), self.plan.since is not None
            made.commit(Operation.OVERWRITE, self.plan.read, new, {} if merges else summary)
            if merges:  # SQL takes no properties: they follow in a snapshot without files
                made.commit(Operation.APPEND, frozenset(), new, summary)
        elif position and self.plan.advances:
            note(self._tables, MADE, RAW, position, compared=made.metadata.current_snapshot_id)  # type: ignore[arg-type]


def _transformed(content: Content) -> Content:
    kept = {
        day: {document: version for document, version in documents.items() if document != IGNORED}
        for day, documents in content.items()
    }
    return {day: documents for day, documents in kept.items() if documents}


@dataclass
class Tables:
    """The two tables.

    Args:
        dated: Whether they have days.
    """

    dated: bool = True
    raw: ImaginedTable = field(default_factory=ImaginedTable)
    made: ImaginedTable = field(default_factory=ImaginedTable)
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def days(self) -> Days:
        """All windows."""
        return frozenset(DAYS) if self.dated else WHOLE

    def load_table(self, identifier: tuple[str, ...]) -> ImaginedTable:
        """As a catalog does."""
        return self.made

    def append(self, *changes: tuple[dt.date | None, str]) -> None:
        """Append versions of documents to the raw table in one commit."""
        content = {day: dict(documents) for day, documents in self.raw.holds.items()}
        for day, document in changes:
            content.setdefault(day, {})[document] = next(self._versions)
        self.raw.commit(Operation.APPEND, frozenset(day for day, _ in changes), content)

    def append_tombstones(self, day: dt.date | None) -> None:
        """Append that all documents of a window were deleted."""
        content = {window: documents for window, documents in self.raw.holds.items() if window != day}
        self.raw.commit(Operation.APPEND, frozenset({day}), content)

    def delete_by_hand(self, day: dt.date | None) -> None:
        """Delete the rows of a window from the raw table, as a person may."""
        content = {window: documents for window, documents in self.raw.holds.items() if window != day}
        self.raw.commit(Operation.DELETE, frozenset({day}), content)

    def write_by_hand(self, day: dt.date | None) -> None:
        """Change a window of the table that is made of the raw one, as a person may."""
        content = {**self.made.holds, day: {"by hand": next(self._versions)}}
        self.made.commit(Operation.OVERWRITE, frozenset({day}), content)

    def plan(self, *asked: dt.date | None, code: str = CODE, afresh: bool = False) -> Plan:
        """What a run would read now."""
        return plan(self.raw, RAW, self.made, asked=frozenset(asked), code=code, afresh=afresh)  # type: ignore[arg-type]

    @property
    def rebuilt(self) -> Content:
        """What a rebuild would make of the raw table."""
        return _transformed(self.raw.holds)

    def made_of(self, planned: Plan) -> Any:
        """What a run makes: a function from what stands in the table to what it then holds."""
        then = self.rebuilt
        before = _transformed(self.raw.content[planned.since]) if planned.since is not None else {}

        def new(present: Content) -> Content:
            content = dict(present)
            for day in planned.read:
                content[day] = now = then.get(day, {})
                if planned.since is not None:
                    old = before.get(day, {})
                    same = {key for key in old.keys() | now.keys() if old.get(key) == now.get(key)}
                    stays = {key: version for key, version in present.get(day, {}).items() if key in same}
                    content[day] = {**stays, **{key: version for key, version in now.items() if key not in same}}
            return {day: documents for day, documents in content.items() if documents}

        return new

    def run(self, *asked: dt.date | None, code: str = CODE) -> Plan:
        """A run that nothing disturbs."""
        run = Run(self, frozenset(asked), code)
        run.finish()
        return run.plan
