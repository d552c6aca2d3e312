"""What the replay server answers to each command.

Belongs here: commands and cursors. Does not: the protocol, or how documents are assembled.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from benchmarks.collection import FIRST_BATCH_DOCUMENTS, ReplayCollection
from benchmarks.documents import DATE_FIELD
from benchmarks.selection import Runs, UnknownFilterError, clip, select, size
from benchmarks.wire import CursorReply

Answer = Mapping[str, Any] | CursorReply
Command = Mapping[str, Any]
_OK = {"ok": 1.0}
_NESTED_AT_ONCE = 10_000
_HELLO = {
    "helloOk": True,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxBsonObjectSize": 16 * 2**20,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "logicalSessionTimeoutMinutes": 30,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "readOnly": True,
} | _OK
_FAILED, _CURSOR_NOT_FOUND, _COMMAND_NOT_FOUND = 96, 43, 59


@dataclass
class _Cursor:
    """What a client still has to fetch."""

    collection: ReplayCollection
    runs: Runs
    nested_in: str = ""
    """The field that each document comes in; empty if it comes as it is."""


@dataclass
class Server:
    """The state that all connections share.

    Args:
        collections: The collections by name; every database has them.
    """

    collections: dict[str, ReplayCollection]
    _cursors: dict[int, _Cursor] = field(default_factory=dict)
    _numbers: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)

    def answer(self, command: Command) -> Answer:
        """Carry out a command.

        Args:
            command: As it came; its first field is its name.

        Returns:
            The reply; an error is a reply too.
        """
        name = next(iter(command))
        handler = getattr(self, f"_{name.lower()}", None)
        if handler is None:
            return _error(f"the replay server has no command {name!r}", _COMMAND_NOT_FOUND)
        try:
            result: Answer = handler(command)
        except UnknownFilterError as error:
            return _error(str(error), _FAILED)
        return result

    def _hello(self, command: Command) -> Answer:
        return _HELLO

    _ismaster = _hello

    def _ping(self, command: Command) -> Answer:
        return _OK

    _endsessions = _ping

    def _killcursors(self, command: Command) -> Answer:
        for number in command["cursors"]:
            self._cursors.pop(number, None)
        return {"cursorsKilled": command["cursors"]} | _OK

    def _buildinfo(self, command: Command) -> Answer:
        return {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "maxBsonObjectSize": 16 * 2**20} | _OK

    def _listdatabases(self, command: Command) -> Answer:
        return {"databases": [{"name": "replay", "sizeOnDisk": 0, "empty": False}], "totalSize": 0} | _OK

    def _listcollections(self, command: Command) -> Answer:
        wanted = command.get("filter", {}).get("name")
        names = [name for name in self.collections if wanted in (None, name)]
        found = [{"name": name, "type": "collection", "options": {}, "info": {}} for name in names]
        return _single_batch(f"{command['$db']}.$cmd.listCollections", found)

    def _listindexes(self, command: Command) -> Answer:
        keys = [{"v": 2, "key": {name: 1}, "name": f"{name}_"} for name in ("_id", DATE_FIELD)]
        return _single_batch(f"{command['$db']}.{command['listIndexes']}", keys)

    def _collstats(self, command: Command) -> Answer:
        return self._statistics(command["collStats"]) | _OK

    def _count(self, command: Command) -> Answer:
        runs = self._select(command["count"], command.get("query") or {})
        return {"n": size(clip(runs, command.get("skip", 0), command.get("limit", 0)))} | _OK

    def _find(self, command: Command) -> Answer:
        namespace = f"{command['$db']}.{command['find']}"
        collection = self.collections.get(command["find"])
        if collection is None:
            return _single_batch(namespace, [])
        runs = clip(select(collection, command.get("filter", {})), command.get("skip", 0), command.get("limit", 0))
        if any(direction != 1 for direction in command.get("sort", {}).values()):
            if command.get("limit") != 1:
                raise UnknownFilterError("the replay server sorts backwards for one document only")
            runs = select(collection, command.get("filter", {}))
            runs = [(runs[-1][1] - 1, runs[-1][1])] if runs else []
        if projection := command.get("projection"):
            return _single_batch(namespace, _projected(collection, runs, projection))
        batch_size = command.get("batchSize", FIRST_BATCH_DOCUMENTS)
        return self._batch("firstBatch", namespace, _Cursor(collection, runs), self._numbers(), batch_size)

    def _getmore(self, command: Command) -> Answer:
        number = command["getMore"]
        cursor = self._cursors.pop(number, None)
        if cursor is None:
            return _error(f"cursor id {number} not found", _CURSOR_NOT_FOUND)
        namespace = f"{command['$db']}.{command['collection']}"
        return self._batch("nextBatch", namespace, cursor, number, command.get("batchSize") or 2**31)

    def _batch(self, key: str, namespace: str, cursor: _Cursor, number: int, documents: int) -> Answer:
        """The next documents of a cursor, which is kept if there are more. A batch does not span two runs."""
        if not cursor.runs:
            return CursorReply(key, 0, namespace, cursor.collection.batch(0, 0))
        if cursor.nested_in:
            documents = min(documents, _NESTED_AT_ONCE)
        (first, last), *rest = cursor.runs
        end = cursor.collection.batch_end(first, last, documents)
        left = [(end, last), *rest] if end < last else rest
        if left:
            self._cursors[number] = _Cursor(cursor.collection, left, cursor.nested_in)
        if cursor.nested_in:
            nested = [{cursor.nested_in: document} for document in _documents(cursor.collection.batch(first, end))]
            return {"cursor": {key: nested, "id": bson.Int64(number if left else 0), "ns": namespace}} | _OK
        return CursorReply(key, number if left else 0, namespace, cursor.collection.batch(first, end))

    def _aggregate(self, command: Command) -> Answer:
        name = command["aggregate"]
        match command["pipeline"]:
            case [*before, {"$project": nesting}, {"$project": _}] if "$$ROOT" in nesting.values():
                return self._nested(command, next(iter(nesting)), before)
        return _single_batch(f"{command['$db']}.{name}", self._pipeline(name, command["pipeline"]))

    def _nested(self, command: Command, nested_in: str, before: list[dict[str, Any]]) -> Answer:
        """Whole documents, each within a field of another: what Spark reads. There is one reader."""
        collection, namespace = self.collections[command["aggregate"]], f"{command['$db']}.{command['aggregate']}"
        runs = select(collection, {"$and": [stage["$match"] for stage in before if stage["$match"]]} if before else {})
        cursor = _Cursor(collection, runs, nested_in)
        return self._batch("firstBatch", namespace, cursor, self._numbers(), FIRST_BATCH_DOCUMENTS)

    def _pipeline(self, name: str, pipeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The few pipelines that extraction uses to plan: what is counted, and which `_id`s are sampled."""
        collection = self.collections.get(name)
        if collection is None:
            return []
        runs = select(collection, {})
        sampled: list[int] | None = None
        for stage in pipeline:
            match next(iter(stage.items())):
                case ("$collStats", _):
                    return [self._statistics(name)]
                case ("$match", condition):
                    runs = select(collection, condition)
                case ("$sample", {"size": wanted}):
                    sampled = _sample(runs, int(wanted))
                case ("$sort", {"_id": 1}):
                    sampled = None if sampled is None else sorted(sampled)
                case ("$project", {"_id": 1}):
                    continue
                case ("$count", label):
                    return [{label: size(runs)}]
                case ("$group", {"_id": group, "n": {"$sum": 1}}):
                    return [{"_id": group, "n": size(runs)}]
                case (unknown, argument):
                    raise UnknownFilterError(f"the replay server cannot aggregate by {unknown}: {argument!r}")
        if sampled is None:
            raise UnknownFilterError(f"the replay server cannot answer the pipeline {pipeline!r}")
        return [{"_id": collection.object_id(number)} for number in sampled]

    def _statistics(self, name: str) -> dict[str, Any]:
        found = self.collections[name]
        bytes_ = found.bytes_before(found.documents)
        counted = {"count": found.documents, "size": bytes_, "avgObjSize": bytes_ // max(found.documents, 1)}
        return {"ns": f"replay.{name}", "storageStats": counted} | counted

    def _select(self, name: str, filter_: Mapping[str, Any]) -> Runs:
        return select(self.collections[name], filter_) if name in self.collections else []


def _sample(runs: Runs, wanted: int) -> list[int]:
    """Some documents at random, but the same each time, so that a repetition reads the same ranges."""
    total = size(runs)
    picked = Random(total).sample(range(total), min(wanted, total))  # noqa: S311 - not a secret
    return [clip(runs, position, 1)[0][0] for position in picked]


def _projected(collection: ReplayCollection, runs: Runs, projection: Mapping[str, Any]) -> list[dict[str, Any]]:
    if set(projection) - {"_id", DATE_FIELD}:
        raise UnknownFilterError(f"the replay server cannot project {projection!r}")
    values = {"_id": collection.object_id, DATE_FIELD: collection.date}
    wanted = [name for name in values if projection.get(name, name == "_id")]
    return [{name: values[name](number) for name in wanted} for begin, end in runs for number in range(begin, end)]


def _documents(batch: memoryview) -> Iterator[RawBSONDocument]:
    """The documents of an array, as their bytes."""
    end = int.from_bytes(batch[:4], "little") - 1
    at = 4
    while at < end:
        at += bytes(batch[at : at + 16]).index(0) + 1
        size = int.from_bytes(batch[at : at + 4], "little")
        yield RawBSONDocument(bytes(batch[at : at + size]))
        at += size


def _single_batch(namespace: str, documents: list[dict[str, Any]]) -> Answer:
    return {"cursor": {"firstBatch": documents, "id": bson.Int64(0), "ns": namespace}} | _OK


def _error(message: str, code: int) -> Answer:
    return {"ok": 0.0, "errmsg": message, "code": code}
