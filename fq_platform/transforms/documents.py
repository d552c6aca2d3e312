"""Reading documents into tables: their fields, their nested lines, and what could not be read of either.

Belongs here: what concerns a document as a whole. Does not: how a value is cleaned (`cleaning.py`), a table's columns.
"""

import itertools
from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, StructType

from fq_platform.transforms.changelog import RESCUED, with_rescued_read
from fq_platform.transforms.cleaning import ISSUES, NO_FIELDS, Fields, Issues, no_texts


class Document(Fields):
    """The documents of a collection.

    Args:
        documents: Live rows of its raw table (see `changelog.current`).
    """

    def __init__(self, documents: DataFrame) -> None:
        self._kept: list[Column] = []
        super().__init__(documents.schema, sf.col, sf.lit, "", [], Issues(), self._keep_in_document)
        self._documents = with_rescued_read(documents)
        self._lines: list[Column] = []

    def window_date(self, event_time: Column) -> Column:
        """The DATE of the daily window that owns the document.

        A document without a usable event time lies in the window of the start date, so the window decides, not the
        event time; only a collection that has no windows falls back to it.
        """
        return sf.coalesce(sf.col("_fq_window"), sf.to_date(event_time))

    def lines(self, name: str, line: Callable[[Fields, Column], dict[str, Column]]) -> Column:
        """An ARRAY of clean STRUCTs, empty where the source has none.

        Args:
            name: The array's field.
            line: Makes the columns of one line from its fields and its position, a BIGINT from 1.

        Returns:
            The column to give to `table`, which moves the lines' issues to the document.
        """
        kind = self._type(name)
        source, array, fields = sf.lit(None), ArrayType(NO_FIELDS), NO_FIELDS
        if isinstance(kind, ArrayType) and isinstance(kind.elementType, StructType):
            source, array, fields = sf.col(name), kind, kind.elementType
        elif kind is not None:
            self._note(False, sf.col(name), sf.lit(name), source)

        def fields_of(element: Column, prefix: Column, issues: Issues, keep: Callable[..., Column]) -> Fields:
            return Fields(
                fields,
                lambda inner: element[inner],
                lambda inner: sf.concat(prefix, sf.lit(inner)),
                rf"{name}\[\d+\]\.",
                self._read,
                issues,
                keep,
            )

        def prepare(element: Column, index: Column) -> Column:
            """What `clean` needs of a line: a lambda can keep nothing but what another hands to it."""
            prefix = sf.concat(sf.lit(f"{name}["), index.cast("string"), sf.lit("]."))
            kept: list[Column] = []

            def keep(make: Callable[[], Column]) -> Column:
                kept.append(make())
                return kept[-1]

            line(fields_of(element, prefix, Issues(), keep), _position(index))
            named = (column.alias(_kept_name(number)) for number, column in enumerate(kept))
            return sf.struct(element.alias("element"), prefix.alias("prefix"), *named)

        def clean(prepared: Column, index: Column) -> Column:
            numbers = itertools.count()
            issues = Issues()
            one = fields_of(
                prepared["element"], prepared["prefix"], issues, lambda _: prepared[_kept_name(next(numbers))]
            )
            columns = line(one, _position(index))
            return sf.struct(*(column.alias(key) for key, column in columns.items()), issues.column().alias(ISSUES))

        elements = sf.coalesce(source.cast(array), sf.array().cast(array))
        column = sf.transform(sf.transform(elements, prepare), clean)
        self._lines.append(column)
        return column

    def table(self, **columns: Column) -> DataFrame:
        """Make the table of these columns, with `data_issues` as the last.

        Args:
            columns: The columns by name, in order.

        Returns:
            One row per document. `data_issues` also lists rescued values of fields that were not read at all.
        """
        nested = [name for name, column in columns.items() if any(column is made for made in self._lines)]
        kept = (column.alias(_kept_name(number)) for number, column in enumerate(self._kept))
        table = self._documents.select("*", *kept).select(
            *(column.alias(name) for name, column in columns.items()),
            sf.concat(self._issues.column(), self._unused()).alias(ISSUES),
        )
        if not nested:
            return table
        of_lines = (sf.flatten(sf.transform(sf.col(name), lambda line: line[ISSUES])) for name in nested)
        return table.select(
            *(_without_issues(name) if name in nested else sf.col(name) for name in columns),
            sf.concat(sf.col(ISSUES), *of_lines).alias(ISSUES),
        )

    def _keep_in_document(self, make: Callable[[], Column]) -> Column:
        self._kept.append(make())
        return sf.col(_kept_name(len(self._kept) - 1))

    def _unused(self) -> Column:
        """Issues of the rescued values that no field was read from."""
        known = f"^(?:{'|'.join(dict.fromkeys(self._read))})$"
        others = sf.filter(
            sf.map_entries(sf.col(RESCUED)),
            # An array or a document without anything in it has no column as long as none came with something in it.
            lambda entry: ~entry["key"].rlike(known) & ~entry["value"].isin("[]", "{}"),
        )
        issues = sf.transform(others, lambda entry: sf.concat(entry["key"], sf.lit(": not used: "), entry["value"]))
        return sf.coalesce(issues, no_texts())


def _kept_name(number: int) -> str:
    return f"_fq_read_{number}"


def _position(index: Column) -> Column:
    """A line's position from 1, a BIGINT, of its index from 0."""
    return (index + 1).cast("bigint")


def _without_issues(lines: str) -> Column:
    return sf.transform(sf.col(lines), lambda line: line.dropFields(ISSUES)).alias(lines)
