"""A fingerprint of rows that does not depend on their order, to tell whether content changed.

Belongs here: the fingerprint's expressions. Does not: deciding what follows from it (`spark_table.py`).
"""

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from fq_platform.lakehouse.spark_schema import quote


def fingerprint(schema: StructType) -> Column:
    """The aggregate that identifies the content of rows: the sum of their 64-bit hashes.

    Together with the number of rows it tells equal from different content; -0.0 equals 0.0 and NaN equals NaN.

    Args:
        schema: Columns and types of the rows.

    Returns:
        An aggregate of type DECIMAL(30,0); null where there are no rows. Compare it only between equal schemas.
    """
    row = F.xxhash64(*[_canonical(F.col(quote(field.name)), field.dataType) for field in schema])
    return F.sum(row.cast("decimal(20,0)"))


def _canonical(column: Column, kind: DataType) -> Column:
    """A value whose hash sees all of the column.

    Spark's hash skips nulls, so that (null, 1) and (1, null) would be equal: each value says whether it is null.
    It runs lists together, so each list says how long it is. It refuses maps, so they become sorted lists.
    """
    match kind:
        case StructType():
            value = F.struct(
                *[_canonical(column.getField(f.name), f.dataType).alias(f"f{i}") for i, f in enumerate(kind)]
            )
        case ArrayType():
            elements = F.transform(column, lambda element: _canonical(element, kind.elementType))
            value = F.struct(F.size(column).alias("size"), elements.alias("elements"))
        case MapType():
            entries = F.transform(
                F.map_entries(column),
                lambda entry: F.struct(
                    _canonical(entry["key"], kind.keyType).alias("key"),
                    _canonical(entry["value"], kind.valueType).alias("value"),
                ),
            )
            value = F.struct(F.size(column).alias("size"), F.array_sort(entries).alias("entries"))
        case _:
            value = column
    return F.struct(column.isNull().alias("is_null"), value.alias("value"))
