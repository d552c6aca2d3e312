"""The charts, by Altair.

Belongs here: what is drawn and how it is labelled. Does not: which rows (`questions/`), or Streamlit.

Vega, which draws, has no decimals, only doubles. So an amount goes to the browser as the text of its decimal. Labels
and tooltips show that text; Vega reads a number out of it only to know how long a bar is. All sums are made in SQL.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import altair as alt
import pyarrow as pa
import pyarrow.types as types

from fq_platform.dashboard.formats import shown

PLASTIC = "Plastic"
STANDS_OUT = "#e4572e"
OTHERS = ("#4c78a8", "#9ecae9", "#7f7f7f", "#bab0ac", "#54a24b", "#b79a20")
HEIGHT = 360
BAR = alt.Step(26)
"""Height of a bar, in pixels with the gap to the next."""
AS_SVG = {"embedOptions": {"renderer": "svg"}}
"""Sharp on any screen, and texts stay texts: they can be marked, read aloud, and tested."""
LABEL = "_text"
"""What is added to a column's name for its values as text."""

BEHIND = {"behind": f"datum.crate_type === '{PLASTIC}' ? 0 : 1"}
PLASTIC_FIRST = [alt.Order("behind:Q", sort="ascending"), alt.Order("crate_type:N", sort="ascending")]
"""Plastic begins at the axis, where its length is easy to compare; the others follow by name."""

Chart = alt.Chart | alt.LayerChart


def source(rows: pa.Table) -> alt.InlineData:
    """The rows as Vega takes them: every value as itself and as text, decimals as text in both.

    Args:
        rows: The answer of a question.

    Returns:
        The data; for each column `x` there is also `x_text`.
    """
    numeric = {field.name: "number" for field in rows.schema if types.is_decimal(field.type)}
    values = [
        {name: _plain(value) for name, value in row.items()}
        | {f"{name}{LABEL}": shown(value) for name, value in row.items()}
        for row in rows.to_pylist()
    ]
    return alt.InlineData(values=values, format=alt.JsonDataFormat(parse=numeric or alt.Undefined))


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case dt.date():
            return value.isoformat()
        case _:
            return value


def tooltips(**titles: str) -> list[alt.Tooltip]:
    """The tooltip of a mark: column to the title it has there, each with its exact text."""
    return [alt.Tooltip(f"{column}{LABEL}:N", title=title) for column, title in titles.items()]


def crate_colours(crates: Sequence[str], *, upwards: bool = False) -> alt.Color:
    """One colour for each crate type, plastic the one that stands out.

    Args:
        crates: The types, in any order, however often.
        upwards: Whether the parts of a bar lie upon one another. Vega-Lite 6 then stacks them from the last of the
            domain to the first, whatever the order says; plastic stands last, so that it lies at the bottom.
    """
    ordered = sorted(set(crates), key=lambda crate: (crate != PLASTIC, crate))
    others = iter(OTHERS * (1 + len(ordered) // len(OTHERS)))
    colours = [STANDS_OUT if crate == PLASTIC else next(others) for crate in ordered]
    step = -1 if upwards else 1
    return alt.Color("crate_type:N", title="Crate type", scale=alt.Scale(domain=ordered[::step], range=colours[::step]))


def stacked_bars(rows: pa.Table, title: str) -> Chart:
    """Orders per company, a part for each crate type, the longest bar first."""
    return (
        alt.Chart(source(rows), title=title)
        .transform_calculate(**BEHIND)
        .mark_bar()
        .encode(
            x=alt.X("order_count:Q", title="Orders", axis=alt.Axis(format=",.0f", tickMinStep=1)),
            y=alt.Y("company_name:N", title="Company", sort="-x", axis=alt.Axis(labelLimit=220)),
            color=crate_colours(rows.column("crate_type").to_pylist()),
            order=PLASTIC_FIRST,
            tooltip=tooltips(company_name="Company", crate_type="Crate type", order_count="Orders"),
        )
        .properties(height=BAR, usermeta=AS_SVG)
    )


def ranked_bars(
    rows: pa.Table, *, label: str, value: str, title: str, axes: tuple[str, str], texts: Mapping[str, str]
) -> Chart:
    """A bar for each row in the rows' order, with its exact value written at the end.

    Args:
        rows: The answer; the column `label` names a bar, `value` is its length.
        label: Column.
        value: Column; money or a count.
        title: Of the chart.
        axes: What stands at the axis of the values, with the unit, and at that of the labels.
        texts: Columns of the tooltip, and their titles.
    """
    base = alt.Chart(source(rows), title=title).encode(
        x=alt.X(f"{value}:Q", title=axes[0], axis=alt.Axis(format=",.0f", tickMinStep=1)),
        y=alt.Y(f"{label}:N", title=axes[1], sort=None, axis=alt.Axis(labelLimit=220)),
    )
    bars = base.mark_bar(color=OTHERS[0]).encode(tooltip=tooltips(**texts))
    labels = base.mark_text(align="left", dx=4).encode(text=f"{value}{LABEL}:N")
    return (bars + labels).properties(height=BAR, usermeta=AS_SVG)


def monthly_crates(rows: pa.Table, title: str) -> Chart:
    """Orders per month and crate type, stacked, plastic at the bottom so that it is easy to follow."""
    return (
        alt.Chart(source(rows), title=title)
        .transform_calculate(**BEHIND)
        .mark_bar()
        .encode(
            x=alt.X("utcyearmonth(month):T", title="Month", axis=alt.Axis(format="%b %Y", labelAngle=-45)),
            y=alt.Y("order_count:Q", title="Orders", axis=alt.Axis(format=",.0f", tickMinStep=1)),
            color=crate_colours(rows.column("crate_type").to_pylist(), upwards=True),
            order=PLASTIC_FIRST,
            tooltip=tooltips(month="Month", crate_type="Crate type", order_count="Orders", share="Share"),
        )
        .properties(height=HEIGHT, usermeta=AS_SVG)
    )


def daily_bars(rows: pa.Table, day: str, value: str, title: str, titles: Mapping[str, str]) -> Chart:
    """An amount per day.

    Args:
        rows: The answer.
        day: Column of the days.
        value: Column of the amounts.
        title: Of the chart.
        titles: Columns of the tooltip and their titles; that of `value`, with its unit, stands at the axis too.
    """
    return (
        alt.Chart(source(rows), title=title)
        .mark_bar(color=OTHERS[0])
        .encode(
            x=alt.X(f"utcyearmonthdate({day}):T", title="Day", axis=alt.Axis(format="%-d %b %Y", labelAngle=0)),
            y=alt.Y(f"{value}:Q", title=titles[value], axis=alt.Axis(format=",.0f")),
            tooltip=tooltips(**{day: "Day"} | dict(titles)),
        )
        .properties(height=HEIGHT, usermeta=AS_SVG)
    )


def monthly_vat(rows: pa.Table, title: str, titles: Mapping[str, str]) -> Chart:
    """VAT per month, a part for each rate."""
    return (
        alt.Chart(source(rows), title=title)
        .mark_bar()
        .encode(
            x=alt.X("vat_amount:Q", title=titles["vat_amount"], axis=alt.Axis(format=",.0f")),
            y=alt.Y("utcyearmonth(month):O", title="Month", axis=alt.Axis(format="%b %Y")),
            color=alt.Color("rate:N", title=titles["rate"], scale=alt.Scale(range=list(OTHERS))),
            tooltip=tooltips(**titles),
        )
        .properties(height=BAR, usermeta=AS_SVG)
    )


def ranks(rows: pa.Table, title: str) -> Chart:
    """Who stood where in each month: a line for each owner, the first rank on top."""
    return (
        alt.Chart(source(rows), title=title)
        .mark_line(point=alt.OverlayMarkDef(size=90), strokeWidth=2)
        .encode(
            x=alt.X("utcyearmonth(month):T", title="Month", axis=alt.Axis(format="%b %Y", labelAngle=-45)),
            y=alt.Y("rank:O", title="Rank"),
            color=alt.Color("sales_owner:N", title="Sales owner", scale=alt.Scale(scheme="tableau20")),
            tooltip=tooltips(month="Month", rank="Rank", sales_owner="Sales owner", plastic_orders="Plastic orders"),
        )
        .properties(height=HEIGHT, usermeta=AS_SVG)
    )
