"""What a notebook asks of the lakehouse: SQL as a data frame; the definition, snapshots and schemas of a table.

Belongs here: short calls for short cells. Does not: what is asked (`notebooks/`), or starting JupyterLab
(`commands/notebook.py`).
"""

import datetime as dt
import re
import sys
import warnings
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as types
from IPython.core.getipython import get_ipython
from IPython.display import Code

from fq_platform.dashboard.charts import crate_colours, source, tooltips
from fq_platform.dashboard.formats import NOTHING, shown
from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.history import ancestors
from fq_platform.lakehouse.layout import layout_of
from fq_platform.query.dialects import translated
from fq_platform.query.engine import open_engine
from fq_platform.query.inventory import list_tables
from fq_platform.query.limits import limited
from fq_platform.query.time_travel import AsOf, parse_as_of
from fq_platform.settings import Settings, get_settings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table
    from pyiceberg.types import NestedField

    from fq_platform.query.engine import QueryEngine

__all__ = [
    "chart",
    "crate_colours",
    "definition",
    "schemas",
    "schemas_of",
    "snapshots",
    "sql",
    "start",
    "tables",
    "tooltips",
]

ROWS_SHOWN = 60
"""How many rows a data frame shows; it holds them all."""

_VEGA_LITE_OF_JUPYTERLAB = 5


def start() -> None:
    """Make a notebook ready: tables and errors as people read them, charts that need no network.

    Raises:
        FqError: The lakehouse has no table yet.
    """
    alt.renderers.register("fq", _for_jupyterlab)
    alt.renderers.enable("fq")
    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, html)
        shell.set_custom_exc((FqError,), _report)
    if tables().empty:
        raise FqError("There are no tables yet", where=str(get_settings().home), fix="Run `make demo` first")


def sql(question: str, as_of: AsOf | str | None = None) -> pd.DataFrame:
    """Ask a question.

    Args:
        question: One statement that only reads, as `fq query` takes it; DuckDB's SQL, whatever FQ_QUERY_ENGINE is.
        as_of: Read the tables as they were: a snapshot id, or a time as ISO 8601 text (UTC if it has no zone).

    Returns:
        The answer. Decimals are Python's, exact to the last digit; integers stay integers where some are missing.

    Raises:
        FqError: The question cannot be answered.
    """
    moment = as_of if as_of is None or isinstance(as_of, dt.datetime) else parse_as_of(str(as_of))
    settings = get_settings()
    engine = _engine(settings)
    reader = engine.execute(_put_to(engine, question), moment)
    return _frame(limited(reader, settings.query_rows, warnings.warn).read_all())


def _put_to(engine: "QueryEngine", question: str) -> str:
    """A question in the engine's SQL. What sqlglot takes as mere text, such as SHOW, is the same in all."""
    return (
        question
        if re.match(r"\s*(SHOW|DESCRIBE|EXPLAIN)\b", question, re.I)
        else translated(question, "duckdb", engine.dialect)
    )


def tables() -> pd.DataFrame:
    """Every table: its rows, how many snapshots it has, the latest one and when it was committed."""
    settings = get_settings()
    return _frame(list_tables(_catalog(settings), layout_of(settings)).read_all())


def definition(table: str) -> Code:
    """The answer to SHOW CREATE TABLE, in colours: the Spark SQL that would make the table."""
    return Code(sql(f"SHOW CREATE TABLE {table}").iloc[0, 0], language="sql")


def snapshots(table: str) -> pd.DataFrame:
    """The snapshots of a table that can be read, the oldest first.

    Args:
        table: Its name, such as `raw.ecommerce_db_orders`.

    Returns:
        `snapshot_id` (for `as_of`), `committed_at`, `operation`, `added_rows` and `rows`, the number of them then.
    """
    found = []
    for snapshot in reversed(list(ancestors(_load(table)))):
        summary = snapshot.summary
        figures = summary.additional_properties if summary else {}
        found.append(
            {
                "snapshot_id": snapshot.snapshot_id,
                "committed_at": pd.Timestamp(snapshot.timestamp_ms, unit="ms", tz="UTC"),
                "operation": summary.operation.value if summary else None,
                "added_rows": int(figures.get("added-records", 0)),
                "rows": int(figures.get("total-records", 0)),
            }
        )
    return pd.DataFrame(found)


def schemas(table: str) -> pd.DataFrame:
    """Every schema that a table has had: a row for each column, by the number that stays with it for life.

    Args:
        table: Its name.

    Returns:
        For each schema a column with the name and type that it gave; empty where it did not have the column.
    """
    return schemas_of(_load(table))


def schemas_of(table: "Table") -> pd.DataFrame:
    """The same of a table that PyIceberg has loaded; see `schemas`."""
    columns: Mapping[str, dict[int, str]] = {
        f"schema {number}": {field.field_id: f"{field.name} {_outline(field)}" for field in schema.fields}
        for number, schema in sorted(table.schemas().items())
    }
    return pd.DataFrame(columns).fillna("").sort_index().rename_axis("field id")


def _outline(field: "NestedField") -> str:
    """A column's type without the fields of its structs, each of which has a number of its own."""
    return re.sub(r"struct<.*>", "struct<…>", str(field.field_type))


def chart(rows: pd.DataFrame, title: str) -> alt.Chart:
    """A chart to go on from, over an answer.

    Args:
        rows: What `sql` gave. Vega knows no decimals: beside each column `x` there is `x_text`, the exact text of its
            values, for labels and tooltips; the number is for the length of a bar.
        title: Of the chart.

    Returns:
        An Altair chart without a mark.
    """
    return alt.Chart(source(pa.Table.from_pandas(rows, preserve_index=False)), title=title, width=640)


def html(rows: pd.DataFrame) -> str:
    """Rows as a table for people: numbers to the right, texts to the left, the first rows of many.

    Args:
        rows: Any data frame. Its index is left out if it only counts.

    Returns:
        HTML; every value is exact.
    """
    first = rows.head(ROWS_SHOWN)
    texts = [name for name in first.columns if not any(map(_is_number, first[name]))]
    style = first.style.format(_cell, na_rep=NOTHING, escape="html")
    if ids := [name for name in first.columns if str(name).endswith("_id")]:
        style = style.format(str, subset=ids, na_rep=NOTHING, escape="html")  # no number to read, but one to copy
    if isinstance(rows.index, pd.RangeIndex):
        style = style.hide(axis="index")
    left = [{"selector": "td, th", "props": "text-align: left"}]
    style = style.set_table_styles(dict.fromkeys(texts, left), overwrite=False)
    rest = len(rows) - len(first)
    more = f"<p>{rest:,} more rows are not shown.</p>" if rest else ""
    return f"{style.to_html()}{more}"


def _is_number(value: object) -> bool:
    if isinstance(value, float | np.floating):
        return not np.isnan(value)  # pandas' sign for a missing text
    return isinstance(value, int | Decimal | np.number) and not isinstance(value, bool)


def _cell(value: object) -> str:
    match value:
        case pd.Timestamp():
            return f"{value:%Y-%m-%d %H:%M:%S} {value.tz or ''}".rstrip()
        case list():
            return ", ".join(map(_cell, value))
        case np.number():
            return shown(value.item())
        case _:
            return shown(value)


def _load(table: str) -> "Table":
    settings = get_settings()
    return _catalog(settings).load_table(layout_of(settings).named(table).identifier)


@cache
def _catalog(settings: Settings) -> "Catalog":
    return open_catalog(settings)


@cache
def _engine(settings: Settings) -> "QueryEngine":
    return open_engine(None, settings)


def _frame(rows: pa.Table) -> pd.DataFrame:
    """The rows with every value as it is: pandas alone would make doubles of integers where some are missing."""
    return pd.DataFrame({name: _series(rows.column(name)) for name in rows.column_names})


def _series(column: pa.ChunkedArray) -> pd.Series:
    whole = types.is_timestamp(column.type) or (types.is_primitive(column.type) and not column.null_count)
    if whole and not types.is_date(column.type):
        return column.to_pandas()
    return pd.Series(column.to_pylist(), dtype=object)


def _for_jupyterlab(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Charts as JupyterLab itself draws them: Altair would fetch a newer Vega-Lite from the network.

    What our charts need of Vega-Lite is the same in both versions.
    """
    version = _VEGA_LITE_OF_JUPYTERLAB
    schema = re.sub(r"v\d+(\.\d+)*\.json$", f"v{version}.json", spec["$schema"])
    return {f"application/vnd.vegalite.v{version}+json": spec | {"$schema": schema}}, {}


def _report(_: "InteractiveShell", __: type, error: Exception, *___: Any, **____: Any) -> None:
    """Let an error that tells what to do stand in a notebook without a traceback."""
    sys.stderr.write(f"{error}\n")
