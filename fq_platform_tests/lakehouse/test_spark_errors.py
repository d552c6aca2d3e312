"""What data and columns do to a transform is said with the table and a remedy; what is unknown is not disguised."""

import pytest
from pyspark.sql import SparkSession

from fq_platform.errors import FqError
from fq_platform.lakehouse.spark_errors import spark_errors

pytestmark = pytest.mark.services

TABLE = "iceberg.analytics.t"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "SELECT CAST(text AS INT) FROM VALUES ('1'), ('12,50') AS t(text)",
            "A row cannot be computed: [CAST_INVALID_INPUT] The value '12,50' of the type \"STRING\" cannot be cast to "
            '"INT" because it is malformed',
        ),
        ("SELECT 1 / n FROM VALUES (1), (0) AS t(n)", "A row cannot be computed: [DIVIDE_BY_ZERO] Division by zero"),
        (
            "SELECT CAST(n AS DECIMAL(3,1)) FROM VALUES (1), (1000) AS t(n)",
            "A row cannot be computed: [NUMERIC_VALUE_OUT_OF_RANGE] 1000 cannot be represented as Decimal(3, 1)",
        ),
        (
            "SELECT total FROM VALUES (1, 2) AS t(amount, day)",
            "The column `total`, which the table is made of, is missing: its source has no such field; "
            "it has `day`, `amount`",
        ),
        (
            "SELECT s.total FROM VALUES (named_struct('amount', 1)) AS t(s)",
            "The column `total`, which the table is made of, is missing: its source has no such field; it has `amount`",
        ),
    ],
    ids=["cast", "division", "precision", "column", "field"],
)
def test_known_errors_name_the_table_and_what_to_do(spark: SparkSession, sql: str, said: str) -> None:
    with pytest.raises(FqError) as told, spark_errors(TABLE):
        spark.sql(sql).collect()
    assert told.value.what == said
    assert told.value.where == TABLE
    assert told.value.fix
    assert told.value.__cause__ is not None


def test_unknown_errors_pass_as_they_are(spark: SparkSession) -> None:
    with pytest.raises(Exception, match="who knows") as raised, spark_errors(TABLE):
        spark.sql("SELECT raise_error('who knows')").collect()
    assert not isinstance(raised.value, FqError)


def test_errors_that_say_what_to_do_already_are_kept() -> None:
    known = FqError("It is broken", fix="Mend it")
    with pytest.raises(FqError) as told, spark_errors(TABLE):
        raise known
    assert told.value is known
