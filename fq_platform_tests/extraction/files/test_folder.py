"""A folder of files through the same extraction as MongoDB: what is landed, and what never touches the lake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bson
import pytest

from fq_platform.errors import FqError
from fq_platform.extraction.files.folder import FileDocuments, folder_of
from fq_platform.extraction.options import sync_options
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions
from fq_platform.extraction.results import SyncResult
from fq_platform.extraction.scope import scope
from fq_platform.extraction.sync import sync
from fq_platform.extraction.verify import verify
from fq_platform.extraction.windows import Window
from fq_platform.ifco import SOURCES_FILE, ifco_sources
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.settings import IfcoSource, Settings
from fq_platform.source_files import FileFormat, SourceFile
from fq_platform.sources import load_sources

HEADER = "order_id;date;company_id;company_name;crate_type;contact_data;salesowners\n"
TORN_CONTACT = '"[{ ""contact_name"":""Liav"", ""city"":""Tel Aviv""}"'


def row(order_id: str, owners: str = "Markus Söder", contact: str = "") -> str:
    return f"{order_id};29.01.22;c1;Fruits Co;Plastic;{contact};{owners}\n"


class Lake:
    """The folder of an IFCO application, and the lake that it is landed in."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sources = ifco_sources(settings)
        self.catalog = open_catalog(settings)

    @property
    def orders(self) -> Path:
        return self.settings.ifco_path / "orders.csv"

    def sync(self, collection: str = "orders") -> SyncResult:
        assert self.sources is not None
        folder, asked = folder_of(self.sources), scope(self.sources, collection)
        assert folder is not None
        layout = layout_of(self.settings)
        table = layout.place(asked.table)
        return sync(
            folder,
            collection,
            asked.windows,
            catalog=self.catalog,
            table=table,
            location=layout.location(table),
            run_id="a run",
            options=sync_options(self.settings, self.sources.collections[collection]),
        )

    def differences(self) -> int:
        assert self.sources is not None
        folder, asked = folder_of(self.sources), scope(self.sources, "orders")
        assert folder is not None
        table = layout_of(self.settings).place(asked.table)
        return verify(folder, "orders", asked.windows, catalog=self.catalog, table=table).differences

    def rows(self, collection: str = "orders") -> list[dict[str, Any]]:
        found = self.catalog.load_table(f"raw.ifco_{collection}").scan().to_arrow().to_pylist()
        return sorted(found, key=lambda one: (one["_fq_extracted_at"], one["_id"]))

    def snapshot(self) -> int | None:
        current = self.catalog.load_table("raw.ifco_orders").current_snapshot()
        return current.snapshot_id if current else None


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    (tmp_path / "files").mkdir()
    return Lake(Settings(home=tmp_path / "fq", ifco_path=tmp_path / "files"))


def test_only_what_changed_in_the_file_is_appended_and_what_is_gone_gets_a_tombstone(lake: Lake) -> None:
    lake.orders.write_text(HEADER + row("a") + row("b", contact=TORN_CONTACT) + row("c"))
    first = lake.sync()
    again = lake.sync()
    lake.orders.write_text(HEADER + row("c") + row("a", "Ada Ü, Bo") + row("d"))
    second = lake.sync()

    assert [first.inserted, again.changed, again.unchanged] == [3, False, 3]
    assert [second.inserted, second.updated, second.deleted, second.unchanged] == [1, 1, 1, 1]
    told = [(one["_id"], one["_fq_op"], one["order_id"], one["salesowners"]) for one in lake.rows()]
    assert told[:3] == [(key, "insert", key, "Markus Söder") for key in "abc"]
    assert sorted(told[3:]) == [
        ("a", "update", "a", "Ada Ü, Bo"),
        ("b", "delete", None, None),
        ("d", "insert", "d", "Markus Söder"),
    ]
    assert lake.rows()[1]["contact_data"] == '[{ "contact_name":"Liav", "city":"Tel Aviv"}'
    assert lake.differences() == 0


BREAKING: dict[str, Callable[[bytes], bytes]] = {
    "torn": lambda content: content[:-9],
    "empty": lambda content: b"",
    "without rows": lambda content: HEADER.encode(),
    "another delimiter": lambda content: content.replace(b";", b","),
    "another encoding": lambda content: content.decode().encode("latin-1"),
    "an unknown column": lambda content: content.replace(b"crate_type", b"crate"),
    "a row without a key": lambda content: content + row("").encode(),
}


@pytest.mark.parametrize("broken", BREAKING.values(), ids=BREAKING)
def test_a_broken_file_leaves_the_table_as_it_was(lake: Lake, broken: Callable[[bytes], bytes]) -> None:
    lake.orders.write_text(HEADER + row("a") + row("b"))
    lake.sync()
    before = lake.snapshot()
    lake.orders.write_bytes(broken((HEADER + row("new") + row("b", "somebody ß") + row("c")).encode()))

    with pytest.raises(FqError) as error:
        lake.sync()

    assert str(lake.orders) in str(error.value.where)
    assert lake.snapshot() == before


def test_a_broken_file_makes_no_table(lake: Lake) -> None:
    lake.orders.write_text(HEADER + row("a")[:-5])

    with pytest.raises(FqError, match="torn"):
        lake.sync()

    assert not lake.catalog.table_exists("raw.ifco_orders")


def test_rows_that_share_an_order_id_are_all_kept_and_told(lake: Lake) -> None:
    lake.orders.write_text(HEADER + row("a", "1") + row("a#2", "2") + row("a", "3") + row("b", "4") + row("b", "5"))
    lake.sync()

    found = {one["_id"]: (one["order_id"], one["salesowners"]) for one in lake.rows()}
    assert found == {"a": ("a", "1"), "a#2": ("a#2", "2"), "a#3": ("a", "3"), "b": ("b", "4"), "b#2": ("b", "5")}
    assert lake.sources is not None
    orders = folder_of(lake.sources).documents("orders")  # type: ignore[union-attr] # they are files here
    list(orders.rows())
    assert orders.repeated == {"a": 2, "b": 2}


def test_what_is_nested_in_a_text_column_is_rescued_and_numbers_keep_their_digits(lake: Lake) -> None:
    file = lake.settings.ifco_path / "invoicing_data.json"
    file.write_text(
        """{"data": {"invoices": [
        {"id": "i1", "orderId": "a", "companyId": "c", "grossValue": 324222.10, "vat": "19"},
        {"id": "i2", "orderId": "a", "companyId": "c", "grossValue": {"cents": 5}, "vat": null}]}}"""
    )

    assert lake.sync("invoices").rescued == 1
    one, two = lake.rows("invoices")
    assert (one["grossValue"], one["vat"], one["_fq_rescued"]) == ("324222.10", "19", None)
    assert (two["grossValue"], dict(two["_fq_rescued"])) == (None, {"grossValue": '{"cents": "5"}'})
    assert two["_fq_nulls"] == ["vat"]


def test_packaged_files_are_landed_whole(tmp_path: Path) -> None:
    packaged = Lake(Settings(home=tmp_path / "fq"))

    assert (packaged.sync("orders").inserted, packaged.sync("invoices").inserted) == (330, 110)


def test_documents_come_in_batches_of_the_size_asked_for(tmp_path: Path) -> None:
    declared = SourceFile(name="o.csv", format=FileFormat.CSV, columns=("id", "text"), key="id")
    (tmp_path / "o.csv").write_text("id,text\n" + "".join(f"{n},{'x' * 100}\n" for n in range(1_000)))
    documents = FileDocuments(tmp_path / "o.csv", declared)

    batches = list(documents.read(Window(), Range.everything(), ReadOptions(batch_bytes=10_000)))

    assert all(10_000 <= len(batch) < 10_200 for batch in batches[:-1])
    assert [each["id"] for each in bson.decode_all(b"".join(batches))] == [str(n) for n in range(1_000)]


def test_the_application_is_read_from_files_from_mongodb_or_not_at_all() -> None:
    files = ifco_sources(Settings(ifco_path=Path("/somewhere")))
    mongo = ifco_sources(Settings(ifco_source=IfcoSource.MONGO))

    assert files is not None
    assert mongo is not None
    assert (files.folder, mongo.folder) == (Path("/somewhere"), None)
    assert files.collections == mongo.collections == load_sources(SOURCES_FILE).collections
    assert ifco_sources(Settings(ifco_source=IfcoSource.NONE)) is None
