"""A first look at a collection, so that its columns do not depend on which of its documents are landed first.

Belongs here: the sample that a new table's types are decided on. Does not: the rules of typing (`typing.py`).
"""

from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection

from fq_platform.extraction.batch import index
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.decoder import Decoder

DOCUMENTS = 1_000
LARGEST_SAMPLE = 16 * 2**20
"""How many documents are drawn, and the size (bytes) at which no more are taken."""


def look_at(collection: Collection[Any], decoder: Decoder) -> None:
    """Let a decoder decide columns on documents drawn at random.

    Units are landed at the same time, and the first batch that brings a field decides its type: with an integer today
    and fractions on all other days, that would be a matter of chance.

    Args:
        collection: The collection.
        decoder: Its schema has the columns afterwards.

    Raises:
        CorruptDocumentError: A document is malformed.
        PyMongoError: What reading raises.
    """
    raw = collection.with_options(codec_options=CODEC.with_options(document_class=RawBSONDocument))
    drawn: list[bytes] = []
    size = 0
    with raw.aggregate([{"$sample": {"size": DOCUMENTS}}]) as documents:
        for document in documents:
            drawn.append(bytes(document.raw))
            size += len(drawn[-1])
            if size >= LARGEST_SAMPLE:
                break
    if drawn:
        decoder.decode(index(b"".join(drawn)))
