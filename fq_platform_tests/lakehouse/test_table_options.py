"""What an asset declares about its table is read back as written, and mistakes are found at definition time."""

from typing import Any

import dagster as dg
import pytest

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.partition_fields import PartitionField, SortField
from fq_platform.lakehouse.table_options import TableOptions, Target, WriteMode

FULL = TableOptions(
    mode=WriteMode.MERGE,
    keys=("id", "region"),
    partition_by=("days(order_date)", "bucket(16, customer_id)", "truncate(4, sku)", "region"),
    sort_by=("id", "ordered_at DESC"),
    properties={"write.target-file-size-bytes": "1"},
    evolve_partition_spec=True,
)


@pytest.mark.parametrize("options", [TableOptions(), FULL, TableOptions(partition_by=())])
def test_metadata_of_an_asset_holds_the_options(options: TableOptions) -> None:
    @dg.asset(metadata={"partition_expr": "day", **options.to_metadata()})
    def made() -> None: ...

    (spec,) = made.specs
    assert TableOptions.from_metadata(spec.metadata) == options
    wrapped = {key: dg.MetadataValue.json(value) if isinstance(value, list | dict) else value
               for key, value in spec.metadata.items()}  # fmt: skip
    assert TableOptions.from_metadata(wrapped) == options


def test_defaults_need_no_metadata() -> None:
    assert TableOptions().to_metadata() == {}
    assert TableOptions.from_metadata({"fq/merge_keys": "id", "fq/write_mode": "merge"}).keys == ("id",)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"fq/write_mode": "upsert"}, "'upsert' is no value of fq/write_mode"),
        ({"fq/write_mode": ["merge"]}, "is no value of fq/write_mode"),
        ({"fq/write_mode": "merge"}, "no key says which rows are the same"),
        ({"fq/merge_keys": ["id"]}, "the write mode overwrite does not use any"),
        ({"fq/write_mode": "merge", "fq/merge_keys": ["id", "ID"]}, "ID is named twice"),
        ({"fq/write_mode": "merge", "fq/merge_keys": [1]}, "is no value of fq/merge_keys"),
        ({"fq/partition_by": ["weeks(day)"]}, "'weeks(day)' is no partition field"),
        ({"fq/partition_by": ["bucket(customer_id)"]}, "is no partition field"),
        ({"fq/partition_by": ["bucket(0, customer_id)"]}, "is no partition field"),
        ({"fq/partition_by": ["days(3, day)"]}, "is no partition field"),
        ({"fq/partition_by": ["day, n"]}, "is no partition field"),
        ({"fq/partition_by": [""]}, "is no value of fq/partition_by"),
        ({"fq/sort_by": ["a b c"]}, ""),
        ({"fq/sort_by": ["bucket(4, a)"]}, "is no sort field"),
        ({"fq/sort_by": ["a", "A DESC"]}, "A is named twice"),
        ({"fq/table_properties": ["a"]}, "is no value of fq/table_properties"),
        ({"fq/table_properties": {"a": 1}}, "Write names and values as text"),
        ({"fq/table_properties": {"location": "s3://x"}}, "The property location cannot be declared"),
        ({"fq/table_properties": {"fq.declared": "x"}}, "The property fq.declared cannot be declared"),
        ({"fq/evolve_partition_spec": "yes"}, "is no value of fq/evolve_partition_spec"),
    ],
)
def test_mistake_is_named_with_its_key(metadata: dict[str, Any], said: str) -> None:
    if not said:
        assert TableOptions.from_metadata(metadata).sort_fields[0].column == "a b c"  # a name may have spaces
        return
    with pytest.raises(FqError) as told:
        TableOptions.from_metadata(metadata)
    assert said in str(told.value)
    assert told.value.fix


@pytest.mark.parametrize(
    ("text", "field", "name"),
    [
        ("days(order_date)", PartitionField("day", "order_date"), "order_date_day"),
        ("Month( a.b )", PartitionField("month", "a.b"), "a.b_month"),
        ("bucket(16,`customer_id`)", PartitionField("bucket", "customer_id", 16), "customer_id_bucket"),
        ("truncate(4, sku)", PartitionField("truncate", "sku", 4), "sku_trunc"),
        ("identity(region)", PartitionField("identity", "region"), "region"),
        ("region", PartitionField("identity", "region"), "region"),
    ],
)
def test_partition_fields_are_read_in_every_spelling(text: str, field: PartitionField, name: str) -> None:
    assert (PartitionField.parse(text), field.name) == (field, name)
    assert PartitionField.parse(str(field)) == field


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("id", SortField("id", False, True)),
        ("id desc", SortField("id", True, False)),
        ("a.b ASC NULLS LAST", SortField("a.b", False, False)),
        ("id DESC NULLS FIRST", SortField("id", True, True)),
    ],
)
def test_nulls_come_first_unless_it_is_descending(text: str, field: SortField) -> None:
    assert SortField.parse(text) == field
    assert SortField.parse(str(field)) == field


def test_new_table_is_partitioned_by_day_over_the_column_of_the_asset_unless_declared() -> None:
    table = TableName(Layer.ANALYTICS, "t")
    assert [str(f) for f in Target(table, None, partition_column="day").partition_fields] == ["days(day)"]
    assert Target(table, None).partition_fields == ()
    declared = Target(table, None, TableOptions(partition_by=()), partition_column="day")
    assert declared.partition_fields == ()
    assert (Target(table, None, branch="audit_1").name, declared.name) == (
        "iceberg.analytics.t.`branch_audit_1`",
        "iceberg.analytics.t",
    )
