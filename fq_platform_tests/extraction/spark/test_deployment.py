from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from fq_platform.errors import FqError
from fq_platform.extraction.engine_name import Partitioner
from fq_platform.extraction.spark.deployment import partitioner_class

pytestmark = pytest.mark.services


@pytest.mark.parametrize("ids", [[1, "text"], [float("nan"), 1], [True, False], [ObjectId(), None]])
def test_a_collection_whose_ids_a_comparison_passes_over_is_never_divided(
    mongo_database: Database[dict[str, Any]], ids: list[Any]
) -> None:
    mongo_database.things.insert_many([{"_id": value} for value in ids])
    with pytest.raises(FqError, match="would pass over documents: values of '_id' are of several types"):
        partitioner_class(mongo_database.things, Partitioner.SAMPLE)
    assert partitioner_class(mongo_database.things, Partitioner.AUTO).endswith(".SinglePartitionPartitioner")


def test_a_partitioner_that_was_named_is_taken_where_it_reads_all(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.things.insert_many([{"_id": 1}, {"_id": 2.5}])
    chosen = partitioner_class(mongo_database.things, Partitioner.PAGINATE_INTO_PARTITIONS)
    assert chosen.endswith(".PaginateIntoPartitionsPartitioner")
    with pytest.raises(FqError, match="its shard key is compound, hashed, or none"):
        partitioner_class(mongo_database.things, Partitioner.SHARDED)


def test_the_embedded_server_is_read_by_one(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.things.insert_many([{"_id": 1}, {"_id": 2}])
    assert partitioner_class(mongo_database.things, Partitioner.AUTO).endswith(".SinglePartitionPartitioner")
