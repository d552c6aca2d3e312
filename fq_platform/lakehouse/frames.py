"""The kinds of frames that people work with, and rows of a table as each of them.

Belongs here: one conversion a kind. Does not: reading tables (`arrow_read.py`), or frames on their way to a table
(`incoming.py`).
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fq_platform.errors import FqError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from fq_platform.lakehouse.arrow_read import TableRows


class FrameKind(StrEnum):
    """The kinds of frames, by library and class."""

    SPARK = "pyspark.DataFrame"
    ARROW = "pyarrow.Table"
    ARROW_STREAM = "pyarrow.RecordBatchReader"
    POLARS = "polars.DataFrame"
    POLARS_LAZY = "polars.LazyFrame"
    PANDAS = "pandas.DataFrame"


def kind_of(annotation: Any) -> FrameKind | None:
    """The kind of frame that a class is; no library is imported to tell.

    Args:
        annotation: A class, or any other type annotation.

    Returns:
        The kind; None if it is no frame.
    """
    known = f"{_module(annotation).split('.')[0]}.{_name(annotation)}"
    return next((kind for kind in FrameKind if kind.value == known), None)


def kind_asked_for(annotation: Any) -> FrameKind:
    """The kind of frame that a parameter is annotated with.

    Args:
        annotation: Any type annotation; `Any`, also where there is none, stands for a Spark DataFrame.

    Returns:
        The kind.

    Raises:
        FqError: Rows are not given as such objects.
    """
    kind = FrameKind.SPARK if annotation is Any else kind_of(annotation)
    if kind is None:
        raise FqError(
            f"A table cannot be given as {_module(annotation)}.{_name(annotation)}",
            fix=f"Annotate the parameter with one of {', '.join(FrameKind)}, or with nothing for a Spark DataFrame",
        )
    return kind


def kind_given(frame: Any, where: str) -> FrameKind:
    """The kind of frame that an object is.

    Args:
        frame: Any object.
        where: The table that is to be made of it, for the complaint.

    Returns:
        The kind.

    Raises:
        FqError: It is no frame.
    """
    kind = kind_of(type(frame))
    if kind is None:
        raise FqError(
            f"A table cannot be made of a {_module(type(frame))}.{_name(type(frame))}",
            where=where,
            fix=f"Return one of {', '.join(FrameKind)}, or None from an asset that writes its table itself",
        )
    return kind


def _module(annotation: Any) -> str:
    return getattr(annotation, "__module__", "")


def _name(annotation: Any) -> str:
    return getattr(annotation, "__name__", str(annotation))


def converted(rows: "TableRows", kind: FrameKind) -> Any:
    """Rows of a table as a frame.

    Args:
        rows: The rows, not read yet.
        kind: Any kind but Spark's.

    Returns:
        The frame. A stream and a lazy frame read when they are used, at the same snapshot.

    Raises:
        FqError: The library is not installed.
    """
    try:
        return _CONVERSIONS[kind](rows)
    except ModuleNotFoundError as error:
        raise FqError(
            f"{error.name} is not installed, so that a table cannot be given as {kind}",
            fix="Install the extra `dataframes`, or let the parameter be a Spark DataFrame or a pyarrow.Table",
        ) from None


def _polars(rows: "TableRows") -> "pl.DataFrame":
    import polars as pl

    frame = pl.from_arrow(rows.to_table())
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _polars_lazy(rows: "TableRows") -> "pl.LazyFrame":
    """A lazy frame that reads only the columns that the query uses, batch by batch."""
    import polars as pl
    from polars.io.plugins import register_io_source

    def source(
        columns: list[str] | None, predicate: "pl.Expr | None", limit: int | None, _: int | None
    ) -> "Iterator[pl.DataFrame]":
        wanted = rows if columns is None else rows.select(columns)
        for batch in wanted.batches():
            frame = pl.DataFrame(batch)
            frame = frame if columns is None else frame.select(columns)
            frame = frame if predicate is None else frame.filter(predicate)
            frame = frame if limit is None else frame.head(limit)
            yield frame
            limit = None if limit is None else limit - frame.height
            if limit == 0:
                return

    return register_io_source(source, schema=dict(pl.DataFrame(rows.schema.empty_table()).schema))


def _pandas(rows: "TableRows") -> "pd.DataFrame":
    """Every column keeps its Arrow type: pandas' own would make decimals objects, and integers with nulls floats."""
    import pandas as pd

    frame: pd.DataFrame = rows.to_table().to_pandas(types_mapper=pd.ArrowDtype)
    return frame


_CONVERSIONS: dict[FrameKind, "Callable[[TableRows], Any]"] = {
    FrameKind.ARROW: lambda rows: rows.to_table(),
    FrameKind.ARROW_STREAM: lambda rows: rows.reader(),
    FrameKind.POLARS: _polars,
    FrameKind.POLARS_LAZY: _polars_lazy,
    FrameKind.PANDAS: _pandas,
}
