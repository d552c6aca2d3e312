"""Rows that are computed once although they are used several times, and rows that SQL has a name for.

Belongs here: holding and naming them, in classic Spark and over Spark Connect. Does not: what is done with them.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame


@contextmanager
def held(rows: DataFrame) -> Iterator[DataFrame]:
    """Keep rows in Spark's memory, from their first use on, for the length of a `with` block.

    Args:
        rows: Rows that are dear to compute.

    Yields:
        The same rows.
    """
    with _analysed_once(rows) as known:
        kept = known.persist()
        try:
            yield kept
        finally:
            kept.unpersist()


@contextmanager
def _analysed_once(rows: DataFrame) -> Iterator[DataFrame]:
    """Let a server keep what the rows are made of.

    A frame of Spark Connect is a recipe: each look at its columns and each use sends the whole of it, and the server
    finds out anew what all its names mean, which can take longer than the rows. A view it has understood once.
    """
    if not type(rows).__module__.startswith("pyspark.sql.connect"):
        yield rows
        return
    with named(rows) as view:
        yield rows.sparkSession.table(view)


@contextmanager
def named(rows: DataFrame) -> Iterator[str]:
    """Let SQL know rows, for the length of a `with` block.

    Args:
        rows: The rows.

    Yields:
        The name of a temporary view of them, which nobody else uses: over Spark Connect runs may share a session.
    """
    view = f"fq_rows_{uuid.uuid4().hex}"
    rows.createOrReplaceTempView(view)
    try:
        yield view
    finally:
        rows.sparkSession.catalog.dropTempView(view)
