"""What a raw asset reads: a MongoDB database, or a folder of files.

Belongs here: opening either for the length of a `with` block. Does not: reading (`extraction/`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fq_platform.resources.mongo import MongoResource
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from pymongo.database import Database

    from fq_platform.extraction.documents import Source


@contextmanager
def opened(sources: Sources, mongo: MongoResource) -> "Iterator[Database[dict[str, Any]] | Source]":
    """Open what the collections are read from.

    Args:
        sources: The sources.
        mongo: Connects to MongoDB, if they are there.

    Yields:
        What `sync` reads.

    Raises:
        FqError: MongoDB cannot be reached, or fails while it is read.
    """
    from fq_platform.extraction.files.folder import folder_of

    folder = folder_of(sources)
    if folder is not None:
        yield folder
        return
    with mongo.database(sources.database) as database:
        yield database


def repeated_keys(source: "Database[dict[str, Any]] | Source", collection: str) -> Mapping[str, int]:
    """The keys that several rows of a file share, with the number of their rows, once it has been read.

    Args:
        source: What was read.
        collection: The collection; only a file's has keys that are not unique.
    """
    from fq_platform.extraction.files.folder import Folder

    return source.documents(collection).repeated if isinstance(source, Folder) else {}
