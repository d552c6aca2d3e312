"""How a DataFrame's schema meets a table's: what must change in the table, and the rows in the table's types.

Belongs here: comparing schemas, the casts. Does not: changing a table (`writing/evolving.py`).
"""

from dataclasses import dataclass

from pyiceberg.types import IcebergType
from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import (
    ArrayType,
    ByteType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    NullType,
    ShortType,
    StructField,
    StructType,
)

from fq_platform.errors import FqError
from fq_platform.lakehouse.iceberg_types import iceberg_type

Steps = tuple[str, ...]
"""Where a type stands in a schema: column, fields, and `element`, `key`, `value` inside lists and maps."""

_INTEGERS: list[type[DataType]] = [ByteType, ShortType, IntegerType, LongType]
_FLOATS: list[type[DataType]] = [FloatType, DoubleType]


@dataclass(frozen=True)
class Change:
    """A column, or a field within one, that a table is given or whose type is widened.

    Args:
        path: Where it stands.
        kind: The type that it gets.
        added: Whether it is new.
    """

    path: Steps
    kind: IcebergType
    added: bool


def evolution(table: str, present: StructType, incoming: StructType) -> list[Change]:
    """The changes after which the table can hold the incoming rows; columns are only ever added or widened.

    Args:
        table: Qualified name of the table.
        present: The table's schema.
        incoming: The DataFrame's schema.

    Returns:
        The changes in order; empty where the table can hold the rows as it is.

    Raises:
        FqError: A column's type can neither be cast without loss to the table's, nor the table's be promoted to it.
    """
    return _struct_changes(table, (), present, incoming)


def conformed(incoming: StructType, present: StructType) -> list[Column]:
    """The select list that turns incoming rows into rows of exactly the table's columns and types.

    Args:
        incoming: The DataFrame's schema.
        present: The table's schema, after its evolution.

    Returns:
        One column for each of the table's, in its order; what the DataFrame lacks is null.
    """
    names = _by_name(incoming)
    return [
        _conform(
            F.col(quote(names[field.name.lower()].name)), names[field.name.lower()].dataType, field.dataType
        ).alias(field.name)
        if field.name.lower() in names
        else F.lit(None).cast(field.dataType).alias(field.name)
        for field in present
    ]


def quote(name: str) -> str:
    """An identifier as SQL takes it, whatever characters it has."""
    return f"`{name.replace('`', '``')}`"


def text(value: str) -> str:
    """A text as SQL takes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _by_name(schema: StructType) -> dict[str, StructField]:
    """Fields by their lower-case name: Spark tells no columns apart by case."""
    return {field.name.lower(): field for field in schema}


def _struct_changes(table: str, path: Steps, present: StructType, incoming: StructType) -> list[Change]:
    known = _by_name(present)
    changes = []
    for field in incoming:
        match = known.get(field.name.lower())
        if match is None:
            here = (*path, field.name)
            changes.append(Change(here, iceberg_type(table, here, field.dataType), added=True))
        else:
            changes += _type_changes(table, (*path, match.name), match.dataType, field.dataType)
    return changes


def _type_changes(table: str, path: Steps, present: DataType, incoming: DataType) -> list[Change]:
    match present, incoming:
        case StructType(), StructType():
            return _struct_changes(table, path, present, incoming)
        case ArrayType(), ArrayType():
            return _type_changes(table, (*path, "element"), present.elementType, incoming.elementType)
        case MapType(), MapType() if _fits(incoming.keyType, present.keyType):
            return _type_changes(table, (*path, "value"), present.valueType, incoming.valueType)
    if _fits(incoming, present):
        return []
    if _promotable(present, incoming):
        return [Change(path, iceberg_type(table, path, incoming), added=False)]
    raise FqError(
        f"The column {'.'.join(path)} is {present.simpleString()} in the table and {incoming.simpleString()} in the "
        "new rows, which cannot be stored in it without loss; nothing was written",
        where=table,
        fix=f"Cast the column to {present.simpleString()} in the transform, or give it another name",
    )


def _fits(incoming: DataType, present: DataType) -> bool:
    """Whether every value of the incoming type is, unchanged, a value of the table's type."""
    if incoming == present or isinstance(incoming, NullType):
        return True
    if isinstance(incoming, DecimalType) and isinstance(present, DecimalType):
        digits = incoming.precision - incoming.scale <= present.precision - present.scale
        return digits and incoming.scale <= present.scale
    return any(_in_order(family, incoming, present) for family in (_INTEGERS, _FLOATS))


def _promotable(present: DataType, incoming: DataType) -> bool:
    """Whether Iceberg can widen the table's type to the incoming one without rewriting a file."""
    if isinstance(present, DecimalType) and isinstance(incoming, DecimalType):
        return present.scale == incoming.scale and present.precision < incoming.precision
    return any(_in_order(family, present, incoming) for family in (_INTEGERS, _FLOATS))


def _in_order(family: list[type[DataType]], narrow: DataType, wide: DataType) -> bool:
    return type(narrow) in family and type(wide) in family and family.index(type(narrow)) <= family.index(type(wide))


def _conform(column: Column, have: DataType, want: DataType) -> Column:
    if _same(have, want):  # Spark would rebuild lists and structs all the same
        return column
    match have, want:
        case StructType(), StructType():
            names = _by_name(have)
            fields = [
                _conform(column.getField(names[f.name.lower()].name), names[f.name.lower()].dataType, f.dataType)
                if f.name.lower() in names
                else F.lit(None).cast(f.dataType)
                for f in want
            ]
            named = [value.alias(field.name) for value, field in zip(fields, want, strict=True)]
            return F.when(column.isNotNull(), F.struct(*named))
        case ArrayType(), ArrayType():
            return F.transform(column, lambda element: _conform(element, have.elementType, want.elementType))
        case MapType(), MapType():
            values = F.transform_values(column, lambda _, value: _conform(value, have.valueType, want.valueType))
            return values.cast(want)
        case _:
            return column.cast(want)


def _same(have: DataType, want: DataType) -> bool:
    """Whether the types are equal apart from where nulls may be."""
    match have, want:
        case StructType(), StructType():
            fields = zip(have, want, strict=False)
            return have.names == want.names and all(_same(one.dataType, other.dataType) for one, other in fields)
        case ArrayType(), ArrayType():
            return _same(have.elementType, want.elementType)
        case MapType(), MapType():
            return _same(have.keyType, want.keyType) and _same(have.valueType, want.valueType)
        case _:
            return have == want
