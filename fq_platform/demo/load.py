"""Loads the sample business into a MongoDB, once.

Belongs here: storing, indexing, and knowing what is stored. Does not: what the documents hold (`sample_data.py`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.database import Database

from fq_platform.demo.sample_data import COLLECTIONS, Business
from fq_platform.demo.sample_rules import VERSION, Document
from fq_platform.errors import FqError
from fq_platform.extraction.source import connect, mongo_errors
from fq_platform.settings import get_settings

MARKER_COLLECTION = "fq_demo"
"""Holds what the platform knows about the sample data; no part of the business."""
BATCH_DOCUMENTS = 1_000

_MARKER = {"_id": "sample"}
_INDEXED = {
    "customers": ("updated_at",),
    "products": ("updated_at",),
    "orders": ("order_date", "updated_at"),
    "invoices": ("invoice_date", "updated_at"),
    "payments": ("payment_date", "updated_at"),
}

Progress = Callable[[int, int], None]
"""Told now and then how many of how many orders are made."""


def load(uri: str, database: str, business: Business, progress: Progress | None = None) -> dict[str, int]:
    """Store a sample business, unless it is there already; a load that was interrupted is done anew.

    Args:
        uri: The MongoDB's URI.
        database: The database's name; its sample collections are this function's own.
        business: What to store.
        progress: Called after every batch with the orders made so far and in all; not called if all is there.

    Returns:
        The number of documents by collection.

    Raises:
        FqError: The database holds another sample business, or collections of the same names that are none,
            or the MongoDB cannot be written to.
    """
    with connect(uri, get_settings().mongo_timeout_seconds) as client, mongo_errors(uri):
        return _load(client[database], business, progress)


def _load(database: Database[Document], business: Business, progress: Progress | None) -> dict[str, int]:
    marker = database[MARKER_COLLECTION].find_one(_MARKER)
    if marker is None:
        _refuse_foreign_data(database)
    elif marker["complete"]:
        _refuse_another_business(database, marker, business)
        return dict(marker["documents"])
    # The marker comes before the first document: what stands without one was not put there by us.
    parameters = _parameters(business)
    database[MARKER_COLLECTION].replace_one(_MARKER, {**parameters, "complete": False}, upsert=True)
    for collection in COLLECTIONS:
        database.drop_collection(collection)
    counts = _insert(database, business, progress)
    for collection, fields in _INDEXED.items():
        for field in fields:
            database[collection].create_index(field)
    database[MARKER_COLLECTION].replace_one(_MARKER, {**parameters, "complete": True, "documents": counts})
    return counts


def _insert(database: Database[Document], business: Business, progress: Progress | None) -> dict[str, int]:
    counts = dict.fromkeys(COLLECTIONS, 0)
    waiting: dict[str, list[Document]] = {collection: [] for collection in COLLECTIONS}

    def store(collection: str) -> None:
        batch = waiting[collection]
        if batch:
            database[collection].insert_many(batch)
            counts[collection] += len(batch)
            batch.clear()
            if progress is not None:
                progress(counts["orders"], business.orders)

    for collection, document in business.documents():
        waiting[collection].append(document)
        if len(waiting[collection]) == BATCH_DOCUMENTS:
            store(collection)
    for collection in COLLECTIONS:
        store(collection)
    return counts


def _parameters(business: Business) -> dict[str, Any]:
    return {
        "version": VERSION,
        "seed": business.seed,
        "start": business.start.isoformat(),
        "days": business.days,
        "orders": business.orders,
    }


def _refuse_foreign_data(database: Database[Document]) -> None:
    found = [collection for collection in COLLECTIONS if database[collection].find_one(projection=["_id"])]
    if found:
        raise FqError(
            f"The collections {', '.join(found)} hold documents that are not sample data",
            where=f"database {database.name}",
            fix="Let MONGO_URI name another MongoDB, or unset it to use the embedded one; nothing was changed",
        )


def _refuse_another_business(database: Database[Document], marker: Mapping[str, Any], business: Business) -> None:
    differing = [
        f"{name} {marker[name]} is stored, {value} is asked for"
        for name, value in _parameters(business).items()
        if marker[name] != value
    ]
    if differing:
        raise FqError(
            f"Other sample data is loaded already: {'; '.join(differing)}",
            where=f"database {database.name}",
            fix="Remove FQ_HOME/mongo (and the lake made of it), or set FQ_DEMO_SEED, FQ_DEMO_DAYS and "
            "FQ_DEMO_ORDERS to what is stored",
        )
