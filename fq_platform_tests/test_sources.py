"""The sources file is read as it is meant, and every mistake in it is named with file and line."""

import datetime as dt
from pathlib import Path

import pytest

from fq_platform.errors import FqError
from fq_platform.settings import PACKAGE
from fq_platform.sources import Collection, Sources, load_sources

HEAD = "app: shop\ndatabase: db\nstart_date: 2026-01-01\ncollections:\n"


def load(folder: Path, text: str) -> Sources:
    file = folder / "sources.yaml"
    file.write_text(text, encoding="utf-8")
    return load_sources(file)


def test_packaged_sources_declare_the_accounting_business() -> None:
    sources = load_sources(PACKAGE / "sources.yaml")

    assert (sources.app, sources.database) == ("ecommerce_db", "ecommerce_db_raw")
    assert sources.owner == "team:data-platform"
    assert sources.start_date == dt.date(2026, 1, 1)
    assert list(sources.collections) == ["customers", "products", "orders", "invoices", "payments"]
    assert sources.collections["orders"] == Collection(partition_by="order_date", watermark="updated_at")
    assert sources.collections["customers"] == Collection(watermark="updated_at")
    assert sources.table("orders") == "ecommerce_db_orders"


def test_options_may_be_left_out_and_shared(tmp_path: Path) -> None:
    sources = load(
        tmp_path,
        HEAD + "  a:\n  b: {}\n  c: &c {watermark: u}\n  d: *c\n  e: {<<: *c, partition_by: at, watermark: v}\n",
    )

    assert sources.collections == {
        "a": Collection(),
        "b": Collection(),
        "c": Collection(watermark="u"),
        "d": Collection(watermark="u"),
        "e": Collection(watermark="v", partition_by="at"),
    }


def test_names_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    sources = load(tmp_path, HEAD + "  no: {partition_by: on}\n  1: {}\n  2026-01-01: {}\n  odd name: {}\n")

    assert list(sources.collections) == ["no", "1", "2026-01-01", "odd name"]
    assert sources.collections["no"].partition_by == "on"
    assert sources.table("odd name") == "shop_odd_x20_name"


def test_types_of_columns_and_whole_documents_can_be_asked_for(tmp_path: Path) -> None:
    sources = load(
        tmp_path,
        HEAD
        + "  a:\n    keep_document: yes\n    types:\n      price: decimal(18, 4)\n      lines.price: decimal\n"
        + "      attrs: map\n      attrs.value: double\n      first_x20_name: string\n  b: {keep_document: false}\n",
    )

    assert sources.collections["a"] == Collection(
        keep_document=True,
        types={
            "price": "decimal(18, 4)",
            "lines.price": "decimal",
            "attrs": "map",
            "attrs.value": "double",
            "first_x20_name": "string",
        },
    )
    assert not sources.collections["b"].keep_document


def test_days_are_those_of_the_time_zone(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD + "  a: {}\n").time_zone == "UTC"
    sources = load(tmp_path, "time_zone: Pacific/Kiritimati\n" + HEAD + "  a: {}\n")

    far_east, utc = sources.today(), dt.datetime.now(dt.UTC)
    assert sources.zone.utcoffset(utc) == dt.timedelta(hours=14)
    assert far_east == (utc + dt.timedelta(hours=14)).date()


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "the file: it must be a mapping"),
        ("- a\n", 1, "the file: it must be a mapping"),
        ("app: [\n", 2, "not valid YAML: expected the node content"),
        ("app: shop\ndatabase: a: b\n", 2, "not valid YAML: mapping values are not allowed"),
        ("app: shop\n\tdatabase: d\n", 2, "not valid YAML: found character '\\t'"),
        ("app: *nowhere\n", 1, "not valid YAML: found undefined alias 'nowhere'"),
        ("app: !!python/object:os.system {}\n", 1, "not valid YAML: could not determine a constructor"),
        ("app: shop\n---\napp: other\n", 2, "not valid YAML: but found another document"),
        ("app: shop\n\ndatabase: \x07\n", 3, "a character that YAML does not allow: '\\x07'"),
        (HEAD + "  ? [a]\n  : {}\n", 5, "a name must be plain text"),
        (HEAD + "  orders: {}\n  other: {}\n  orders: {}\n", 7, "'orders' stands twice"),
        (HEAD + "  orders: {}\napp: again\n", 6, "'app' stands twice"),
        (HEAD, 4, "collections: it must be a mapping"),
        (HEAD + "  {}\n", 4, "collections: Dictionary should have at least 1 item"),
        (HEAD + "  orders: {}\nschedule: daily\n", 6, "schedule: there is no such key"),
        (HEAD + "  a: {}\n  orders: {partitionby: at}\n", 6, "collections.orders.partitionby: there is no such key"),
        (
            HEAD + "  orders:\n    watermark: u\n    partition_by: [a]\n",
            7,
            "collections.orders.partition_by: Input should",
        ),
        (HEAD + "  orders: {watermark: ''}\n", 5, "collections.orders.watermark: String should have at least 1"),
        (HEAD + "  orders: daily\n", 5, "collections.orders: it must be a mapping"),
        (HEAD + "  orders: false\n", 5, "collections.orders: it must be a mapping"),
        (
            HEAD + "  a: {}\n  orders: {}\n  Orders: {}\n",
            7,
            "'orders' and 'Orders' would share the table 'shop_orders'",
        ),
        ("time_zone: Mars/Olympus\n" + HEAD + "  a: {}\n", 1, "time_zone: 'Mars/Olympus' is no time zone"),
        ("owner: sales\n" + HEAD + "  a: {}\n", 1, "owner: 'sales' is neither an e-mail address nor team:<name>"),
        ("time_zone: Europe\n" + HEAD + "  a: {}\n", 1, "time_zone: 'Europe' is no time zone"),
        ("time_zone: ../x\n" + HEAD + "  a: {}\n", 1, "time_zone: '../x' is no time zone"),
        (HEAD + "  a: {keep_document: maybe}\n", 5, "collections.a.keep_document: Input should be a valid boolean"),
        (HEAD + "  a: {types: [x]}\n", 5, "collections.a.types: it must be a mapping"),
        (
            HEAD + "  a:\n    types:\n      n: long\n      p: money\n",
            8,
            "collections.a.types.p: 'money' is not one of boolean, long, double, decimal, decimal(p,s), string,",
        ),
        (HEAD + "  a:\n    types:\n      p:\n", 7, "collections.a.types.p: Input should be a valid string"),
        (HEAD + "  a:\n    types: {p: decimal(9,2)}\n", 6, "collections.a.types: Within {} a decimal needs quotes"),
        (HEAD + "  a:\n    types:\n      p: decimal(39,2)\n", 7, "decimals have 1 to 38 digits"),
        (HEAD + "  a:\n    types:\n      p: decimal(3,4)\n", 7, "decimals have 1 to 38 digits"),
        (HEAD + "  a:\n    types:\n      p: decimal(p,s)\n", 7, "'decimal(p,s)' is not one of"),
        (
            HEAD + "  a:\n    types:\n      first name: string\n",
            7,
            "the column of that field is called 'first_x20_name'",
        ),
        (HEAD + "  a:\n    types:\n      _fq_op: string\n", 7, "the column of that field is called '_x5f_fq_op'"),
        (HEAD + "  a:\n    types:\n      _id: long\n", 7, "'_id' is no path of a column whose type can be chosen"),
        (HEAD + "  a:\n    types:\n      a..b: long\n", 7, "'a..b' is no path of a column"),
        (
            HEAD + "  a:\n    types:\n      x.y.z: long\n      x.y: double\n",
            7,
            "collections.a.types.x.y.z: the column 'x.y' is declared 'double', which has no columns within",
        ),
        (HEAD.replace("app: shop", "app: My Shop") + "  a: {}\n", 1, "app: String should match pattern"),
        (HEAD.replace("app: shop\n", "") + "  a: {}\n", 1, "app: it is missing"),
        (HEAD.replace("2026-01-01", "2026-13-01") + "  a: {}\n", 3, "start_date: Input should be a valid date"),
        (HEAD.replace("2026-01-01", "soon") + "  a: {}\n", 3, "start_date: Input should be a valid date"),
    ],
)
def test_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    with pytest.raises(FqError) as error:
        load(tmp_path, text)

    assert problem in error.value.what
    assert error.value.where == f"{tmp_path / 'sources.yaml'}:{line}"
    assert error.value.fix == "Correct the line named; fq_platform/sources.yaml shows a complete example"


def test_missing_file_is_named_with_the_setting_that_chooses_it(tmp_path: Path) -> None:
    with pytest.raises(FqError, match=r"cannot be read: No such file or directory .*nowhere\.yaml.*FQ_SOURCES"):
        load_sources(tmp_path / "nowhere.yaml")


def test_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FqError, match="cannot be read: Is a directory"):
        load_sources(tmp_path)


def test_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_bytes(b"app: caf\xe9\n")

    with pytest.raises(FqError, match=r"not UTF-8 text .*sources\.yaml.*Save it as UTF-8"):
        load_sources(file)
