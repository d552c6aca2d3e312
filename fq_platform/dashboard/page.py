"""What every page has: a heading, errors in words, an answer as chart and table with its download.

Belongs here: how answers are laid out with Streamlit. Does not: any one page (`views/`).
"""

import io
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.types as types
import streamlit as st

from fq_platform.dashboard.charts import Chart
from fq_platform.dashboard.reading import NoRowsError, NotThereError
from fq_platform.errors import FqError
from fq_platform.query.format import write
from fq_platform.query.options import Format

NO_ROWS = "No rows for this choice"

logger = logging.getLogger(__name__)


def heading(title: str, about: str) -> None:
    """The page's title, and in a sentence what it tells."""
    st.title(title)
    st.caption(about)


@contextmanager
def told() -> Iterator[None]:
    """Tell what goes wrong inside in words: what, where, what to do. Never a traceback, which goes to the log."""
    try:
        yield
    except (NotThereError, NoRowsError) as early:
        st.info(f"{early.what}: {early.fix[0].lower()}{early.fix[1:]}", icon=":material/hourglass_empty:")
    except FqError as error:
        st.error(in_markdown(error), icon=":material/error:")
    except Exception:
        logger.exception("A page of the dashboard failed")
        st.error("This part of the page failed. The dashboard's log names the reason.", icon=":material/error:")


def in_markdown(error: FqError) -> str:
    """An error as Markdown that shows every character of it; what a database says beside its message stays aligned."""
    first, *further = error.what.splitlines()
    parts = [
        f"**{_literally(first)}**",
        *(["```\n" + "\n".join(further) + "\n```"] if further else ()),
        *([f"Where: {_literally(error.where)}"] if error.where else ()),
        f"What to do: {_literally(error.fix)}",
    ]
    return "\n\n".join(parts)


def _literally(text: str) -> str:
    """A text in which Markdown finds nothing but what stands between backticks, as our messages write commands."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_\[\]<>~$#:])", r"\\\1", part) for part in parts)


def answer(rows: pa.Table, name: str, titles: Mapping[str, str], chart: Chart | None = None, *, note: str = "") -> None:
    """An answer: its chart, its table, and a button that downloads the table.

    Args:
        rows: The answer.
        name: What the downloaded file is called, without `.csv`.
        titles: The columns shown, in order, each with its title.
        chart: Drawn above the table; not if there are no rows.
        note: A sentence below the table.
    """
    if rows.num_rows == 0:
        st.info(NO_ROWS, icon=":material/search_off:")
        return
    if chart is not None:
        st.altair_chart(chart, width="stretch")
    table(rows.select(list(titles)), name, titles)
    if note:
        st.caption(note)


def table(rows: pa.Table, name: str, titles: Mapping[str, str]) -> None:
    """A table with its number of rows and a download of all of it, exact to the last digit."""
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={field.name: column(field, titles[field.name]) for field in rows.schema},
    )
    counted, download = st.columns([3, 1], vertical_alignment="center")
    counted.caption(f"{rows.num_rows:,} {'row' if rows.num_rows == 1 else 'rows'}")
    download.download_button(
        "Download CSV",
        data=csv(rows),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
        key=f"download {name}",
    )


def column(field: pa.Field, title: str) -> Any:
    """How a column is shown. Decimals arrive in the browser as decimals; the format gives them their two digits."""
    if types.is_decimal(field.type):
        if field.name.endswith("share"):
            return st.column_config.NumberColumn(title, format="percent")
        return st.column_config.NumberColumn(title, format="accounting")
    if field.name == "rank":
        return st.column_config.NumberColumn(title, width="small")
    if types.is_integer(field.type):
        return st.column_config.NumberColumn(title, format="localized")
    if types.is_date(field.type):
        return st.column_config.DateColumn(title, format="YYYY-MM" if field.name == "month" else "YYYY-MM-DD")
    if types.is_list(field.type):
        return st.column_config.ListColumn(title)
    return st.column_config.TextColumn(title)


def csv(rows: pa.Table) -> bytes:
    """The rows as `fq query --format csv` writes them."""
    sink = io.BytesIO()
    write(rows.to_reader(), Format.CSV, sink)
    return sink.getvalue()
