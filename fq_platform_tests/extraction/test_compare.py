"""A comparison tells new, changed, unchanged and repeated documents, and which ones are gone."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fq_platform.extraction.compare import INSERT, MET, UNCHANGED, UPDATE, Comparison, Cursor, texts_of
from fq_platform.extraction.kernels.murmur import murmur3_strings
from fq_platform.extraction.parts import SHARED_RANGES, Parts
from fq_platform.extraction.ranges import Bracket, Range, assign
from fq_platform.lakehouse.live import LIVE_COLUMNS

Version = tuple[str, str, str, int]
"""Key, operation, content, time."""


class Lake:
    """Rows in memory, a few in a batch."""

    def __init__(self, versions: Sequence[Version], in_batch: int = 3) -> None:
        keys, operations, contents, times = zip(*versions, strict=True) if versions else ((), (), (), ())
        hashes = [
            None if operation == "delete" else digest(text)
            for operation, text in zip(operations, contents, strict=True)
        ]
        self.table = pa.table(
            {
                "_id": pa.array(keys, pa.string()),
                "_fq_op": pa.array(operations, pa.string()),
                "_fq_hash": pa.array(hashes, pa.binary(16)),
                "_fq_extracted_at": pa.array(times, pa.timestamp("us", "UTC")),
            }
        )
        self.count = len(versions)
        self.in_batch = in_batch
        self.read = 0

    def batches(self, columns: Sequence[str] = LIVE_COLUMNS) -> Iterator[pa.RecordBatch]:
        self.read += "_id" in columns
        yield from self.table.select(list(columns)).to_batches(self.in_batch)


def digest(content: str) -> bytes:
    return murmur3_strings(pa.array([content])).tobytes()


def compare(cursor: Cursor, *documents: tuple[str, str]) -> list[int]:
    keys, contents = zip(*documents, strict=True)
    rows = np.arange(len(documents))
    batch = SimpleNamespace(key_hashes=murmur3_strings(pa.array(keys)), hashes=murmur3_strings(pa.array(contents)))
    return cursor.outcomes(batch, rows).tolist()


def gone(comparison: Comparison) -> list[str]:
    rows = comparison.rows.batches(["_id"])
    return [key for texts in texts_of(comparison.missing(), rows) for key in texts.to_pylist()]


def test_newest_version_of_each_document_counts_in_whatever_order_rows_come() -> None:
    comparison = Comparison(
        Lake(
            [
                ("updated", "update", "new", 5),
                ("updated", "insert", "old", 1),
                ("deleted", "insert", "x", 1),
                ("deleted", "delete", "", 9),
                ("back", "insert", "again", 8),
                ("back", "delete", "", 7),
                ("back", "insert", "first", 6),
                ("lost", "insert", "x", 1),
            ]
        )
    )
    cursor = Cursor(comparison, remember=False)

    outcomes = compare(cursor, ("updated", "new"), ("deleted", "x"), ("back", "first"), ("unheard-of", "x"))

    assert outcomes == [UNCHANGED, INSERT, UPDATE, INSERT]
    assert gone(comparison) == ["lost"]
    assert comparison.latest == 9


def test_unchanged_documents_in_order_need_no_keys() -> None:
    lake = Lake([(str(n), "insert", f"content {n}", n) for n in range(100)])
    comparison = Comparison(lake)

    outcomes = compare(Cursor(comparison, remember=True), *((str(n), f"content {n}") for n in range(100)))

    assert outcomes == [UNCHANGED] * 100
    assert gone(comparison) == []
    assert lake.read == 1  # only to look for the texts of none


def test_what_was_seen_in_order_is_not_taken_for_gone_when_order_ends() -> None:
    comparison = Comparison(Lake([(str(n), "insert", f"content {n}", n) for n in range(10)]))
    cursor = Cursor(comparison, remember=True)

    first = compare(cursor, *((str(n), f"content {n}") for n in (0, 1, 3)))
    second = compare(cursor, ("8", "content 8"), ("9", "changed"), ("new", "x"), ("0", "content 0"), ("4", "content 4"))

    assert first == [UNCHANGED] * 3
    assert second == [UNCHANGED, UPDATE, INSERT, MET, UNCHANGED]
    assert sorted(gone(comparison)) == ["2", "5", "6", "7"]


def test_documents_met_twice_are_told_also_if_the_lake_has_none() -> None:
    cursor = Cursor(Comparison(Lake([])), remember=True)

    assert compare(cursor, ("a", "1"), ("b", "1"), ("a", "2")) == [INSERT, INSERT, MET]
    assert compare(cursor, *((str(n), "x") for n in range(5000))) == [INSERT] * 5000
    assert compare(cursor, ("b", "1"), ("4999", "x"), ("c", "1")) == [MET, MET, INSERT]
    assert compare(Cursor(Comparison(Lake([])), remember=False), ("a", "1"), ("a", "1")) == [INSERT, INSERT]


def test_texts_are_found_once_each() -> None:
    lake = Lake([("a", "insert", "1", 1), ("b", "insert", "1", 1), ("a", "update", "2", 2)])

    assert gone(Comparison(lake)) in (["a", "b"], ["b", "a"])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_comparison_agrees_with_a_dictionary(data: st.DataObject) -> None:
    names = st.sampled_from([f"k{n}" for n in range(12)])
    contents = st.sampled_from(["1", "2", "3"])
    history = data.draw(st.lists(st.tuples(names, st.sampled_from(["put", "put", "delete"]), contents), max_size=25))
    live: dict[str, str] = {}
    versions: list[Version] = []
    for time, (key, operation, content) in enumerate(history):
        if operation == "delete" and key in live:
            versions.append((key, "delete", "", time))
            del live[key]
        elif operation == "put":
            versions.append((key, "update" if key in live else "insert", key + content, time))
            live[key] = key + content
    documents = data.draw(st.lists(st.tuples(names, contents), max_size=20))
    comparison = Comparison(Lake(data.draw(st.permutations(versions))))
    cursor = Cursor(comparison, remember=True)
    met: set[str] = set()
    expected = []
    for key, content in documents:
        now = live.get(key)
        new = INSERT if now is None else UNCHANGED if now == key + content else UPDATE
        expected.append(MET if key in met else new)
        met.add(key)

    found = [outcome for key, content in documents for outcome in compare(cursor, (key, key + content))]

    assert found == expected
    assert sorted(gone(comparison)) == sorted(set(live) - met)


def test_threads_that_share_a_comparison_lose_nothing_when_one_leaves_the_order() -> None:
    lake = Lake([(str(n), "insert", f"content {n}", n) for n in range(20_000)], in_batch=1000)
    comparison = Comparison(lake)
    outcomes: dict[int, list[int]] = {}

    def work(part: int) -> None:
        cursor = Cursor(comparison, remember=False)
        numbers = range(part * 5000, (part + 1) * 5000)
        found = []
        for begin in range(0, 5000, 100):
            changed = "changed" if part == 2 and begin == 2500 else "content"
            found += compare(cursor, *((str(n), f"{changed} {n}") for n in numbers[begin : begin + 100]))
        outcomes[part] = found

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {part: found.count(UNCHANGED) for part, found in outcomes.items()} == {0: 5000, 1: 5000, 2: 4900, 3: 5000}
    assert outcomes[2].count(UPDATE) == 100
    assert gone(comparison) == []


RANGES = [Range(Bracket.STRING, None, "d"), Range(Bracket.STRING, "d", "m"), Range(Bracket.STRING, "m", None)]
KEYS = [f"{letter}{n}" for n in range(5) for letter in "zadmkb"]


def parts_of(range_documents: int) -> tuple[Lake, Parts]:
    lake = Lake([(key, "insert", key, n) for n, key in enumerate(KEYS)], in_batch=7)
    return lake, Parts(lake, RANGES, range_documents)  # type: ignore[arg-type]  # rows in memory


@pytest.mark.parametrize("range_documents", [1, 1000], ids=["put aside by range", "shared"])
def test_ranges_of_a_window_find_what_is_theirs(range_documents: int) -> None:
    _, parts = parts_of(range_documents)
    found: list[str] = []
    for number in (2, 0, 1):
        comparison = parts.open(number).comparison
        mine = [key for key, owner in zip(KEYS, assign(RANGES, pa.array(KEYS)), strict=True) if owner == number]
        assert parts.latest == len(KEYS) - 1
        assert compare(Cursor(comparison, remember=False), *((key, key) for key in mine[1:])) == [UNCHANGED] * 9
        if parts.is_last(number):
            found += gone(comparison)
            parts.forget(number)
    parts.close()

    assert sorted(found) == ["a0", "d0", "z0"]


def test_memory_of_a_comparison_is_that_of_a_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    _, parts = parts_of(len(KEYS) // (SHARED_RANGES + 1))

    counts = [parts.open(number).comparison.rows.count for number in range(len(RANGES))]

    assert counts == [10, 10, 10]
    assert len(list(tmp_path.glob("fq-compare-*/*"))) == 3
    parts.close()
    assert list(tmp_path.iterdir()) == []
