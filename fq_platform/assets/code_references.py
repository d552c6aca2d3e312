"""Where an asset is written down, as links in the UI: to files of this machine, or to the repository's web pages.

Belongs here: finding files and lines, without importing anything. Does not: which asset is made by what.
"""

import functools
import re
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from fq_platform.settings import PACKAGE, get_settings, project_root

CODE_REFERENCES = "dagster/code_references"


class Place(NamedTuple):
    """A line of a file.

    Args:
        file: Absolute path.
        pattern: What the line begins with, as a regular expression; if it is not found, the place is the whole file.
        label: What the link says.
    """

    file: Path
    pattern: str
    label: str


def in_package(module: str, name: str) -> Place:
    """Where a module of this package gives a name to something.

    Args:
        module: Such as `transforms.fct_orders`.
        name: Of a function, a class or a constant.
    """
    path = PACKAGE.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    label = file.name if name == file.stem else f"{name} in {file.name}"  # there is little room for it
    return Place(file, rf"((async )?def |class )?{re.escape(name)}\b", label)


def in_sources_file(collection: str, file: Path | None = None) -> Place:
    """Where a sources file declares a collection: that of `FQ_SOURCES`, unless another is named."""
    file = file or get_settings().sources_file
    return Place(file, rf"\s+[\"']?{re.escape(collection)}[\"']?\s*:", f"{collection} in {file.name}")


def code_references(*places: Place) -> dict[str, Any]:
    """The metadata of an asset's definition that links to its source.

    Args:
        places: Where to look, the most telling first.
    """
    return {CODE_REFERENCES: dg.CodeReferencesMetadataValue(code_references=[_reference(place) for place in places])}


def _reference(place: Place) -> dg.LocalFileCodeReference | dg.UrlCodeReference:
    line, address = _line(place), get_settings().code_url
    if address is None or not place.file.is_relative_to(project_root()):
        return dg.LocalFileCodeReference(file_path=str(place.file), line_number=line, label=place.label)
    path = place.file.relative_to(project_root()).as_posix()
    anchor = f"#L{line}" if line else ""
    return dg.UrlCodeReference(url=f"{address.rstrip('/')}/{path}{anchor}", label=place.label)


def _line(place: Place) -> int | None:
    text = _text(place.file)
    match = re.search(f"^{place.pattern}", text, re.MULTILINE)
    return text.count("\n", 0, match.end()) + 1 if match else None


@functools.cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
