"""What is handed to Vega: exact texts, and numbers only as something to be drawn."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa

from fq_platform.dashboard import charts

ROWS = pa.table(
    {
        "month": pa.array([dt.date(2026, 1, 1)] * 2),
        "rate": ["7.00 %", "19.00 %"],
        "vat_amount": pa.array([Decimal("1234.50"), Decimal("9007199254740993.01")], pa.decimal128(38, 2)),
        "order_count": [1200, 3],
        "crate_type": ["Wood", "Plastic"],
    }
)


def test_amounts_reach_vega_as_the_text_of_their_decimals() -> None:
    data = charts.source(ROWS).to_dict()

    assert data["values"][0] == {
        "month": "2026-01-01",
        "month_text": "2026-01-01",
        "rate": "7.00 %",
        "rate_text": "7.00 %",
        "vat_amount": "1234.50",
        "vat_amount_text": "1,234.50",
        "order_count": 1200,
        "order_count_text": "1,200",
        "crate_type": "Wood",
        "crate_type_text": "Wood",
    }
    assert data["values"][1]["vat_amount_text"] == "9,007,199,254,740,993.01"
    assert data["format"] == {"parse": {"vat_amount": "number"}}


def test_tooltips_and_axes_name_units() -> None:
    titles = {"rate": "VAT rate", "vat_amount": "VAT (EUR)"}

    encoding = charts.monthly_vat(ROWS, "VAT by month", titles).to_dict()["encoding"]

    assert encoding["x"]["title"] == "VAT (EUR)"
    assert {tip["field"]: tip["title"] for tip in encoding["tooltip"]} == {
        "rate_text": "VAT rate",
        "vat_amount_text": "VAT (EUR)",
    }


def test_plastic_stands_out_and_begins_at_the_axis() -> None:
    encoding = charts.monthly_crates(ROWS.append_column("share", [["1", "1"]]), "Orders").to_dict()["encoding"]

    scale = encoding["color"]["scale"]
    assert (scale["domain"], scale["range"][-1]) == (["Wood", "Plastic"], charts.STANDS_OUT)
    assert encoding["order"][0] == {"field": "behind", "sort": "ascending", "type": "quantitative"}
