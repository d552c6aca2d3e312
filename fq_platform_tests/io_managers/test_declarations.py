"""What users declare at their assets is checked when the definitions load."""

import datetime as dt
from typing import Any

import pytest

from fq_platform.errors import FqError
from fq_platform.io_managers.declarations import iceberg_table, loaded, read_options
from fq_platform.lakehouse.read_point import ReadOptions, Since
from fq_platform.lakehouse.table_options import TableOptions, WriteMode


def test_declared_table_comes_back_from_its_metadata() -> None:
    metadata = iceberg_table(
        mode="merge",
        keys=["order_id"],
        partition_column="order_date",
        partition_by=["months(order_date)", "bucket(16, customer_id)"],
        sort_by=["order_id"],
        properties={"write.target-file-size-bytes": "1000000"},
        evolve_partition_spec=True,
    )
    assert metadata["partition_expr"] == "order_date"
    assert TableOptions.from_metadata(metadata) == TableOptions(
        mode=WriteMode.MERGE,
        keys=("order_id",),
        partition_by=("months(order_date)", "bucket(16, customer_id)"),
        sort_by=("order_id",),
        properties={"write.target-file-size-bytes": "1000000"},
        evolve_partition_spec=True,
    )


def test_nothing_declared_needs_no_metadata() -> None:
    assert iceberg_table() == {}


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"mode": "merge"}, "no key says which rows are the same"),
        ({"mode": "upsert"}, "'upsert' is no value of fq/write_mode"),
        ({"keys": ["id"]}, "the write mode overwrite does not use any"),
    ],
    ids=["merge without keys", "unknown mode", "keys without merge"],
)
def test_declaration_that_makes_no_sense_is_refused_at_once(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(FqError, match=message):
        iceberg_table(**declared)


NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({}, ReadOptions()),
        ({"as_of": 2**62}, ReadOptions(as_of=2**62)),
        ({"as_of": str(2**62)}, ReadOptions(as_of=2**62)),
        ({"as_of": "2026-01-31T12:00:00Z"}, ReadOptions(as_of=NOON)),
        ({"as_of": "2026-01-31T13:00+01:00"}, ReadOptions(as_of=NOON)),
        ({"as_of": "2026-01-31 12:00"}, ReadOptions(as_of=NOON)),
        ({"as_of": "2026-01-31"}, ReadOptions(as_of=NOON.replace(hour=0))),
        ({"as_of": NOON}, ReadOptions(as_of=NOON)),
        ({"branch": "audit_1"}, ReadOptions(branch="audit_1")),
        ({"after": 1}, ReadOptions(since=Since(1))),
        ({"branch": "b", "after": 1, "until": 2}, ReadOptions(branch="b", since=Since(1, 2))),
    ],
    ids=str,
)
def test_asked_load_comes_back_from_its_metadata(asked: dict[str, Any], options: ReadOptions) -> None:
    assert read_options(loaded(**asked)) == options


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"fq/as_of": "yesterday"}, "'yesterday' is no value of fq/as_of"),
        ({"fq/as_of": True}, "True is no value of fq/as_of"),
        ({"fq/branch": 7}, "7 is no value of fq/branch"),
        ({"fq/incremental": {"from": 1}}, "is no value of fq/incremental"),
        ({"fq/incremental": {"after": "1"}}, "is no value of fq/incremental"),
    ],
    ids=str,
)
def test_load_that_cannot_be_read_names_its_key(metadata: dict[str, Any], message: str) -> None:
    with pytest.raises(FqError, match=message):
        read_options(metadata)


def test_end_of_an_increment_needs_its_start() -> None:
    with pytest.raises(FqError, match="not where it begins"):
        loaded(until=1)
