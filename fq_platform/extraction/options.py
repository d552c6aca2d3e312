"""How a collection is extracted: the settings of the installation and the options of its sources file, in one.

Belongs here: bringing the two together. Does not: either of them, or what they do (`sync.py`).
"""

from fq_platform.extraction.sync import SyncOptions
from fq_platform.settings import Settings
from fq_platform.sources import Collection


def sync_options(settings: Settings, collection: Collection) -> SyncOptions:
    """The options of a sync, whoever starts it.

    Args:
        settings: How fast, and how gently, this installation reads.
        collection: What the sources file says of the collection.

    Returns:
        The options for `sync`.
    """
    return SyncOptions(
        workers=settings.extraction_workers,
        batch_bytes=settings.extraction_batch_bytes,
        range_documents=settings.extraction_range_documents,
        documents_per_second=settings.extraction_documents_per_second,
        read_preference=settings.extraction_read_preference,
        types=collection.types,
        keep_document=collection.keep_document,
    )
