"""What all pages share: errors as text, downloads, columns."""

from decimal import Decimal

import pyarrow as pa
from streamlit.testing.v1 import AppTest

from fq_platform.dashboard.page import column, csv, in_markdown
from fq_platform.errors import FqError
from fq_platform_tests.dashboard.conftest import SECONDS


def test_download_is_exact_to_the_last_digit() -> None:
    rows = pa.table(
        {
            "sales_owner": pa.array(["Markus Söder", "A, B"]),
            "commission": pa.array([Decimal("22.74"), Decimal("9007199254740993.01")], pa.decimal128(18, 2)),
        }
    )

    assert csv(rows).decode() == 'sales_owner,commission\r\nMarkus Söder,22.74\r\n"A, B",9007199254740993.01\r\n'


def test_error_is_shown_literally_with_its_remedy() -> None:
    error = FqError("DuckDB cannot answer:\nBinder Error: a_b\n  ^", where="x_*.sql", fix="Correct it; `fq_x` lists")

    assert in_markdown(error).split("\n\n") == [
        r"**DuckDB cannot answer\:**",
        "```\nBinder Error: a_b\n  ^\n```",
        r"Where: x\_\*.sql",
        "What to do: Correct it; `fq_x` lists",
    ]


def test_defect_is_told_without_a_traceback() -> None:
    script = "from fq_platform.dashboard.page import told\nwith told():\n    raise RuntimeError('secret')\n"

    app = AppTest.from_string(script, default_timeout=SECONDS).run()

    assert not app.exception
    assert [box.value for box in app.error] == ["This part of the page failed. The dashboard's log names the reason."]


def test_money_has_two_decimals_and_thousands_apart() -> None:
    assert column(pa.field("open_amount", pa.decimal128(38, 2)), "Open (EUR)")["type_config"]["format"] == "accounting"
    assert column(pa.field("share", pa.decimal128(5, 4)), "Share")["type_config"]["format"] == "percent"
    assert column(pa.field("order_count", pa.int64()), "Orders")["type_config"]["format"] == "localized"
