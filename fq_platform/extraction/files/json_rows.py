"""The objects of an array in a JSON file, with the lines that they begin in.

Belongs here: finding the array, and what is refused in it. Does not: opening the file (`text.py`), documents
(`folder.py`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from fq_platform.extraction.files.text import Row, broken, opened, without_rows
from fq_platform.source_files import SourceFile

_SPACE = re.compile(r"[ \t\r\n]*")
_WHOLE = "Correct it there, or deliver the file again, whole"


def json_rows(file: Path, declared: SourceFile) -> Iterator[Row]:
    """Read the objects of a JSON file, which is looked through to its end before the first of them is given.

    Numbers are the text that they are written as, so that no digit is lost; what is nested stays nested.

    Args:
        file: The file.
        declared: The keys of each object, and where the array lies.

    Yields:
        The objects, in the file's order.

    Raises:
        FqError: The file is empty, torn, no UTF-8 or no JSON, has no such array, or an object of it has other keys;
            file and line are named.
    """
    with opened(file) as stream:
        text = stream.read()
    if not text.strip():
        raise without_rows(file, 1)
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise broken(f"The file is no JSON: {error.msg}", file, error.lineno, _WHOLE) from None
    except _RefusedError as error:
        raise broken(f"The file is no usable JSON: {error}", file, None, _WHOLE) from None
    except RecursionError:
        raise broken("The file is no usable JSON: it is nested too deeply", file, None, _WHOLE) from None
    at = _array(text, file, declared)
    start = None
    for start in _elements(text, at):
        yield Row(_line(text, start), _object(text, start, file, declared))
    if start is None:
        raise without_rows(file, _line(text, at))


class _RefusedError(Exception):
    """What Python's decoder would take, and silently change."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RefusedError(f"an object has the key {next(name for name in names if names.count(name) > 1)!r} twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _RefusedError(f"{name} is no number")


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_unique)


def _array(text: str, file: Path, declared: SourceFile) -> int:
    """Where the array begins."""
    at = _behind_space(text, 0)
    for step in declared.at.split(".") if declared.at else []:
        inside = dict(_members(text, at)) if text[at] == "{" else {}
        if step not in inside:
            raise broken(
                f"There is no {declared.at!r} in the file: the key {step!r} is missing",
                file,
                _line(text, at),
                "Its objects must stand in that array",
            )
        at = inside[step]
    if text[at] != "[":
        raise broken(
            f"{declared.at!r} is no array" if declared.at else "The file is no array",
            file,
            _line(text, at),
            "Its objects must stand in an array",
        )
    return at


def _object(text: str, start: int, file: Path, declared: SourceFile) -> dict[str, object]:
    """The object that begins there, which has the declared keys."""
    values, _ = _DECODER.raw_decode(text, start)
    line = _line(text, start)
    if not isinstance(values, dict):
        raise broken("The element is no object", file, line, _WHOLE)
    for what, names in (
        ("The object misses the key", [name for name in declared.columns if name not in values]),
        ("The platform does not know the key", [name for name in values if name not in declared.columns]),
    ):
        if names:
            raise broken(
                f"{what}{'s' if len(names) > 1 else ''} {', '.join(repr(name[:40]) for name in names)}",
                file,
                line,
                f"The keys are {', '.join(declared.columns)}: correct the object, or declare them anew",
            )
    return values


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """The keys of the object that begins at `at`, and where their values begin."""
    at = _behind_space(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        value = _behind_space(text, _behind_space(text, at) + 1)
        yield name, value
        at = _behind_separator(text, _DECODER.raw_decode(text, value)[1])


def _elements(text: str, at: int) -> Iterator[int]:
    """Where the elements of the array that begins at `at` begin."""
    at = _behind_space(text, at + 1)
    while text[at] != "]":
        yield at
        at = _behind_separator(text, _DECODER.raw_decode(text, at)[1])


def _behind_separator(text: str, at: int) -> int:
    at = _behind_space(text, at)
    return _behind_space(text, at + 1) if text[at] == "," else at


def _behind_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
