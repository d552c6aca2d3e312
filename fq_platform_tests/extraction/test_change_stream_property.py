"""Landing only what the stream names keeps the lake like the source, whatever happens in between."""

import datetime as dt
import itertools
import random
import uuid
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.database import Database

from fq_platform.extraction.keys import document_key
from fq_platform_tests.extraction.landing import START, noon
from fq_platform_tests.extraction.stream_reader import DAILY, Follower

pytestmark = pytest.mark.services
DAYS = [START + dt.timedelta(days=n) for n in range(6)]
IDS: list[Any] = ["a", "b", 1, 2.5]
State = Any
"""What tells two versions of a document apart."""


class World:
    """A source, a lake that is landed window by window, and a follower that says which windows.

    Args:
        database: An empty source.
        chance: Decides what happens.
        images: Whether the server keeps images of documents before their change.
    """

    def __init__(self, database: Database[dict[str, Any]], chance: random.Random, *, images: bool) -> None:
        self.orders = database.create_collection("orders", changeStreamPreAndPostImages={"enabled": images})
        self.chance = chance
        self.follower = Follower(database)
        self.versions = itertools.count()
        self.lake: dict[tuple[dt.date, str], State] = {}
        self.named: set[dt.date] = set()
        self.running: dict[dt.date, dict[str, State]] = {}
        self.to_ask_again: set[str] = set()

    def source(self) -> dict[tuple[dt.date, str], State]:
        return {
            (day, document_key(document["_id"])): document["version"]
            for document in self.orders.find()
            for day in DAILY.days_of(document)
        }

    def find(self, _: str, keys: Collection[str]) -> frozenset[dt.date]:
        return frozenset(day for day, key in self.lake if key in keys)

    def write(self) -> None:
        """One write of any kind."""
        one, day = {"_id": self.chance.choice(IDS)}, noon(self.chance.choice(DAYS))
        version = {"version": next(self.versions)}
        match self.chance.randrange(6):
            case 0:
                self.orders.replace_one(one, {"at": day} | version, upsert=True)
            case 1:
                self.orders.update_one(one, {"$set": {"at": day} | version})
            case 2:
                self.orders.update_one(one, {"$unset": {"at": 1}, "$set": version})
            case 3:
                self.orders.update_one(one, {"$set": version}, upsert=True)
            case 4:
                self.orders.delete_one(one)
            case 5:
                self.orders.delete_many({"at": {"$gt": day}})

    def look(self) -> None:
        """A look of any length, by a reader that was started anew and may have lost its position."""
        follower = Follower(self.follower.database)
        follower.cursor = self.follower.cursor if self.chance.random() < 0.95 else None
        self.follower = follower
        self.look_on(max_events=self.chance.choice([1, 2, 5, 1_000]))

    def look_on(self, **options: Any) -> bool:
        """Note the days that a look names; whether another look is due."""
        if self.running:
            again: set[str] = set()
        else:
            again, self.to_ask_again = self.to_ask_again, set()
        found = self.follower.look(find_windows=self.find, again={"orders": again}, **options)
        for changes in found.collections.values():
            self.named |= set(DAYS) if changes.everything else changes.days
            if self.running:
                self.to_ask_again |= changes.keys
        return found.more or found.lost

    def begin_a_run(self) -> None:
        """Read a window that was named."""
        waiting = sorted(self.named - self.running.keys())
        if waiting:
            day = self.chance.choice(waiting)
            self.named.discard(day)
            self.running[day] = {key: state for (of, key), state in self.source().items() if of == day}

    def end_a_run(self) -> None:
        """Land what was read when the run began."""
        if self.running:
            day = self.chance.choice(sorted(self.running))
            read = self.running.pop(day)
            kept = {place: state for place, state in self.lake.items() if place[0] != day}
            self.lake = kept | {(day, key): state for key, state in read.items()}

    def settle(self) -> None:
        """End everything that is under way, until the stream has nothing more to name."""
        while True:
            while self.running:
                self.end_a_run()
            due = self.look_on()
            if not due and not self.named:
                return
            while self.named:
                self.begin_a_run()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), images=st.booleans())
def test_lake_that_lands_only_what_is_named_ends_up_like_the_source(mongo_uri: str, seed: int, images: bool) -> None:
    chance = random.Random(seed)
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        name = f"test_{uuid.uuid4().hex}"
        try:
            world = World(client[name], chance, images=images)
            steps = [world.write, world.look, world.begin_a_run, world.end_a_run]
            for _ in range(chance.randrange(5, 60)):
                chance.choices(steps, weights=[4, 2, 1, 1])[0]()
            world.settle()
            assert world.lake == world.source()
        finally:
            client.drop_database(name)
