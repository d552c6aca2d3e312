"""Ranges: parts of a window by `_id`, so that several workers read it and each compares in bounded memory.

Belongs here: ranges as MongoDB filters and as a rule over keys, and planning them. Does not: reading them.

MongoDB compares an `_id` only with those of its own kind (`brackets.py`): `{"$gte": ObjectId(...)}` finds no string.
Hence a range lies within one bracket, and one more, the rest, takes every kind that is not divided.
"""

import bisect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from bson import Decimal128
from pymongo.collection import Collection

from fq_platform.extraction.brackets import LEAST, ORDER, Bracket, beyond, bracket_of, is_unicode, is_uuid, sort_key
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.keys import INTEGER, OBJECT_ID, TAKEN, UUID, document_key, parse_key
from fq_platform.extraction.windows import Window

Numbers: TypeAlias = npt.NDArray[np.int64]
SAMPLES_PER_RANGE = 40
MOST_SAMPLES = 20_000
"""How many `_id`s are looked at to plan: the more, the more alike in size are the ranges."""
_NAN = {"_id": {"$in": [math.nan, Decimal128("NaN")]}}
"""The numbers that are neither below nor above any other."""


@dataclass(frozen=True)
class Range:
    """A half-open part of the `_id`s of one bracket, or the rest.

    Args:
        bracket: The kind of `_id`; None for the rest.
        low: The first `_id` that belongs to it; None for the bracket's beginning.
        high: The first `_id` that does not any more; None for the bracket's end.
        divided: Of the rest: the brackets that other ranges take. Of no brackets, the rest is everything.
    """

    bracket: Bracket | None = None
    low: Any = None
    high: Any = None
    divided: frozenset[Bracket] = frozenset()

    @classmethod
    def everything(cls) -> Self:
        """The range that holds every document."""
        return cls()

    @property
    def filter(self) -> dict[str, Any]:
        """The range as a MongoDB filter, for the collection's own `_id` index; exact.

        The rest also finds documents without `_id`, which a view can have, so that they are told and not skipped.
        """
        if self.bracket:
            low = LEAST[self.bracket] if self.low is None else self.low
            return {"_id": {"$gte": low} | ({} if self.high is None else {"$lt": self.high})}
        if not self.divided:
            return {}
        types = [name for bracket, names in ORDER if bracket not in self.divided for name in names]
        nan = [_NAN] if Bracket.NUMBER in self.divided else []
        return {"$or": [{"_id": None}, {"_id": {"$type": types}}, *nan]}

    def after(self, last: Any) -> dict[str, Any]:
        """What is left of the range, in the order of `_id`, as a MongoDB filter.

        Args:
            last: The `_id` after which to go on, as pymongo decodes it.

        Returns:
            The filter.

        Raises:
            UnicodeEncodeError: The `_id` is a text that is not Unicode, which pymongo cannot send.
        """
        return both(self.filter, beyond(last))

    def __str__(self) -> str:
        if not self.bracket:
            return "the rest" if self.divided else "all"
        return f"{self.bracket} {_shown(self.low)} to {_shown(self.high)}"


def both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The filter of what two filters have in common."""
    return {"$and": [one, other]} if one and other else one or other


def plan(collection: Collection[Any], window: Window, documents: int, per_range: int) -> list[Range]:
    """Divide a window into ranges of about the same number of documents.

    Only the sizes depend on luck: the ranges hold each document once, whatever its `_id`.

    Args:
        collection: The collection; its read preference is heeded.
        window: The window.
        documents: About how many documents it has.
        per_range: About how many a range should have.

    Returns:
        The ranges in the order of `_id`, the rest last; one range of everything where there is nothing to divide.
    """
    pieces = math.ceil(documents / max(per_range, 1))
    if pieces <= 1:
        return [Range.everything()]
    sample = _sample(collection, window, min(pieces * SAMPLES_PER_RANGE, MOST_SAMPLES))
    points: dict[Bracket, list[Any]] = {}
    for bracket, values in _by_bracket(sample).items():
        share = round(pieces * len(values) / len(sample))
        if share and _is_divisible(bracket, values, collection):
            points[bracket] = _split_points(_candidates(bracket, values), share)
    if not points:
        return [Range.everything()]
    ranges = [
        Range(bracket, low, high)
        for bracket in Bracket
        if bracket in points
        for low, high in zip([None, *points[bracket]], [*points[bracket], None], strict=True)
    ]
    return [*ranges, Range(divided=frozenset(points))]


def _sample(collection: Collection[Any], window: Window, size: int) -> list[Any]:
    match = [{"$match": window.filter}] if window.filter else []
    stages = [*match, {"$sample": {"size": size}}, {"$project": {"_id": 1}}]
    found = collection.with_options(codec_options=CODEC).aggregate(stages)
    return [document["_id"] for document in found if "_id" in document]


def _by_bracket(values: Iterable[Any]) -> dict[Bracket, list[Any]]:
    found: dict[Bracket, list[Any]] = {}
    for value in values:
        bracket = bracket_of(value)
        if bracket:
            found.setdefault(bracket, []).append(value)
    return found


def _is_divisible(bracket: Bracket, values: Sequence[Any], collection: Collection[Any]) -> bool:
    if bracket is Bracket.STRING:
        # Under a collation strings have another order, which only the server knows.
        return collection.options().get("collation", {}).get("locale", "simple") == "simple"
    if bracket is Bracket.BINARY:
        # Not every server that speaks MongoDB's protocol compares binaries of different lengths as MongoDB does.
        return all(map(is_uuid, values))
    return True


def _candidates(bracket: Bracket, values: Iterable[Any]) -> list[Any]:
    """The values at which a bracket may be split, in order."""
    if bracket is Bracket.NUMBER:
        return sorted(number for number in map(_integer_below, values) if number is not None)
    if bracket is Bracket.STRING:
        return sorted(filter(is_unicode, values), key=sort_key)
    return sorted(values, key=sort_key)


def _integer_below(value: Any) -> int | None:
    number = sort_key(value)
    if not -(2**63) <= number < 2**63:
        return None
    # `math.floor` is exact for decimals too, whatever the precision of the context.
    return math.floor(number)


def _split_points(candidates: Sequence[Any], pieces: int) -> list[Any]:
    """At most `pieces - 1` different values that divide the candidates evenly."""
    chosen = [candidates[number * len(candidates) // pieces] for number in range(1, pieces)] if candidates else []
    return list(dict.fromkeys(chosen))


def _shown(value: Any) -> str:
    return "…" if value is None else document_key(value)


def assign(ranges: Sequence[Range], keys: pa.Array) -> npt.NDArray[np.int32]:
    """Tell which range each key is in, as the ranges' filters would.

    Args:
        ranges: All ranges of a plan, in its order.
        keys: Keys as `document_key` writes them (string[n]).

    Returns:
        int32[n]: the number of each key's range.
    """
    found = np.full(len(keys), len(ranges) - 1, dtype=np.int32)  # the rest, unless told otherwise
    # The number of each bracket's first range, and where the ones after it begin.
    first = {r.bracket: number for number, r in reversed(list(enumerate(ranges))) if r.bracket}
    lows = {bracket: [r.low for r in ranges if r.bracket is bracket and r.low is not None] for bracket in first}
    for bracket in first:
        plain = _is_plain(keys, bracket)
        found[plain] = first[bracket] + _POSITION[bracket](keys.filter(plain), lows[bracket])
    if first.keys() - {Bracket.OBJECT_ID}:
        exotic = _matches(keys, _EXOTIC)
        for number, key in zip(np.flatnonzero(exotic), keys.filter(exotic).to_pylist(), strict=True):
            value = parse_key(key)
            kind = bracket_of(value)
            if kind in first:
                found[number] = first[kind] + bisect.bisect_right(lows[kind], sort_key(value), key=sort_key)
    return found


def _is_plain(keys: pa.Array, bracket: Bracket) -> npt.NDArray[np.bool_]:
    """Which keys are of a bracket and stand as themselves, not as extended JSON."""
    if bracket is Bracket.STRING:
        return ~_matches(keys, TAKEN)
    return _matches(keys, rf"{_PLAIN[bracket]}\z")


def _matches(keys: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    return pc.match_substring_regex(keys, rf"\A(?:{pattern})").to_numpy(zero_copy_only=False)


def _position_of_object_ids(keys: pa.Array, lows: Sequence[Any]) -> Numbers:
    return np.searchsorted(np.array([str(low) for low in lows], "S24"), _fixed(keys, 24), side="right")


def _position_of_uuids(keys: pa.Array, lows: Sequence[Any]) -> Numbers:
    return np.searchsorted(np.array([document_key(low) for low in lows], "S36"), _fixed(keys, 36), side="right")


def _fixed(texts: pa.Array, length: int) -> npt.NDArray[np.bytes_]:
    return np.frombuffer(texts.cast(pa.binary(length)).buffers()[1], f"S{length}")


def _position_of_integers(keys: pa.Array, lows: Sequence[Any]) -> Numbers:
    integers = keys.cast(pa.int64()).to_numpy()
    return np.searchsorted(np.array(lows, np.int64), integers, side="right")


def _position_of_strings(keys: pa.Array, lows: Sequence[Any]) -> Numbers:
    """A binary search of all keys at once; Arrow compares strings by their bytes, as MongoDB does."""
    low, high = np.zeros(len(keys), np.int64), np.full(len(keys), len(lows), np.int64)
    points = pa.array(lows, pa.string())
    for _ in range(len(lows).bit_length()):
        middle = (low + high) // 2
        probe = points.take(pa.array(np.minimum(middle, len(lows) - 1)))
        reached = pc.greater_equal(keys, probe).to_numpy(zero_copy_only=False) & (low < high)
        low, high = np.where(reached, middle + 1, low), np.where(reached, high, middle)
    return low


_EXOTIC = r'["{\[]'
_PLAIN: Mapping[Bracket, str] = {Bracket.OBJECT_ID: OBJECT_ID, Bracket.NUMBER: INTEGER, Bracket.BINARY: UUID}
_POSITION: Mapping[Bracket, Callable[[pa.Array, Sequence[Any]], Numbers]] = {
    Bracket.OBJECT_ID: _position_of_object_ids,
    Bracket.NUMBER: _position_of_integers,
    Bracket.BINARY: _position_of_uuids,
    Bracket.STRING: _position_of_strings,
}
"""How many of a bracket's split points lie at or below each key: without Python objects, since there are millions."""
