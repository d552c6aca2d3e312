"""JSON files: which objects are read, and what is refused with file and line."""

from pathlib import Path

import pytest

from fq_platform.errors import FqError
from fq_platform.extraction.files.json_rows import json_rows
from fq_platform.extraction.files.text import Row
from fq_platform.source_files import FileFormat, SourceFile

DECLARED = SourceFile(name="i.json", format=FileFormat.JSON, at="data.invoices", key="id", columns=("id", "vat"))


def read(folder: Path, content: str | bytes, declared: SourceFile = DECLARED) -> list[Row]:
    file = folder / "i.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(json_rows(file, declared))


def test_objects_of_the_array_come_with_their_lines_and_numbers_as_they_are_written(tmp_path: Path) -> None:
    content = """{
 "about": {"invoices": [1, {"x": "]"}]},
 "data": {"total": 2, "invoices": [
  {"id": "a", "vat": 19.10},
  {"id": "Söder", "vat": null}, {
   "vat": {"rate": [1, true]}, "id": "c"}
 ]}
}"""

    assert read(tmp_path, content) == [
        (4, {"id": "a", "vat": "19.10"}),
        (5, {"id": "Söder", "vat": None}),
        (5, {"vat": {"rate": ["1", True]}, "id": "c"}),
    ]


def test_a_file_can_be_the_array_itself_and_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    whole = DECLARED.model_copy(update={"at": ""})

    assert read(tmp_path, b'\xef\xbb\xbf[{"id": "a", "vat": "0"}]', whole) == [(1, {"id": "a", "vat": "0"})]


REFUSED = {
    "empty": ("", "is empty", 1),
    "blank": (" \n", "holds no rows", 1),
    "no rows": ('{"data":\n {"invoices": []}}', "holds no rows", 2),
    "torn": ('{"data": {"invoices": [\n{"id": "a", "vat": "0"},\n{"id": "b', "no JSON: Unterminated string", 3),
    "torn behind the array": ('{"data": {"invoices": [\n{"id": "a", "vat": "0"}]}\n', "no JSON", 3),
    "two documents": ('{"data": {"invoices": [{"id": "a", "vat": "0"}]}}\n{}', "no JSON: Extra data", 2),
    "not JSON": ("id;vat\na;0\n", "no JSON", 1),
    "another place": ('{"data":\n{"bills": []}}', "key 'invoices' is missing", 2),
    "no array": ('{"data": {\n"invoices": {}}}', "'data.invoices' is no array", 2),
    "an array at the top": ('[{"id": "a", "vat": "0"}]', "key 'data' is missing", 1),
    "an element that is no object": ('{"data": {"invoices": [{"id": "a", "vat": "0"},\n 3]}}', "is no object", 2),
    "a missing key": ('{"data": {"invoices": [\n{"id": "a"}]}}', "misses the key 'vat'", 2),
    "an unknown key": ('{"data": {"invoices": [\n{"id": "a", "vat": "0", "x": 1}]}}', "not know the key 'x'", 2),
    "a key twice": ('{"data": {"invoices": [{"id": "a", "id": "b", "vat": "0"}]}}', "key 'id' twice", None),
    "NaN": ('{"data": {"invoices": [{"id": "a", "vat": NaN}]}}', "NaN is no number", None),
    "too deep": ("[" * 100_000, "nested too deeply", None),
    "Latin-1": ('{"data": {"invoices": [\n{"id": "Söder", "vat": "0"}]}}'.encode("latin-1"), "not UTF-8", 2),
}


@pytest.mark.parametrize(("content", "what", "line"), REFUSED.values(), ids=REFUSED)
def test_what_is_torn_or_mistaken_is_refused_by_line(
    tmp_path: Path, content: str | bytes, what: str, line: int | None
) -> None:
    with pytest.raises(FqError, match=what) as error:
        read(tmp_path, content)

    assert error.value.where == (f"{tmp_path / 'i.json'}:{line}" if line else str(tmp_path / "i.json"))
    assert "Nothing was landed" in error.value.fix
