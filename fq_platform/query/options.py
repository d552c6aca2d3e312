"""What a user can choose when asking a question.

Belongs here: names alone, so that `fq --help` loads no engine. Does not: what they stand for.
"""

from enum import StrEnum


class EngineName(StrEnum):
    """The engines that can be asked."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    TRINO = "trino"
    ATHENA = "athena"


class Format(StrEnum):
    """How a result is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
