"""The names of what extracts.

Belongs here: the names, for the sources file and the command line. Does not: the engines (`sync.py`, `spark/`).
"""

from enum import StrEnum


class ExtractionEngine(StrEnum):
    """What reads a collection and writes its raw table."""

    ARROW = "arrow"
    SPARK = "spark"


class Partitioner(StrEnum):
    """How the MongoDB Spark Connector divides a collection among its readers."""

    AUTO = "auto"
    SINGLE = "single"
    SAMPLE = "sample"
    SHARDED = "sharded"
    PAGINATE_BY_SIZE = "paginate-by-size"
    PAGINATE_INTO_PARTITIONS = "paginate-into-partitions"
