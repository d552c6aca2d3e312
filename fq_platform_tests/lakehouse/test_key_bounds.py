"""Files that could hold a key are found by their bounds, whether keys are told apart or only where they lie."""

import pyarrow as pa
import pytest
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.typedef import Record

from fq_platform.lakehouse import key_bounds
from fq_platform.lakehouse.key_bounds import KeyBounds


def a_file(lower: str | None, upper: str | None) -> DataFile:
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path="file",
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=1,
        file_size_in_bytes=1,
        lower_bounds={} if lower is None else {1: lower.encode()},
        upper_bounds={} if upper is None else {1: upper.encode()},
    )


def bounds(*groups: list[str]) -> KeyBounds:
    keys = KeyBounds()
    for group in groups:
        keys.add(pa.array(group, pa.string()))
    return keys


def test_keys_told_apart_are_in_files_whose_bounds_enclose_one() -> None:
    lookup = bounds(["d", "x"], ["b"]).lookup()

    assert lookup.span == ("b", "x")
    for lower, upper, expected in [
        ("a", "b", True),
        ("a", "az", False),
        ("b", "b", True),
        ("e", "w", False),
        ("c", "e", True),
        ("x", "z", True),
        ("xa", "z", False),
        (None, None, True),
    ]:
        assert lookup.may_be_in(a_file(lower, upper)) is expected, (lower, upper)


def test_many_keys_are_where_those_that_came_together_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_bounds, "EXACT_KEYS", 3)
    lookup = bounds(["b", "d"], ["a"], ["p", "m"]).lookup()

    found = [lookup.may_be_in(a_file(*pair)) for pair in [("c", "c"), ("e", "l"), ("n", "n"), ("q", "z"), ("a", "a")]]
    assert found == [True, False, True, False, True]


def test_a_long_span_reaches_beyond_later_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_bounds, "EXACT_KEYS", 0)
    assert bounds(["a", "z"], ["b", "c"]).lookup().may_be_in(a_file("k", "l"))


def test_no_keys_are_nowhere() -> None:
    lookup = bounds([]).lookup()
    assert lookup.span is None
    assert not lookup.may_be_in(a_file("a", "z"))
    assert not lookup.may_be_in(a_file(None, None))
