"""The declaration of what is extracted, read from the sources file with file and line in every complaint.

Belongs here: the file's types and validation. Does not: connecting to MongoDB to see whether it is true.
"""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fq_platform.errors import FqError
from fq_platform.extraction.engine_name import ExtractionEngine
from fq_platform.naming import RESERVED_PREFIX, normalise
from fq_platform.settings import get_settings
from fq_platform.source_files import SourceFile

TYPE_NAMES = (
    "boolean",
    "long",
    "double",
    "decimal",
    "decimal(p,s)",
    "string",
    "timestamp",
    "binary",
    "objectid",
    "uuid",
    "map",
    "struct",
)
"""What `types` may name; `decimal` alone is decimal(38,12)."""
MOST_DIGITS = 38
"""The precision that Iceberg's decimals end at."""

_COLUMN = re.compile(rf"(?!{RESERVED_PREFIX})[A-Za-z_][A-Za-z0-9_]*", re.IGNORECASE)
_OWNER = re.compile(r"team:\S+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
"""What Dagster takes as an owner."""
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")


class _MisplacedError(ValueError):
    """A complaint about one place in the file that involves others too."""

    def __init__(self, what: str, path: tuple[str, ...]) -> None:
        super().__init__(what)
        self.path = path


class Collection(BaseModel):
    """One declared collection.

    Args:
        partition_by: Dotted path of the event-time field; the collection is partitioned by day over it.
        watermark: Dotted path of the field that every insert and update raises.
        types: Dotted path of a column to the name of its type, where it shall not be decided by what is met first.
            Elements of arrays are transparent: `lines.price`.
        keep_document: Whether each row also holds its document's BSON bytes.
        engine: What extracts it: `arrow`, on this machine, or `spark`, on a cluster.
        file: The file that it is where `Sources.folder` names a folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    partition_by: str | None = Field(default=None, min_length=1)
    watermark: str | None = Field(default=None, min_length=1)
    types: Mapping[str, str] = Field(default_factory=dict)
    keep_document: bool = False
    engine: ExtractionEngine = ExtractionEngine.ARROW
    file: SourceFile | None = None

    @field_validator("types", mode="before")
    @classmethod
    def _unquoted_decimals(cls, value: Any) -> Any:
        if isinstance(value, dict) and any(
            str(name).startswith("decimal(") and ")" not in name for name in value.values()
        ):
            raise ValueError('Within {} a decimal needs quotes: "decimal(18,2)"')
        return value

    @field_validator("types")
    @classmethod
    def _known_types(cls, types: Mapping[str, str]) -> Mapping[str, str]:
        for path, name in types.items():
            _check_column(path)
            _check_type(path, name)
        for path in types:
            steps = path.split(".")
            for parent in (".".join(steps[:length]) for length in range(1, len(steps))):
                if types.get(parent, "struct") not in ("struct", "map"):
                    raise _MisplacedError(
                        f"the column {parent!r} is declared {types[parent]!r}, which has no columns within", (path,)
                    )
        return types


def _check_column(path: str) -> None:
    """Refuse what cannot be the path of a document's column."""
    steps = path.split(".")
    if not all(steps) or steps[0] == "_id":
        raise _MisplacedError(f"{path!r} is no path of a column whose type can be chosen", (path,))
    if not all(_COLUMN.fullmatch(step) for step in steps):
        raise _MisplacedError(f"the column of that field is called {'.'.join(map(normalise, steps))!r}", (path,))


def _check_type(path: str, name: str) -> None:
    digits = _DECIMAL.fullmatch(name)
    if digits:
        precision, scale = int(digits[1]), int(digits[2])
        if not 1 <= precision <= MOST_DIGITS or scale > precision:
            raise _MisplacedError(
                f"{name} is impossible: decimals have 1 to {MOST_DIGITS} digits, no more of them after the point",
                (path,),
            )
    elif name == "decimal(p,s)" or name not in TYPE_NAMES:
        raise _MisplacedError(f"{name!r} is not one of {', '.join(TYPE_NAMES)}", (path,))


class Sources(BaseModel):
    """The sources file: one MongoDB database, or a folder of files, and the collections of it that are landed.

    Args:
        app: What the tables' names start with.
        database: The database's name.
        start_date: The first day of all daily windows.
        time_zone: The IANA name of the zone whose midnights bound the days.
        owner: Who answers for the collections and their raw tables: an e-mail address, or `team:<name>`.
        collections: Name to options, in the file's order.
        folder: Where the collections' files lie; None where they are MongoDB's. Settings say it, no sources file does.
        declared_in: The sources file; None for that of `FQ_SOURCES`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    database: str = Field(min_length=1)
    start_date: dt.date
    time_zone: str = "UTC"
    owner: str = "team:data-platform"
    collections: dict[str, Collection] = Field(min_length=1)
    folder: Path | None = None
    declared_in: Path | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, such as Europe, is an OSError
            raise ValueError(f"{name!r} is no time zone; write an IANA name such as Europe/Berlin") from None
        return name

    @field_validator("owner")
    @classmethod
    def _known_kind_of_owner(cls, owner: str) -> str:
        if not _OWNER.fullmatch(owner):
            raise ValueError(f"{owner!r} is neither an e-mail address nor team:<name>")
        return owner

    @field_validator("folder", "declared_in", mode="before")
    @classmethod
    def _never_written(cls, _value: Any) -> Any:
        raise ValueError(_SAYS["extra_forbidden"])

    @field_validator("collections", mode="before")
    @classmethod
    def _empty_options(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {} if options is None else options for name, options in value.items()}

    @model_validator(mode="after")
    def _distinct_tables(self) -> "Sources":
        owner: dict[str, str] = {}
        for collection in self.collections:
            table = self.table(collection).lower()
            if table in owner:
                raise _MisplacedError(
                    f"{owner[table]!r} and {collection!r} would share the table {table!r}", ("collections", collection)
                )
            owner[table] = collection
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose midnights bound the days."""
        return ZoneInfo(self.time_zone)

    def today(self) -> dt.date:
        """The day that it is in that zone."""
        return dt.datetime.now(self.zone).date()

    def file(self, collection: str) -> SourceFile | None:
        """The file that a collection is; None for one of MongoDB's."""
        return self.collections[collection].file if self.folder else None

    def table(self, collection: str) -> str:
        """The name of a collection's raw table without its namespace, such as `ecommerce_db_orders`."""
        return f"{self.app}_{normalise(collection)}"


class _Loader(yaml.SafeLoader):
    """Names and values are text, whatever they look like (`no`, `1`), and no name may stand twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        met: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a name must be plain text", key.start_mark)
            if key.value in met:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            met.add(key.value)
        self.flatten_mapping(node)  # what `<<` brings in may be overridden
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}


def _text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


for _tag in ("bool", "int", "float", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _text)

_SAYS = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such key",
    "dict_type": "it must be a mapping of names to values",
    "model_type": "it must be a mapping of names to values",
}
"""Kinds of complaint that pydantic words for programmers."""


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
        node = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FqError(f"The sources file is not valid YAML: {error.problem}", where=f"{file}:{line}", fix=fix) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FqError(
            f"The sources file holds a character that YAML does not allow: {text[error.position]!r}",
            where=f"{file}:{line}",
            fix=fix,
        ) from None
    try:
        return Sources.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        path = (*first["loc"], *cause.path) if isinstance(cause, _MisplacedError) else first["loc"]
        problem = str(cause) if isinstance(cause, Exception) else _SAYS.get(first["type"], first["msg"])
        name = ".".join(map(str, path)) or "the file"
        where = f"{file}:{_line_of(node, path)}"
        raise FqError(f"The sources file is not valid: {name}: {problem}", where=where, fix=fix) from None


@cache
def get_sources() -> Sources:
    """The sources of this process (`FQ_SOURCES`), read once."""
    return load_sources(get_settings().sources_file)
