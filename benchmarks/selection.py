"""Which documents a filter selects, as runs of their numbers.

Belongs here: MongoDB's filters on `_id` and on the date, as far as extraction asks. Does not: documents or replies.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bson import MaxKey, MinKey, ObjectId
from bson.datetime_ms import DatetimeMS

from benchmarks.collection import ReplayCollection
from benchmarks.documents import DATE_FIELD

Runs = list[tuple[int, int]]
"""Half-open runs of document numbers, ascending, none empty, none touching."""
_TYPES = {"_id": (ObjectId, {"objectId", 7}), DATE_FIELD: (DatetimeMS, {"date", 9})}


class UnknownFilterError(Exception):
    """A filter that this server does not understand: better than a wrong answer."""


def select(collection: ReplayCollection, filter_: Mapping[str, Any]) -> Runs:
    """Evaluate a filter.

    Args:
        collection: Whose `_id`s are all ObjectIds, and whose dates are all dates.
        filter_: A MongoDB filter on `_id` and the date field.

    Returns:
        The runs of the documents that it selects.

    Raises:
        UnknownFilterError: It asks for something else.
    """
    everything: Runs = [(0, collection.documents)] if collection.documents else []
    runs = everything
    for name, condition in filter_.items():
        if name in ("$and", "$or", "$nor"):
            parts = [select(collection, part) for part in condition]
            found = _logical(name, parts, everything)
        elif name in _TYPES:
            found = _field(collection, name, condition, everything)
        elif name == "$comment":
            continue
        else:
            raise UnknownFilterError(f"the replay server cannot filter by {name}: {condition!r}")
        runs = intersection(runs, found)
    return runs


def _logical(name: str, parts: list[Runs], everything: Runs) -> Runs:
    found = everything if name == "$and" else []
    for part in parts:
        found = intersection(found, part) if name == "$and" else union(found, part)
    return complement(found, everything) if name == "$nor" else found


def _field(collection: ReplayCollection, name: str, condition: Any, everything: Runs) -> Runs:
    conditions = condition if isinstance(condition, Mapping) else {"$eq": condition}
    runs = everything
    for operator, operand in conditions.items():
        runs = intersection(runs, _operator(collection, name, operator, operand, everything))
    return runs


def _operator(collection: ReplayCollection, name: str, operator: str, operand: Any, everything: Runs) -> Runs:
    kind, types = _TYPES[name]
    if operator == "$type":
        wanted = operand if isinstance(operand, list) else [operand]
        return everything if types.intersection(wanted) else []
    if operator == "$exists":
        return everything if operand else []
    if operator == "$not":
        return complement(_field(collection, name, operand, everything), everything)
    if operator in ("$in", "$nin"):
        found: Runs = []
        for value in operand:
            found = union(found, _operator(collection, name, "$eq", value, everything))
        return found if operator == "$in" else complement(found, everything)
    if operator not in _COMPARISONS:
        raise UnknownFilterError(f"the replay server cannot filter {name} by {operator}")
    if isinstance(operand, MinKey | MaxKey):
        return everything if (operator in ("$gt", "$gte")) == isinstance(operand, MinKey) else []
    if not isinstance(operand, kind):
        return []  # MongoDB compares within one type only
    return intersection(everything, _COMPARISONS[operator](collection, operand))


def _behind(collection: ReplayCollection, value: ObjectId | DatetimeMS) -> int:
    """The number of the first document that comes after a value."""
    if isinstance(value, ObjectId):
        at = collection.first_from(value)
        return at + (at < collection.documents and collection.object_id(at) == value)
    return collection.first_from(DatetimeMS(int(value) + 1))


_COMPARISONS: dict[str, Callable[[ReplayCollection, Any], Runs]] = {
    "$gte": lambda collection, value: [(collection.first_from(value), collection.documents)],
    "$gt": lambda collection, value: [(_behind(collection, value), collection.documents)],
    "$lt": lambda collection, value: [(0, collection.first_from(value))],
    "$lte": lambda collection, value: [(0, _behind(collection, value))],
    "$eq": lambda collection, value: [(collection.first_from(value), _behind(collection, value))],
}


def intersection(left: Runs, right: Runs) -> Runs:
    """What is in both."""
    pairs = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return sorted((begin, end) for begin, end in pairs if begin < end)


def union(left: Runs, right: Runs) -> Runs:
    """What is in either."""
    runs: Runs = []
    for begin, end in sorted(left + right):
        if runs and begin <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((begin, end))
    return runs


def complement(runs: Runs, everything: Runs) -> Runs:
    """What is in everything but not in some runs."""
    rest = everything
    for begin, end in runs:
        rest = intersection(rest, [(0, begin), (end, everything[-1][1] if everything else end)])
    return rest


def size(runs: Runs) -> int:
    """How many documents they hold."""
    return sum(end - begin for begin, end in runs)


def clip(runs: Runs, skip: int, limit: int) -> Runs:
    """Leave out the first documents, and all after a number of them.

    Args:
        runs: The runs.
        skip: How many documents to leave out.
        limit: The most documents to keep; 0 for all.

    Returns:
        The runs of the rest.
    """
    kept: Runs = []
    room = limit or size(runs)
    for begin, end in runs:
        left_out = min(skip, end - begin)
        skip -= left_out
        stop = min(end, begin + left_out + room)
        if begin + left_out < stop:
            kept.append((begin + left_out, stop))
            room -= stop - begin - left_out
    return kept
