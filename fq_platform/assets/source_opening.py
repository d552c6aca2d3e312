"""What a raw asset reads: a MongoDB database, or a folder of files.

Belongs here: opening either for the length of a `with` block. Does not: reading (`extraction/`).
"""

from collections.abc import Iterator
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
