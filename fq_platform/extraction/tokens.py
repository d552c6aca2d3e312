"""Where a reader of a change stream stands, as text and as a file that survives a crash.

Belongs here: positions and keeping them. Does not: reading the stream (`change_stream.py`), or deciding what a lost
position entails.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from bson import Timestamp
from bson.errors import BSONError
from bson.json_util import CANONICAL_JSON_OPTIONS, JSONOptions, dumps, loads

from fq_platform.errors import FqError

_JSON: JSONOptions = CANONICAL_JSON_OPTIONS


class LostPositionError(Exception):
    """A kept position cannot be used, so that every window must be compared; the message says why."""


@dataclass(frozen=True)
class Position:
    """After which event the next look at a change stream begins.

    Args:
        token: The server's resume token, which only the server can read.
        time: A cluster time that the server had reached; a server that is behind it has another history.
        collections: Declared collection to its UUID as text, of those whose identity is known: what tells a database
            that was made anew from the one that the token was taken of.
    """

    token: Mapping[str, Any]
    time: Timestamp | None = None
    collections: Mapping[str, str] = field(default_factory=dict)

    def to_text(self) -> str:
        """The position as one line of canonical extended JSON, fit for a sensor's cursor."""
        content = {"token": dict(self.token), "time": self.time, "collections": dict(self.collections)}
        return dumps(content, json_options=_JSON)

    @classmethod
    def from_text(cls, text: str) -> "Position":
        """Read what `to_text` wrote.

        Args:
            text: The text.

        Returns:
            The position.

        Raises:
            LostPositionError: It is something else.
        """
        try:
            content = loads(text, json_options=_JSON)
        except (ValueError, TypeError, KeyError, AttributeError, BSONError) as error:
            raise LostPositionError(f"the kept position is not extended JSON: {error}") from None
        if not isinstance(content, dict):
            raise LostPositionError("the kept position is not an object")
        token, time, collections = (content.get(name) for name in ("token", "time", "collections"))
        if not isinstance(token, dict) or not token:
            raise LostPositionError("the kept position holds no resume token")
        if not isinstance(time, Timestamp | None) or not _is_text_to_text(collections):
            raise LostPositionError("the kept position has parts of wrong types")
        return cls(token, time, collections)


def _is_text_to_text(value: Any) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair)


class TokenStore:
    """One file that holds the position in one database's change stream.

    A position is written whole or not at all, and is on disk when `save` returns.

    Args:
        folder: Where the file stands; created when needed.
        cluster: Which MongoDB the database is on, in the words of whoever configures it, without secrets: the hosts of
            its URI (`source.address`), or `embedded`.
        database: The database's name.
    """

    def __init__(self, folder: Path, *, cluster: str, database: str) -> None:
        self._owner = {"cluster": cluster, "database": database}
        # The name is for people; the digest keeps names apart that differ by case or by characters no file may have.
        digest = hashlib.sha256(database.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        self.file = folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', database)[:80]}-{digest}.json"

    def load(self) -> Position | None:
        """The position that was saved last.

        Returns:
            The position; None if none was saved yet.

        Raises:
            LostPositionError: The file is damaged, or is of another cluster or database.
            FqError: The file cannot be read.
        """
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise LostPositionError(f"{self.file} is damaged: it is not text") from None
        except OSError as error:
            raise self._unusable("read", error) from error
        try:
            content = json.loads(text)
            owner, position = content["owner"], content["position"]
            of = f"{owner['database']} on {owner['cluster']}"
        except (ValueError, TypeError, KeyError):
            raise LostPositionError(f"{self.file} is damaged: it does not hold a position") from None
        if owner != self._owner:
            wanted = f"{self._owner['database']} on {self._owner['cluster']}"
            raise LostPositionError(f"the position in {self.file} is of {of}, not of {wanted}")
        return Position.from_text(position)

    def save(self, position: Position) -> None:
        """Keep a position in place of the one before.

        Call it only when what was read up to there is taken care of: events before it are not read again.

        Args:
            position: Where the next look begins.

        Raises:
            FqError: The file cannot be written; the one before is still there.
        """
        content = json.dumps({"owner": self._owner, "position": position.to_text()})
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            _replace(self.file, content)
        except OSError as error:
            raise self._unusable("written", error) from error

    def forget(self) -> None:
        """Remove the position, so that the next look begins with comparing every window."""
        self.file.unlink(missing_ok=True)

    def _unusable(self, done: str, error: OSError) -> FqError:
        return FqError(
            f"The position in the change stream cannot be {done}: {error.strerror}",
            where=str(self.file),
            fix="Give the folder room and this user the right to write in it",
        )


def _replace(file: Path, content: str) -> None:
    """Let a file have this content, so that after a crash it has the old or the new one, never half of it."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as writer:
            writer.write(content)
            writer.flush()
            os.fsync(writer.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # else the rename itself may be lost
    finally:
        os.close(folder)
