"""The documents of one collection, wherever they lie: the one thing of a source that sync and verify know.

Belongs here: what they ask for, and MongoDB's answers. Does not: those of files (`files/`).
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database

from fq_platform.extraction import ranges
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions, read
from fq_platform.extraction.source import require_collection
from fq_platform.extraction.windows import Window


class Documents(Protocol):
    """The documents of one collection."""

    def require(self) -> None:
        """See that they can be there: what is absent must not look like a deletion of all documents.

        Raises:
            FqError: They are not.
        """

    def read(self, window: Window, range_: Range, options: ReadOptions) -> Generator[bytes]:
        """The documents of a window and range as concatenated BSON, in bounded memory; see `reading.read`."""

    def sample(self, documents: int, most_bytes: int, options: ReadOptions) -> bytes:
        """Some documents that tell what the others are like, as concatenated BSON.

        Args:
            documents: How many.
            most_bytes: Of what size together (bytes); the last one may exceed it.
            options: How to read.
        """

    def plan(self, window: Window, documents: int, per_range: int) -> list[Range]:
        """Divide a window of so many documents into ranges of about so many; see `ranges.plan`."""

    def estimated_count(self) -> int:
        """About how many there are; 0 where only reading them would tell."""


class Source(Protocol):
    """What has collections and is no MongoDB database."""

    def documents(self, collection: str) -> Documents:
        """The documents of a collection, by its declared name."""


@dataclass(frozen=True)
class MongoDocuments:
    """The documents of a MongoDB collection.

    Args:
        database: The database.
        name: The collection's name.
    """

    database: Database[dict[str, Any]]
    name: str

    @property
    def _collection(self) -> Collection[dict[str, Any]]:
        return self.database[self.name]

    def require(self) -> None:
        """See that the collection exists."""
        require_collection(self.database, self.name)

    def read(self, window: Window, range_: Range, options: ReadOptions) -> Generator[bytes]:
        """Read them by a cursor, again if it is lost."""
        return read(self._collection, window, range_, options)

    def sample(self, documents: int, most_bytes: int, options: ReadOptions) -> bytes:
        """Draw some at random."""
        raw = options.applied_to(self._collection).with_options(
            codec_options=CODEC.with_options(document_class=RawBSONDocument)
        )
        drawn: list[bytes] = []
        size = 0
        with raw.aggregate([{"$sample": {"size": documents}}]) as found:
            for document in found:
                drawn.append(bytes(document.raw))
                size += len(drawn[-1])
                if size >= most_bytes:
                    break
        return b"".join(drawn)

    def plan(self, window: Window, documents: int, per_range: int) -> list[Range]:
        """Divide them by a sample of their `_id`s."""
        return ranges.plan(self._collection, window, documents, per_range)

    def estimated_count(self) -> int:
        """What the server knows without counting."""
        return self._collection.estimated_document_count()


def documents_of(source: Database[dict[str, Any]] | Source, collection: str) -> Documents:
    """The documents of a collection.

    Args:
        source: A MongoDB database, or anything else that has collections.
        collection: The collection's name.
    """
    return MongoDocuments(source, collection) if isinstance(source, Database) else source.documents(collection)
