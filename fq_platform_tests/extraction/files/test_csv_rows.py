"""CSV files: what is read as it stands, and what is refused with file and line."""

from pathlib import Path

import pytest

from fq_platform.errors import FqError
from fq_platform.extraction.files.csv_rows import csv_rows
from fq_platform.extraction.files.text import Row
from fq_platform.source_files import FileFormat, SourceFile

DECLARED = SourceFile(name="o.csv", format=FileFormat.CSV, delimiter=";", key="id", columns=("id", "who", "what"))


def read(folder: Path, content: str | bytes) -> list[Row]:
    file = folder / "o.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(csv_rows(file, DECLARED))


def test_fields_are_the_text_that_stands_there(tmp_path: Path) -> None:
    content = 'id;who;what\n1;Söder ;"{""cp"": 1;2}"\n\n2;;"two\nlines"\n3; ;007\n'

    assert read(tmp_path, content) == [
        (2, {"id": "1", "who": "Söder ", "what": '{"cp": 1;2}'}),
        (4, {"id": "2", "who": "", "what": "two\nlines"}),
        (6, {"id": "3", "who": " ", "what": "007"}),
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_byte_order_mark_line_ends_and_the_order_of_columns_do_not_matter(
    tmp_path: Path, mark: bytes, line_end: str
) -> None:
    content = mark + line_end.join(["what;id;who", "a;1;b", ""]).encode()

    assert read(tmp_path, content) == [(2, {"id": "1", "who": "b", "what": "a"})]


REFUSED: dict[str, tuple[str | bytes, str, int | None]] = {
    "no file at all": (b"", "is empty", 1),
    "header only": ("id;who;what\n", "holds no rows", 1),
    "blank": ("\n\n", "holds no rows", 2),
    "cut off within a row": ("id;who;what\n1;a;b\n2;c", "The row has 2 of 3 fields", 3),
    "cut off within the last field": ("id;who;what\n1;a;b\n2;c;Leon", "does not end with a line break", 3),
    "cut off within quotes": ('id;who;what\n1;a;b\n2;c;"x\ny\n', "is never closed", 3),
    "cut off within the header": ("id;wh", "does not know the column 'wh'", 1),
    "a quote that is never closed": ('id;who;what\n1;"a;b\n2;c;d\n3;e;f\n', "is never closed", 2),
    "too few fields in the middle": ("id;who;what\n1;a\n2;c;d\n", "The row has 2 of 3 fields", 2),
    "too many fields": ("id;who;what\n1;a;b;c\n", "The row has 4 fields, and the header 3", 2),
    "text behind a quoted field": ('id;who;what\n1;"a"b;c\n', "no CSV with doubled quotes", 2),
    "another delimiter": ("id,who,what\n1,a,b\n", "separated by commas", 1),
    "tabs": ("id\twho\twhat\n1\ta\tb\n", "separated by tabs", 1),
    "unknown columns": ("id;who;what;why;when\n1;a;b;c;d\n", "does not know the columns 'why', 'when'", 1),
    "a missing column": ("id;who\n1;a\n", "misses the column 'what'", 1),
    "a column twice": ("id;who;what;who\n1;a;b;c\n", "has twice the column 'who'", 1),
    "Latin-1": ("id;who;what\n1;a;b\n2;Söder;c\n".encode("latin-1"), "not UTF-8", 3),
    "UTF-16": ("id;who;what\n1;a;b\n".encode("utf-16"), "not UTF-8", 1),
    "a field without an end": ('id;who;what\n1;"' + "x" * 200_000, "is never closed", 2),
}


@pytest.mark.parametrize(("content", "what", "line"), REFUSED.values(), ids=REFUSED)
def test_what_is_torn_or_mistaken_is_refused_by_line(
    tmp_path: Path, content: str | bytes, what: str, line: int | None
) -> None:
    with pytest.raises(FqError, match=what) as error:
        read(tmp_path, content)

    assert error.value.where == f"{tmp_path / 'o.csv'}:{line}"
    assert "Nothing was landed" in error.value.fix


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FqError, match="No such file") as error:
        list(csv_rows(tmp_path / "o.csv", DECLARED))

    assert error.value.where == str(tmp_path / "o.csv")


def test_a_file_that_is_written_to_while_it_is_read_is_read_again_later(tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    file.write_text("id;who;what\n1;a;b\n")
    rows = csv_rows(file, DECLARED)
    next(rows)
    with file.open("a") as more:
        more.write("2;c;d\n")

    with pytest.raises(FqError, match="written to while it was read") as error:
        list(rows)
    assert error.value.transient
