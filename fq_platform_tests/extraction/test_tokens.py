"""Positions survive as text and as files; what is not one is said to be lost."""

import json
import os
from pathlib import Path

import pytest
from bson import Timestamp

from fq_platform.errors import FqError
from fq_platform.extraction.tokens import LostPositionError, Position, TokenStore

POSITION = Position({"_data": "8263", "_typeBits": b"\x82"}, Timestamp(1_795_379_577, 9), {"orders": "ab12"})


def store(folder: Path, cluster: str = "db.example:27017", database: str = "shop") -> TokenStore:
    return TokenStore(folder, cluster=cluster, database=database)


@pytest.mark.parametrize("position", [POSITION, Position({"_data": "00"})], ids=["all parts", "token only"])
def test_position_is_one_line_of_text_and_comes_back_equal(position: Position) -> None:
    text = position.to_text()

    assert "\n" not in text
    assert Position.from_text(text) == position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "5",
        "{}",
        '{"token": {}, "time": null, "collections": {}}',
        '{"token": "t", "time": null, "collections": {}}',
        '{"token": {"_data": "1"}, "time": 5, "collections": {}}',
        '{"token": {"_data": "1"}, "time": null, "collections": {"orders": 5}}',
        '{"token": {"_data": "1"}, "time": {"$timestamp": 5}, "collections": {}}',
        '{"token": {"_data": {"$oid": 5}}, "time": null, "collections": {}}',
        '{"2026-01-01": "2026-01-02T00:00:00+00:00"}',
    ],
)
def test_other_text_is_a_lost_position(text: str) -> None:
    with pytest.raises(LostPositionError):
        Position.from_text(text)


def test_saved_position_is_loaded_by_another_store_and_replaced_by_the_next(tmp_path: Path) -> None:
    assert store(tmp_path / "new").load() is None

    store(tmp_path / "new").save(Position({"_data": "00"}))
    store(tmp_path / "new").save(POSITION)

    assert store(tmp_path / "new").load() == POSITION
    assert [file.name for file in (tmp_path / "new").iterdir()] == [store(tmp_path).file.name]


def test_each_database_has_a_file_of_its_own(tmp_path: Path) -> None:
    names = ["shop", "Shop", "sh/op", "sh_op", "..", "x" * 300]
    for number, name in enumerate(names):
        store(tmp_path, database=name).save(Position({"_data": str(number)}))

    for number, name in enumerate(names):
        kept = store(tmp_path, database=name).load()
        assert kept is not None
        assert kept.token == {"_data": str(number)}
    assert all(file.parent == tmp_path for file in tmp_path.rglob("*"))


def test_position_of_another_cluster_is_refused(tmp_path: Path) -> None:
    store(tmp_path, cluster="old.example:27017").save(POSITION)

    with pytest.raises(LostPositionError, match=r"is of shop on old\.example:27017, not of shop on db\.example:27017"):
        store(tmp_path).load()


def test_file_of_another_database_is_refused(tmp_path: Path) -> None:
    store(tmp_path, database="bakery").save(POSITION)
    store(tmp_path, database="bakery").file.rename(store(tmp_path).file)

    with pytest.raises(LostPositionError, match="is of bakery on"):
        store(tmp_path).load()


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_half_a_file_is_lost_with_its_name_and_can_be_replaced(tmp_path: Path, cut: int) -> None:
    kept = store(tmp_path)
    kept.save(POSITION)
    kept.file.write_text(kept.file.read_text()[:cut])

    with pytest.raises(LostPositionError, match=kept.file.name):
        kept.load()
    kept.save(POSITION)
    assert kept.load() == POSITION


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"5", b"[]", b'{"owner": "shop", "position": "x"}', b'{"owner": {"database": "shop"}}', b"null"],
)
def test_other_content_is_lost(tmp_path: Path, content: bytes) -> None:
    store(tmp_path).file.write_bytes(content)

    with pytest.raises(LostPositionError, match="damaged"):
        store(tmp_path).load()


@pytest.mark.parametrize("position", [5, None, "nonsense"])
def test_file_of_ours_without_a_position_is_lost(tmp_path: Path, position: object) -> None:
    kept = store(tmp_path)
    kept.save(POSITION)
    kept.file.write_text(json.dumps(json.loads(kept.file.read_text()) | {"position": position}))

    with pytest.raises(LostPositionError):
        kept.load()


def test_position_before_stays_when_the_next_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path)
    kept.save(POSITION)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FqError, match="cannot be written: No space left") as refusal:
        kept.save(Position({"_data": "next"}))

    assert str(kept.file) in str(refusal.value)
    assert kept.load() == POSITION
    assert list(tmp_path.iterdir()) == [kept.file]


def test_forgotten_position_is_none(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.save(POSITION)
    kept.forget()
    kept.forget()

    assert kept.load() is None
