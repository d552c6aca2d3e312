"""Calls of `current(...)` are found in Spark's and Trino's SQL, and nothing that only looks like one."""

import pytest

from fq_platform.errors import FqError
from fq_platform.query.current_calls import calls_of_current

pytestmark = pytest.mark.parametrize("dialect", ["spark", "trino"])


def test_every_call_is_found_where_it_stands_with_its_table_and_its_moment(dialect: str) -> None:
    calls = {
        "current(raw.x)": (("raw", "x"), None),
        "Current ( x , f(1, (2)) )": (("x",), "F(1, (2))"),
        "current('iceberg.raw.x', DATE '2026-01-31')": (("iceberg", "raw", "x"), "CAST('2026-01-31' AS DATE)"),
        "current(iceberg.curated.shared.a.x)": (("iceberg", "curated", "shared", "a", "x"), None),
    }
    sql = f"SELECT (1) FROM {' CROSS JOIN '.join(calls)} WHERE y IN (1)"
    found = calls_of_current(sql, dialect)
    assert [sql[call.begin : call.end] for call in found] == list(calls)
    assert [(call.table, call.moment and call.moment.sql()) for call in found] == list(calls.values())


def test_quotes_are_no_part_of_a_name(dialect: str) -> None:
    quote = {"spark": "`", "trino": '"'}[dialect]
    for name in (f"{quote}Raw{quote}.{quote}a x{quote}", f"'{quote}Raw{quote}.a x'"):
        (call,) = calls_of_current(f"SELECT * FROM current({name})", dialect)
        assert call.table == ("Raw", "a x")


@pytest.mark.parametrize("written", ["current_date", "current", "'current(a)'", "x.current(1)", "1 -- current(b)"])
def test_what_only_looks_like_a_call_is_none(dialect: str, written: str) -> None:
    assert calls_of_current(f"SELECT {written}", dialect) == []


@pytest.mark.parametrize("arguments", ["", "1", "(SELECT 1)", "raw.x, 1, 2", "raw.x +"])
def test_a_call_that_cannot_be_meant_is_refused(dialect: str, arguments: str) -> None:
    with pytest.raises(FqError, match=r"current\(\) takes the name of one raw table"):
        calls_of_current(f"SELECT * FROM current({arguments})", dialect)
