"""Rows made of an increment of a raw table, as they are merged: what became of each document that it names.

Belongs here: finding the documents of which nothing is left. Does not: reading, or merging.
Only what Spark Connect offers is used.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

OPERATION = "_fq_op"
DELETE = "delete"
_ID = "_id"


def to_merge(made: DataFrame, increment: DataFrame, key: str) -> DataFrame:
    """Add a row to delete for every document of the increment of which the transform made none.

    Such a document was deleted, or the transform leaves it out as it is now.

    Args:
        made: What a transform made of the increment.
        increment: Rows of a raw table.
        key: The column of `made` that holds the documents' `_id`.

    Returns:
        The rows with a column `_fq_op`, which is `delete` in those that only have a key; there is one row a document.
    """
    documents = increment.select(sf.col(_ID).cast(made.schema[key].dataType).alias(key)).distinct()
    gone = documents.join(made.select(key), on=key, how="left_anti").withColumn(OPERATION, sf.lit(DELETE))
    return made.withColumn(OPERATION, sf.lit("update")).unionByName(gone, allowMissingColumns=True)
