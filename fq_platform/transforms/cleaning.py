"""Reading fields into clean, typed columns, with a list of what could not be read.

Belongs here: how text, numbers and times are cleaned. Does not: whole documents and their lines (`documents.py`).
"""

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as sf
from pyspark.sql.types import (
    ArrayType,
    AtomicType,
    BinaryType,
    BooleanType,
    DataType,
    FractionalType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from fq_platform.transforms.changelog import (
    NUMBER,
    RESCUED,
    number_from_text,
    rescued,
    rescued_is_empty,
    rescued_number,
    rescued_text,
    rescued_timestamp,
    timestamp_from_text,
)

ISSUES = "data_issues"

NO_FIELDS = StructType([StructField("_", StringType())])
"""A struct cannot be without fields; this one has none that a document could have."""


class Issues:
    """What reading could not keep, as `<path>: <problem>`."""

    def __init__(self) -> None:
        self._suspicions: list[Column] = [sf.col(RESCUED).isNotNull()]
        self._problems: list[Column] = []

    def add(self, problem: Column, *, suspicion: Column | None = None) -> None:
        """Add a problem.

        Args:
            problem: A STRING column, null where all is well.
            suspicion: A BOOLEAN column, cheap to compute and true wherever there is a problem in a value that was not
                rescued; None if only rescued values can have this problem.
        """
        self._problems.append(problem)
        if suspicion is not None:
            self._suspicions.append(suspicion)

    def column(self) -> Column:
        """All problems of one document or line, as an ARRAY<STRING>; few have any, so the others do not look."""
        problems = sf.array_compact(sf.array(*self._problems))
        return sf.when(reduce(or_, self._suspicions), problems).otherwise(no_texts())


class Fields:
    """The fields of a document, or of a struct in it. Every read notes what it could not keep in `issues`.

    Args:
        schema: The fields that have a column.
        at: Gives the column of a field by its name.
        path: Gives the path of a field in the document by its name, a STRING column.
        pattern: A regular expression for what stands before the field's name in its path.
        read: Collects a regular expression for each path that was read.
        issues: Collects what could not be kept.
        keep: Gives a column that holds what a function makes, so that it is computed once and stands once in Spark's
            plan, however often it is used. Plans of hundreds of repeated expressions take longer than their rows.
    """

    def __init__(
        self,
        schema: StructType,
        at: Callable[[str], Column],
        path: Callable[[str], Column],
        pattern: str,
        read: list[str],
        issues: Issues,
        keep: Callable[[Callable[[], Column]], Column],
    ) -> None:
        self._schema = schema
        self._at = at
        self._path = path
        self._pattern = pattern
        self._read = read
        self._issues = issues
        self._keep = keep

    def text(self, name: str) -> Column:
        """A STRING without blanks around it, null if nothing is left; a number or boolean as its text."""
        kind, column, path = self._field(name)
        readable = kind is None or (isinstance(kind, AtomicType) and not isinstance(kind, BinaryType))
        value = sf.coalesce(column.cast("string"), rescued_text(path)) if readable else rescued_text(path)
        self._note(readable, column, path, value)
        return sf.nullif(sf.trim(value), sf.lit(""))

    def number(self, name: str, precision: int, scale: int) -> Column:
        """A DECIMAL(precision, scale), rounded half up (and noted) if the source is finer."""
        kind, column, path = self._field(name)
        exact = self._keep(lambda: _exact(kind, column, path))
        limit = Decimal(10) ** (precision - scale) - 1
        value = sf.when(exact.between(-limit, limit), exact).cast(f"decimal({precision},{scale})")
        if isinstance(kind, NumericType):
            suspicion = ~column.between(-limit, limit) | (column != sf.round(column, scale))
        else:
            suspicion = column.isNotNull()
        unread = self._unread(column, path, value)
        rounded = sf.when(value != exact, sf.concat(path, sf.lit(": rounded from "), _plain(exact)))
        self._issues.add(sf.coalesce(unread, rounded), suspicion=suspicion if kind is not None else None)
        return value

    def money(self, name: str) -> Column:
        """A DECIMAL(18,2)."""
        return self.number(name, 18, 2)

    def money_or_zero(self, name: str) -> Column:
        """A DECIMAL(18,2), zero where the source has none; what it has but cannot be read stays null."""
        money = self.money(name)
        _, column, path = self._field(name)
        absent = column.isNull() & rescued(path).isNull()
        return sf.when(absent, sf.lit(Decimal("0.00")).cast("decimal(18,2)")).otherwise(money)

    def rate(self, name: str) -> Column:
        """A DECIMAL(5,2), in percent."""
        return self.number(name, 5, 2)

    def quantity(self, name: str) -> Column:
        """A DECIMAL(18,3)."""
        return self.number(name, 18, 3)

    def integer(self, name: str) -> Column:
        """A BIGINT."""
        return self.number(name, 18, 0).cast("bigint")

    def timestamp(self, name: str) -> Column:
        """A TIMESTAMP in UTC; texts are read if they are ISO 8601."""
        kind, column, path = self._field(name)
        value = rescued_timestamp(path)
        if isinstance(kind, TimestampType):
            value = sf.coalesce(column, value)
        elif isinstance(kind, StringType):
            value = sf.coalesce(timestamp_from_text(column), value)
        self._note(kind is None or isinstance(kind, TimestampType), column, path, value)
        return value

    def flag(self, name: str) -> Column:
        """A BOOLEAN, false where the source has none."""
        kind, column, path = self._field(name)
        readable = isinstance(kind, BooleanType)
        value = column if readable else sf.lit(None).cast("boolean")
        self._note(readable or kind is None, column, path, value)
        return sf.coalesce(value, sf.lit(False))

    def texts(self, name: str) -> Column:
        """An ARRAY<STRING>, empty where the source has none."""
        kind, column, path = self._field(name)
        readable = isinstance(kind, ArrayType) and isinstance(kind.elementType, AtomicType)
        value = sf.when(rescued_is_empty(path), no_texts())
        value = sf.coalesce(column.cast("array<string>"), value) if readable else value
        self._note(readable or kind is None, column, path, value)
        return sf.array_compact(sf.coalesce(value, no_texts()))

    def parsed(self, name: str, parse: Callable[[Column], Column]) -> Column:
        """What a text spells, of any type; null, and noted, where there is a text and `parse` gives null.

        Args:
            name: The field.
            parse: Reads a STRING column without blanks around it, null if there is none.
        """
        text = self.text(name)
        value = parse(text)
        self.remark(name, "cannot be read", value.isNull())
        return value

    def remark(self, name: str, problem: str, where: Column) -> None:
        """Note a field with a text, in other words.

        Args:
            name: The field.
            problem: What is wrong with it, a few words.
            where: A BOOLEAN column: whether that is so.
        """
        text = self.text(name)
        noted = where & text.isNotNull()
        said = sf.concat(self._path(name), sf.lit(f": {problem}: "), text)
        self._issues.add(sf.when(noted, said), suspicion=noted)

    def struct(self, name: str) -> "Fields":
        """The fields of a struct."""
        kind = self._type(name)
        if kind is not None and not isinstance(kind, StructType):
            _, column, path = self._field(name)
            self._note(False, column, path, sf.lit(None))
        return Fields(
            kind if isinstance(kind, StructType) else NO_FIELDS,
            lambda inner: self._at(name)[inner],
            lambda inner: self._path(f"{name}.{inner}"),
            rf"{self._pattern}{name}\.",
            self._read,
            self._issues,
            self._keep,
        )

    def _type(self, name: str) -> DataType | None:
        return self._schema[name].dataType if name in self._schema.names else None

    def _field(self, name: str) -> tuple[DataType | None, Column, Column]:
        """Type and column of a field (None and nulls if it has no column), and its path in the document."""
        kind = self._type(name)
        self._read.append(f"{self._pattern}{name}")
        return kind, self._at(name) if kind is not None else sf.lit(None).cast("string"), self._path(name)

    def _note(self, readable: bool, column: Column, path: Column, value: Column) -> None:
        """Note a field that has something in the source but no value; a readable type fails in rescued values only."""
        suspicion = None if readable else column.isNotNull() & value.isNull()
        self._issues.add(self._unread(column, path, value), suspicion=suspicion)

    def _unread(self, column: Column, path: Column, value: Column) -> Column:
        source = sf.coalesce(column.cast("string"), rescued(path))
        # Null where the source has nothing, for so is the sentence.
        return sf.when(value.isNull(), sf.concat(path, sf.lit(": cannot be read: "), source))


def _exact(kind: DataType | None, column: Column, path: Column) -> Column:
    """A field as NUMBER; null for what no decimal can hold (NaN, infinities, more than 26 digits) or no text spells."""
    if isinstance(kind, FractionalType):
        limit = Decimal(10) ** 25
        column = sf.when(column.between(-limit, limit), column)
    if isinstance(kind, NumericType):
        return sf.coalesce(column.cast(NUMBER), rescued_number(path))
    if isinstance(kind, StringType):
        return sf.coalesce(number_from_text(column), rescued_number(path))
    return rescued_number(path)


def no_texts() -> Column:
    """An empty ARRAY<STRING>."""
    return sf.array().cast("array<string>")


def _plain(number: Column) -> Column:
    """A decimal's text without the zeros that only its type adds."""
    return sf.regexp_replace(number.cast("string"), r"\.?0+$", "")
