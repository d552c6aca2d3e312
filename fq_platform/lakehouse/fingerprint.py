"""A fingerprint of rows that does not depend on their order, to tell whether content changed.

Belongs here: the fingerprint's expressions. Does not: deciding what follows from it (`writing/contents.py`).
"""

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import ArrayType, AtomicType, DataType, MapType, StructType

from fq_platform.lakehouse.spark_schema import quote


def row_hash(schema: StructType) -> Column:
    """The hash of a row. The sum over rows, with their number, tells equal from different content.

    -0.0 equals 0.0 and NaN equals NaN.

    Args:
        schema: Columns and types of the rows.

    Returns:
        A column of type DECIMAL(20,0), which sums of many rows do not overflow. Compare it only between equal schemas.
    """
    values = [value for field in schema for value in _hashable(F.col(quote(field.name)), field.dataType)]
    return F.xxhash64(*values).cast("decimal(20,0)")


def _hashable(column: Column, kind: DataType) -> list[Column]:
    """The values whose hash, one after the other, sees all of the column.

    Spark's hash skips nulls, so that (null, 1) and (1, null) would be equal: each value is preceded by whether it is
    null. It runs lists together, so each list says how long it is. It refuses maps, so they become sorted lists.
    """
    match kind:
        case StructType():
            values = [value for field in kind for value in _hashable(column.getField(field.name), field.dataType)]
        case ArrayType(elementType=AtomicType()):
            values = [F.size(column), F.transform(column, lambda element: element.isNull()), column]
        case ArrayType():
            values = [F.size(column), F.transform(column, lambda element: _packed(element, kind.elementType))]
        case MapType():
            entries = F.transform(
                F.map_entries(column),
                lambda entry: F.struct(
                    _packed(entry["key"], kind.keyType).alias("key"),
                    _packed(entry["value"], kind.valueType).alias("value"),
                ),
            )
            values = [F.size(column), F.array_sort(entries)]
        case _:
            values = [column]
    return [column.isNull(), *values]


def _packed(element: Column, kind: DataType) -> Column:
    """The values of one element of a list, as one."""
    return F.struct(*[value.alias(f"f{number}") for number, value in enumerate(_hashable(element, kind))])
