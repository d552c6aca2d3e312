"""What a notebook shows of an answer: exact values, set as people read them; and what it says where nothing is."""

from decimal import Decimal

import pytest

from fq_platform.dashboard.formats import NOTHING
from fq_platform.errors import FqError
from fq_platform.notebook import chart, html, snapshots, sql, start


@pytest.fixture(autouse=True)
def _lake(environment: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The tests ask a lakehouse that has no table, unless they ask for one that has."""
    if "lake_settings" in request.fixturenames:
        environment.setenv("FQ_HOME", str(request.getfixturevalue("lake_settings").home))


def test_values_stay_what_they_are(lake_settings: object) -> None:
    rows = sql("SELECT 0.10::DECIMAL(18,2) AS price, list_value('a', 'b') AS tags, unnest([1, NULL]) AS number")

    assert rows["price"].tolist() == [Decimal("0.10"), Decimal("0.10")]
    assert rows["tags"].tolist() == [["a", "b"], ["a", "b"]]
    assert rows["number"].tolist() == [1, None]
    assert type(rows["number"][0]) is int


def test_past_may_be_named_by_a_snapshot_or_a_time(lake_settings: object) -> None:
    orders = "raw.ecommerce_db_orders"
    [snapshot] = snapshots(orders).to_dict("records")

    assert (snapshot["operation"], snapshot["added_rows"], snapshot["rows"]) == ("append", 2, 2)
    for then in (snapshot["snapshot_id"], str(snapshot["snapshot_id"]), "2100-01-01T00:00:00Z"):
        assert sql(f"SELECT count(*) AS n FROM {orders}", as_of=then)["n"].tolist() == [2]


def test_numbers_stand_to_the_right_and_ids_without_commas(lake_settings: object) -> None:
    shown = html(
        sql("SELECT 1234567.80 AS amount, 1234567 AS count, 1234567 AS row_id, 'a<b' AS text, NULL::INT AS nothing")
    )

    assert [part.split("<")[0] for part in shown.split(">") if part.endswith("</td")] == [
        "1,234,567.80",
        "1,234,567",
        "1234567",
        "a&lt;b",
        NOTHING,
    ]
    assert "col3 {\n  text-align: left" in shown.replace("td.col3", "col3").replace("th.col3", "col3")
    assert "more rows" not in shown


def test_table_says_how_many_rows_it_leaves_out(lake_settings: object) -> None:
    assert "1,940 more rows are not shown." in html(sql("SELECT * FROM range(2_000)"))


def test_answer_without_rows_is_an_empty_table_and_an_empty_chart(lake_settings: object) -> None:
    nothing = sql("SELECT order_date, total, _id FROM raw.ecommerce_db_orders WHERE false")

    assert "<td" not in html(nothing)
    assert "order_date" in html(nothing)
    assert chart(nothing, "Nothing").mark_bar().encode(x="total:Q", y="_id:N").to_dict()["title"] == "Nothing"


def test_start_says_what_to_do_where_there_is_no_table() -> None:
    with pytest.raises(FqError, match=r"no tables yet .*make demo"):
        start()
