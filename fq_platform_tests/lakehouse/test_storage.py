"""Errors of disk and catalog become sentences that say what to do; others pass."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from fq_platform.errors import FqError
from fq_platform.lakehouse.storage import is_disk_full, storage_errors


def test_device_without_room_is_a_full_disk() -> None:
    with (
        pytest.raises(FqError, match=r"The disk is full; nothing of this write is visible \(raw\.x\)\. Free space"),
        storage_errors("raw.x"),
        Path("/dev/full").open("wb", buffering=0) as device,
    ):
        device.write(b"x")


def test_full_database_is_a_full_disk(tmp_path: Path) -> None:
    with create_engine(f"sqlite:///{tmp_path / 'c.db'}").connect() as connection:
        connection.execute(text("CREATE TABLE t (c)"))
        connection.execute(text("PRAGMA max_page_count = 2"))

        with pytest.raises(FqError, match="The disk is full"), storage_errors("raw.x"):
            connection.execute(text("INSERT INTO t VALUES (zeroblob(100000))"))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_disk_is_recognised_behind_other_errors(code: int) -> None:
    error = RuntimeError("write failed")
    error.__cause__ = OSError(code, os.strerror(code))

    assert is_disk_full(error)
    assert not is_disk_full(OSError(errno.EIO, "broken"))


def test_locked_catalog_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "c.db", isolation_level=None) as other:
        other.execute("CREATE TABLE t (c)")
        other.execute("BEGIN EXCLUSIVE")
        engine = create_engine(f"sqlite:///{tmp_path / 'c.db'}", connect_args={"timeout": 0})

        with (
            pytest.raises(FqError, match="The catalog is locked by another process"),
            storage_errors("raw.x"),
            engine.connect() as connection,
        ):
            connection.execute(text("INSERT INTO t VALUES (1)"))
        other.execute("ROLLBACK")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FqError, match=r"A file that belongs to the table is gone: .*m0\.avro"), storage_errors("raw.x"):
        (tmp_path / "m0.avro").read_bytes()


def test_file_that_may_not_be_written_is_named() -> None:
    with pytest.raises(FqError, match=r"may not be written: /fq/x \(raw\.x\)"), storage_errors("raw.x"):
        raise PermissionError(errno.EACCES, "Permission denied", "/fq/x")


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), storage_errors("raw.x"):
        _ = 1 / 0
    with pytest.raises(FqError, match="own words"), storage_errors("raw.x"):
        raise FqError("own words", fix="None")
