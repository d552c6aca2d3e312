"""Which partitioner reads a collection, and whether it may be divided at all.

Belongs here: asking the server what it is. Does not: reading documents (`connector.py`).
"""

from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from fq_platform.errors import FqError
from fq_platform.extraction.brackets import bracket_of
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.engine_name import Partitioner

_PACKAGE = "com.mongodb.spark.sql.connector.read.partitioner"
_CLASSES = {
    Partitioner.SINGLE: f"{_PACKAGE}.SinglePartitionPartitioner",
    Partitioner.SAMPLE: f"{_PACKAGE}.SamplePartitioner",
    Partitioner.SHARDED: f"{_PACKAGE}.ShardedPartitioner",
    Partitioner.PAGINATE_BY_SIZE: f"{_PACKAGE}.PaginateBySizePartitioner",
    Partitioner.PAGINATE_INTO_PARTITIONS: f"{_PACKAGE}.PaginateIntoPartitionsPartitioner",
}


def partitioner_class(collection: Collection[Any], asked: Partitioner) -> str:
    """The connector's partitioner for a collection.

    A partitioner divides by comparisons, and MongoDB compares a value only with those of its own kind: where `_id`s, or
    shard keys, are of several kinds, the connector would pass over documents in silence. There one reader reads all.

    Args:
        collection: The collection; its read preference is heeded.
        asked: The partitioner that the settings name; AUTO chooses by what kind of deployment the server is.

    Returns:
        The full name of a class of the connector.

    Raises:
        FqError: The partitioner that was asked for cannot read this collection whole.
    """
    chosen = _for_deployment(collection) if asked is Partitioner.AUTO else asked
    if chosen is Partitioner.SINGLE:
        return _CLASSES[chosen]
    key = _shard_key(collection) if chosen is Partitioner.SHARDED else "_id"
    if key and _is_of_one_kind(collection, key):
        return _CLASSES[chosen]
    if asked is Partitioner.AUTO:
        return _CLASSES[Partitioner.SINGLE]
    raise FqError(
        f"The partitioner {asked.value!r} would pass over documents: "
        + (f"values of {key!r} are of several types" if key else "its shard key is compound, hashed, or none"),
        where=f"FQ_SPARK_PARTITIONER, {collection.full_name}",
        fix=f"Set FQ_SPARK_PARTITIONER={Partitioner.AUTO.value}, or {Partitioner.SINGLE.value}",
    )


def _for_deployment(collection: Collection[Any]) -> Partitioner:
    hello = collection.database.client.admin.command("hello")
    if hello.get("msg") == "isdbgrid":
        return Partitioner.SHARDED if _shard_key(collection) else Partitioner.SAMPLE
    return Partitioner.SAMPLE if "setName" in hello and not _is_embedded(collection) else Partitioner.SINGLE


def _is_embedded(collection: Collection[Any]) -> bool:
    """Whether it is the embedded server, which takes two readers at most and tells no sizes."""
    try:
        stats: dict[str, Any] = next(collection.aggregate([{"$collStats": {"storageStats": {}}}]), {})
    except OperationFailure:  # a view, or a role that may only find: a sample could not be planned either
        return True
    return not stats.get("storageStats", {}).get("size")


def _shard_key(collection: Collection[Any]) -> str | None:
    """The only field of a collection's shard key, if it has one and ranges of it are chunks."""
    try:
        found = collection.database.client["config"]["collections"].find_one({"_id": collection.full_name}) or {}
    except OperationFailure:  # who may not read the configuration may not use the partitioner that does
        return None
    key = found.get("key", {})
    return next(iter(key)) if len(key) == 1 and "hashed" not in key.values() and not found.get("dropped") else None


def _is_of_one_kind(collection: Collection[Any], key: str) -> bool:
    """Whether all values of an indexed field are of one kind: then the least and the greatest are, and none is NaN."""
    plain = collection.with_options(codec_options=CODEC)
    ends = [plain.find_one({}, {key: 1}, sort=[(key, order)]) for order in (ASCENDING, DESCENDING)]
    kinds = {bracket_of(_at(end, key)) for end in ends if end is not None}
    return len(kinds) <= 1 and None not in kinds


def _at(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document
