"""The unknown member of a dimension: what a fact refers to when the dimension lacks what it should refer to.

Belongs here: making that member. Does not: the dimensions' own columns.
"""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL


def with_unknown_member(
    dimension: DataFrame, *, key: str, labels: Sequence[str], others: Mapping[str, Column]
) -> DataFrame:
    """Add the unknown member.

    Args:
        dimension: The known members.
        key: Its key, which is `unknown` in the new row.
        labels: Columns that are `Unknown` in the new row.
        others: Further columns of the new row; those not named are null.

    Returns:
        The dimension with one more row.
    """
    values = {**others, key: sf.lit(UNKNOWN_ID), **{label: sf.lit(UNKNOWN_LABEL) for label in labels}}
    # The type by its name: the type itself may say that a list holds no nulls, to which Spark 4 casts nothing.
    member = dimension.sparkSession.range(1).select(
        *(
            values.get(field.name, sf.lit(None)).cast(field.dataType.simpleString()).alias(field.name)
            for field in dimension.schema.fields
        )
    )
    return dimension.unionByName(member)
