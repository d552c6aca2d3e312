"""A first look at a collection, so that its columns do not depend on which of its documents are landed first.

Belongs here: the sample that a new table's types are decided on. Does not: the rules of typing (`typing.py`).
"""

from fq_platform.extraction.batch import index
from fq_platform.extraction.decoder import Decoder
from fq_platform.extraction.documents import Documents
from fq_platform.extraction.reading import ReadOptions

DOCUMENTS = 1_000
LARGEST_SAMPLE = 16 * 2**20
"""How many documents are drawn, and the size (bytes) at which no more are taken."""


def look_at(documents: Documents, options: ReadOptions, decoder: Decoder) -> None:
    """Let a decoder decide columns on some documents, drawn at random where that is possible.

    Units are landed at the same time, and the first batch that brings a field decides its type: with an integer today
    and fractions on all other days, that would be a matter of chance.

    Args:
        documents: The collection's documents.
        options: How they are read.
        decoder: Its schema has the columns afterwards.

    Raises:
        CorruptDocumentError: A document is malformed.
        PyMongoError: What reading raises.
    """
    drawn = documents.sample(DOCUMENTS, LARGEST_SAMPLE, options)
    if drawn:
        decoder.decode(index(drawn))
