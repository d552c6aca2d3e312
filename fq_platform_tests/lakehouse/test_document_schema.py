"""Document columns keep their order, types and kinds, and only ever gain."""

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.changelog import document_schema, open_changelog
from fq_platform.lakehouse.document_schema import KIND, additions, merge
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.settings import Settings

NAME = TableName(Layer.RAW, "app_things", "app")


def kind(name: str, value: str, type_: pa.DataType | None = None) -> pa.Field:
    return pa.field(name, type_ or pa.string(), metadata={KIND: value.encode()})


def listed(field: pa.Field) -> pa.DataType:
    return pa.list_(field.with_name("element"))


def mapped(field: pa.Field) -> pa.DataType:
    return pa.map_(pa.field("key", pa.string(), nullable=False), field.with_name("value"))


FULL = pa.schema(
    [
        pa.field("n", pa.int64()),
        kind("owner", "objectid"),
        pa.field("lines", listed(pa.field("", pa.struct([kind("sku", "uuid"), pa.field("price", pa.float64())])))),
        pa.field("ids", listed(kind("", "objectid"))),
        pa.field("attributes", mapped(pa.field("", pa.struct([kind("raw", "binary/5", pa.binary())])))),
        pa.field("codes", mapped(kind("", "code"))),
        pa.field("at", pa.timestamp("us", "UTC")),
        pa.field("money", pa.decimal128(38, 12)),
        kind("stamp", "bsontimestamp", pa.int64()),
    ]
)


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


def evolve(catalog: Catalog, settings: Settings, *wanted: pa.Schema) -> list[str]:
    """Evolve the table with each schema in turn and commit; returns the sentences."""
    location = layout_of(settings).location(NAME)
    with open_changelog(catalog, NAME, location, partitioned=False).append() as append:
        for schema in wanted:
            append.evolve(schema)
        writer = append.writer(None)
        writer.write(pa.RecordBatch.from_pydict({"_id": ["a"]}))
        append.add(writer.close())
        append.commit({})
        return append.schema_changes


def test_types_and_kinds_come_back_from_the_table_at_every_depth(catalog: Catalog, settings: Settings) -> None:
    evolve(catalog, settings, FULL)

    table = catalog.load_table(NAME.identifier)
    assert document_schema(table).equals(FULL, check_metadata=True)
    assert {name: value for name, value in table.properties.items() if name.startswith("fq.kind.")} == {
        "fq.kind.owner": "objectid",
        "fq.kind.lines.element.sku": "uuid",
        "fq.kind.ids.element": "objectid",
        "fq.kind.attributes.value.raw": "binary/5",
        "fq.kind.codes.value": "code",
        "fq.kind.stamp": "bsontimestamp",
    }


def test_nested_fields_and_their_kinds_are_added_inside_lists_and_maps(catalog: Catalog, settings: Settings) -> None:
    evolve(catalog, settings, FULL)
    more = pa.schema(
        [
            pa.field("attributes", mapped(pa.field("", pa.struct([kind("owner", "objectid")])))),
            pa.field("lines", listed(pa.field("", pa.struct([pa.field("qty", pa.int64())])))),
            kind("ref", "uuid"),
        ]
    )

    changes = evolve(catalog, settings, more)

    assert changes == [
        "added lines.qty: long",
        "added attributes.value.owner: string (objectid)",
        "added ref: string (uuid)",
    ]
    after = document_schema(catalog.load_table(NAME.identifier))
    assert after.names == [*FULL.names, "ref"]
    assert [field.name for field in after.field("lines").type.value_type] == ["sku", "price", "qty"]
    assert after.field("attributes").type.item_type.field("owner").metadata == {KIND: b"objectid"}
    assert after.field("attributes").type.item_type.field("raw").metadata == {KIND: b"binary/5"}


def test_existing_types_and_kinds_win_and_nothing_is_written_for_them(catalog: Catalog, settings: Settings) -> None:
    evolve(catalog, settings, FULL)
    other = pa.schema([pa.field("owner", pa.int64()), kind("n", "objectid"), pa.field("ids", pa.string())])

    assert evolve(catalog, settings, other) == []

    assert document_schema(catalog.load_table(NAME.identifier)).equals(FULL, check_metadata=True)


def test_fields_that_differ_by_case_from_others_or_from_id_get_no_column() -> None:
    existing = pa.schema([pa.field("name", pa.string()), pa.field("s", pa.struct([("x", pa.int64())]))])
    wanted = pa.schema(
        [("Name", pa.string()), ("s", pa.struct([("X", pa.int64()), ("y", pa.int64())])), ("_ID", pa.string())]
    )

    merged = merge(existing, wanted)

    assert merged == pa.schema([("name", pa.string()), ("s", pa.struct([("x", pa.int64()), ("y", pa.int64())]))])


def test_sentences_name_the_outermost_addition_only() -> None:
    before = pa.schema([pa.field("a", pa.struct([("b", pa.int64())]))])
    deep = pa.struct([("d", listed(pa.field("", pa.struct([("e", pa.bool_())]))))])
    after = merge(before, pa.schema([("a", pa.struct([("c", deep)])), ("m", mapped(pa.field("", pa.float64())))]))

    assert additions(before, after) == ["added a.c: struct", "added m: map of double"]
