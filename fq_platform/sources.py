"""The declaration of what is extracted, read from the sources file with file and line in every complaint.

Belongs here: the file's types and validation. Does not: connecting to MongoDB to see whether it is true.
"""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fq_platform.errors import FqError
from fq_platform.naming import normalise
from fq_platform.settings import get_settings


class Collection(BaseModel):
    """One declared collection.

    Args:
        partition_by: Dotted path of the event-time field; the collection is partitioned by day over it, in UTC.
        watermark: Dotted path of the field that every insert and update raises.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    partition_by: str | None = Field(default=None, min_length=1)
    watermark: str | None = Field(default=None, min_length=1)


class Sources(BaseModel):
    """The sources file: one MongoDB database and the collections of it that are landed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    database: str = Field(min_length=1)
    start_date: dt.date
    collections: dict[str, Collection] = Field(min_length=1)

    @field_validator("collections", mode="before")
    @classmethod
    def _empty_options(cls, value: Any) -> Any:
        return {name: options or {} for name, options in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _distinct_tables(self) -> "Sources":
        owner: dict[str, str] = {}
        for collection in self.collections:
            table = self.table(collection).lower()
            if table in owner:
                raise ValueError(f"collections {owner[table]!r} and {collection!r} would share the table {table!r}")
            owner[table] = collection
        return self

    def table(self, collection: str) -> str:
        """The name of a collection's raw table without its namespace, such as `ecommerce_db_orders`."""
        return f"{self.app}_{normalise(collection)}"


def _line_of(node: yaml.Node | None, path: tuple[Any, ...]) -> int:
    """The one-based line of the value at `path`, or of the deepest ancestor that exists."""
    line = 1
    while node is not None:
        line = node.start_mark.line + 1
        if not path or not isinstance(node, yaml.MappingNode):
            break
        step, path = path[0], path[1:]
        child = None
        for key, value in node.value:
            if key.value == str(step):
                line, child = key.start_mark.line + 1, value
        if child is None or not path:
            break
        node = child
    return line


def load_sources(file: Path) -> Sources:
    """Read and validate a sources file.

    Args:
        file: Path of the YAML file.

    Returns:
        The declared app, database and collections, in the file's order.

    Raises:
        FqError: The file is missing, is not YAML, or says something that is not allowed; file and line are named.
    """
    fix = "Correct the line named; fq_platform/sources.yaml shows a complete example"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise FqError(
            f"The sources file cannot be read: {error.strerror}",
            where=str(file),
            fix="Create it, or let FQ_SOURCES name another file",
        ) from None
    except UnicodeDecodeError:
        raise FqError("The sources file is not UTF-8 text", where=str(file), fix="Save it as UTF-8") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{file}:{mark.line + 1}" if mark else str(file)
        problem = getattr(error, "problem", None) or error
        raise FqError(f"The sources file is not valid YAML: {problem}", where=line, fix=fix) from None
    try:
        return Sources.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(step) for step in first["loc"]) or "the file"
        where = f"{file}:{_line_of(node, first['loc'])}"
        raise FqError(f"The sources file is not valid: {name}: {first['msg']}", where=where, fix=fix) from None


@cache
def get_sources() -> Sources:
    """The sources of this process (`FQ_SOURCES`), read once."""
    return load_sources(get_settings().sources_file)
