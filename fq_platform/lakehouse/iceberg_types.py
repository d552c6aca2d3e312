"""Spark's types as Iceberg's.

Belongs here: the one table of types. Does not: comparing schemas (`spark_schema.py`).
"""

import itertools
from collections.abc import Iterator

from pyiceberg import types as iceberg
from pyiceberg.schema import Schema
from pyspark.sql import types as spark

from fq_platform.errors import FqError

_PLAIN: dict[type[spark.DataType], type[iceberg.PrimitiveType]] = {
    spark.BooleanType: iceberg.BooleanType,
    spark.ByteType: iceberg.IntegerType,
    spark.ShortType: iceberg.IntegerType,
    spark.IntegerType: iceberg.IntegerType,
    spark.LongType: iceberg.LongType,
    spark.FloatType: iceberg.FloatType,
    spark.DoubleType: iceberg.DoubleType,
    spark.StringType: iceberg.StringType,
    spark.VarcharType: iceberg.StringType,
    spark.CharType: iceberg.StringType,
    spark.BinaryType: iceberg.BinaryType,
    spark.DateType: iceberg.DateType,
    spark.TimestampType: iceberg.TimestamptzType,
    spark.TimestampNTZType: iceberg.TimestampType,
}


def iceberg_schema(table: str, schema: spark.StructType) -> Schema:
    """The schema of a new table, every column optional; field ids are placeholders.

    Args:
        table: Qualified name of the table, for the complaint.
        schema: Columns and types.

    Returns:
        The schema.

    Raises:
        FqError: A column has a type that no table can have.
    """
    return Schema(*_struct(table, (), schema, itertools.count(1)).fields)


def iceberg_type(table: str, path: tuple[str, ...], kind: spark.DataType) -> iceberg.IcebergType:
    """One type; field ids in it are placeholders.

    Args:
        table: Qualified name of the table, for the complaint.
        path: Where the type stands in the schema, for the complaint.
        kind: Spark's type.

    Raises:
        FqError: No column of a table can have it.
    """
    return _convert(table, path, kind, itertools.count(1))


def _convert(table: str, path: tuple[str, ...], kind: spark.DataType, ids: Iterator[int]) -> iceberg.IcebergType:
    match kind:
        case spark.StructType():
            return _struct(table, path, kind, ids)
        case spark.ArrayType():
            number = next(ids)
            return iceberg.ListType(number, _convert(table, (*path, "element"), kind.elementType, ids), False)
        case spark.MapType():
            key, value = next(ids), next(ids)
            return iceberg.MapType(
                key,
                _convert(table, (*path, "key"), kind.keyType, ids),
                value,
                _convert(table, (*path, "value"), kind.valueType, ids),
                False,
            )
        case spark.DecimalType():
            return iceberg.DecimalType(kind.precision, kind.scale)
        case spark.NullType():
            raise FqError(
                f"The column {'.'.join(path)} has no type, as it holds only untyped nulls",
                where=table,
                fix="Cast it to the type it is meant to have",
            )
    plain = _PLAIN.get(type(kind))
    if plain is None:
        raise FqError(
            f"The column {'.'.join(path)} is {kind.simpleString()}, which no table can hold",
            where=table,
            fix="Cast it to a type that Iceberg knows: a number, text, a date or a timestamp",
        )
    return plain()


def _struct(table: str, path: tuple[str, ...], kind: spark.StructType, ids: Iterator[int]) -> iceberg.StructType:
    return iceberg.StructType(
        *(
            iceberg.NestedField(
                next(ids), field.name, _convert(table, (*path, field.name), field.dataType, ids), required=False
            )
            for field in kind
        )
    )
