"""What the sensor remembers between two ticks: its cursor.

Belongs here: the cursor's parts and its text. Does not: how they come about (the modules beside).
"""

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator

from fq_platform.automation.mongo_changes.blocks import Block, Ranges, Unit, from_ranges, to_ranges
from fq_platform.sources import Sources


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Task(_Part):
    """What a run shall compare, and how often in a row that has failed."""

    block: Block
    failures: int = 0


class Request(_Task):
    """A run that was asked for and has not been seen to succeed yet.

    Args:
        id: The run's key, and the value of its tag `fq/request`.
        at: When it was asked for.
    """

    id: str
    at: dt.datetime


class Postponed(_Task):
    """What a failed run should have compared.

    Args:
        until: When it is asked for again.
        reason: How the run ended, in words.
    """

    until: dt.datetime
    reason: str


class Again(_Part):
    """What is looked at once more when runs have ended, since they may land what is no longer true.

    Args:
        collection: The collection.
        runs: The runs, by id.
        keys: Documents whose place is asked of the lake then.
        days: Days that are compared once more if one of the runs has compared them, which it was not asked to.
        everything: Whether all is compared once more, the documents being too many to remember.
    """

    collection: str
    runs: frozenset[str]
    keys: frozenset[str] = frozenset()
    days: frozenset[dt.date] = frozenset()
    everything: bool = False


class Rolling(_Part):
    """How far the rolling reconciliation has come.

    Args:
        next: The day it goes on at; one after today for the beginning.
        at: When it was there.
    """

    next: dt.date
    at: dt.datetime


class Memory(_Part):
    """The cursor.

    Args:
        position: Where the next look at the change stream begins, as text; empty before the first one.
        marks: The last watermark seen of each collection that is looked at by its watermark.
        unsettled: Marks of documents that the next look by watermark sees once more (`Changes.unsettled`).
        turn: The collection with which the next look by watermark begins; empty for the first.
        shapes: How each collection was cut into partitions when it was last compared as a whole.
        pending: What is to be compared.
        requests: The runs asked for.
        postponed: What failed and is asked for again later.
        again: What is looked at again once runs have ended.
        rolling: The rolling reconciliation; None before its first tick.
        failed: How many requests have failed so far.
        lost: How often the position in the change stream was lost so far.
    """

    position: str = ""
    marks: dict[str, dt.datetime] = Field(default_factory=dict)
    unsettled: dict[str, frozenset[str]] = Field(default_factory=dict)
    turn: str = ""
    shapes: dict[str, str] = Field(default_factory=dict)
    pending: set[Unit] = Field(default_factory=set)
    requests: list[Request] = Field(default_factory=list)
    postponed: list[Postponed] = Field(default_factory=list)
    again: list[Again] = Field(default_factory=list)
    rolling: Rolling | None = None
    failed: int = 0
    lost: int = 0

    @field_validator("pending", mode="before")
    @classmethod
    def _from_ranges(cls, value: Ranges | set[Unit]) -> set[Unit]:
        return value if isinstance(value, set) else from_ranges(value)

    @field_serializer("pending")
    def _to_ranges(self, value: set[Unit]) -> Ranges:
        return to_ranges(value)

    @classmethod
    def of(cls, cursor: str | None) -> "Memory":
        """Read a cursor.

        Args:
            cursor: The text; None before the first tick.

        Returns:
            What it says; nothing at all if it is not of this sensor's kind, so that everything is compared.
        """
        try:
            return cls.model_validate_json(cursor) if cursor else cls()
        except ValidationError:
            return cls()

    def to_cursor(self) -> str:
        """The text to keep."""
        return self.model_dump_json(exclude_defaults=True)

    def adapt(self, sources: Sources, today: dt.date) -> list[str]:
        """Forget what is no longer declared; have all compared of what is new, or cut into other partitions.

        Args:
            sources: The sources file.
            today: The day that it is.

        Returns:
            The collections that are compared as a whole.
        """
        shapes = {name: shape(sources, name) for name in sources.collections}
        changed = [
            name for name in shapes if self.shapes.get(name) != shapes[name] and everything(sources, name, today)
        ]
        kept = {name for name in shapes if self.shapes.get(name) == shapes[name]}
        self.marks = {name: mark for name, mark in self.marks.items() if name in kept}
        self.pending = {unit for unit in self.pending if unit[0] in kept}
        tasks: list[_Task] = [*self.requests, *self.postponed]
        for task in tasks:
            task.block = task.block.only(kept)
        self.requests = [one for one in self.requests if one.block.collections]
        self.postponed = [one for one in self.postponed if one.block.collections]
        self.again = [one for one in self.again if one.collection in kept]
        for name in changed:
            self.pending |= everything(sources, name, today)
        self.shapes = {name: shapes[name] for name in shapes if name in kept or name in changed}
        return changed


def shape(sources: Sources, collection: str) -> str:
    """What decides which partition owns a document; a text that changes with it."""
    field = sources.collections[collection].partition_by
    return f"{field} from {sources.start_date} in {sources.time_zone}" if field else "whole"


def everything(sources: Sources, collection: str, today: dt.date) -> set[Unit]:
    """All units of a collection; none if its first day has not begun."""
    if sources.collections[collection].partition_by is None:
        return {(collection, None)}
    if today < sources.start_date:
        return set()
    return Block(dated=(collection,), first=sources.start_date, last=today).units()
