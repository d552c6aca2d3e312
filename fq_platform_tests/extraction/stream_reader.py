"""A follower of a database's change stream beside a lake that is a dictionary, for the tests of the reader.

Belongs here: following and landing. Does not: assertions.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from pymongo.database import Database

from fq_platform.extraction.change_stream import CollectionWindows, StreamChanges, read_changes
from fq_platform.extraction.keys import document_key
from fq_platform.extraction.tokens import Position
from fq_platform_tests.extraction.landing import START

DAILY = CollectionWindows("at", START)
ORDERS: Mapping[str, CollectionWindows] = {"orders": DAILY}


class Lake:
    """Where each document of each collection is live."""

    def __init__(self) -> None:
        self.days: dict[str, dict[str, set[dt.date]]] = {}
        self.asked: list[tuple[str, set[str]]] = []

    def put(self, collection: str, id_: Any, *days: dt.date) -> None:
        self.days.setdefault(collection, {})[document_key(id_)] = set(days)

    def find(self, collection: str, keys: Collection[str]) -> frozenset[dt.date]:
        self.asked.append((collection, set(keys)))
        held = self.days.get(collection, {})
        return frozenset(day for key in keys for day in held.get(key, ()))


class Follower:
    """Reads on from where it stopped, its position kept as text, as a sensor's cursor does."""

    def __init__(
        self, database: Database[dict[str, Any]], collections: Mapping[str, CollectionWindows] = ORDERS
    ) -> None:
        self.database = database
        self.collections = collections
        self.lake = Lake()
        self.cursor: str | None = None

    def look(self, **options: Any) -> StreamChanges:
        position = Position.from_text(self.cursor) if self.cursor else None
        defaults = {"find_windows": self.lake.find, "time_budget_seconds": 30.0, "wait_seconds": 0.02}
        arguments: dict[str, Any] = defaults | options
        found = read_changes(self.database, self.collections, position, **arguments)
        self.cursor = found.position.to_text()
        return found

    def days(self, collection: str = "orders", **options: Any) -> set[dt.date]:
        """The days that the next look names."""
        found = self.look(**options).collections
        return found[collection].days if collection in found else set()


def following(database: Database[dict[str, Any]], collections: Mapping[str, CollectionWindows] = ORDERS) -> Follower:
    """A follower that has had its first look."""
    follower = Follower(database, collections)
    assert follower.look().lost
    return follower
