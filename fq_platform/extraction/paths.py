"""The paths of `_fq_rescued` and `_fq_nulls`, read back into what stands where.

Belongs here: the grammar of paths. Does not: what the values mean.

    path    = name { "." name | "[" index "]" | '["' key '"]' occurrence }
    name    = normalised field name, occurrence
    occurrence = nothing for the first of a name, ";2" for the second, and so on
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from fq_platform.naming import denormalise

NOTHING: Final = object()
"""No value stands here."""

_STEP = re.compile(
    r'(?:(?:^|\.)(?P<name>[A-Za-z_]\w*)|\[(?P<index>\d+)\]|\[(?P<key>"(?:[^"\\]|\\.)*")\])(?:;(?P<nth>\d+))?', re.ASCII
)


class Step(NamedTuple):
    """One step of a path.

    Args:
        name: The field's name or the map's key as the source has it; the index of an element.
        nth: Which one of several of that name, from 1.
    """

    name: str | int
    nth: int = 1


@dataclass(slots=True)
class Place:
    """What the two columns say of one place and of those below it."""

    value: Any = NOTHING
    below: dict[Step, "Place"] = field(default_factory=dict)


def parse(path: str) -> list[Step]:
    """Take a path apart.

    Args:
        path: Such as `lines[2].unit_price` or `attributes["size"]`.

    Returns:
        Its steps, at least one.

    Raises:
        ValueError: It is no path.
    """
    steps: list[Step] = []
    at = 0
    while at < len(path) or not steps:
        match = _STEP.match(path, at)
        if match is None or (match["index"] and match["nth"]):
            raise ValueError(f"{path!r} is no path")
        steps.append(Step(_name(match), int(match["nth"] or 1)))
        at = match.end()
    return steps


def _name(match: re.Match[str]) -> str | int:
    if match["name"]:
        return denormalise(match["name"])
    return int(match["index"]) if match["index"] else json.loads(match["key"])


def places(rescued: Mapping[str, Any], nulls: Iterable[str]) -> Place:
    """Arrange a row's rescued values and nulls by where they stand.

    Args:
        rescued: Path to value.
        nulls: Paths of fields that are null in the source.

    Returns:
        The place of the whole document.

    Raises:
        ValueError: A path cannot be read, or stands in both.
    """
    root = Place()
    for path, value in [*rescued.items(), *((path, None) for path in nulls)]:
        place = root
        for step in parse(path):
            place = place.below.setdefault(step, Place())
        if place.value is not NOTHING:
            raise ValueError(f"{path!r} has two values")
        place.value = value
    return root
