"""The catalog comes into being on first use, by however many processes at once, and says what is wrong with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog, spark_catalog_conf
from fq_platform.settings import Settings

NAMESPACES = [("analytics",), ("curated",), ("raw",)]
PROCESSES, HOMES = 3, 8
OPEN_TOGETHER = """
import sys, time
from pathlib import Path
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import Settings
folder, me, processes, homes = Path(sys.argv[1]), *map(int, sys.argv[2:])
open_catalog(Settings(home=folder / f"warm-{me}"))
for n in range(homes):
    (folder / f"ready-{n}-{me}").touch()
    while len(list(folder.glob(f"ready-{n}-*"))) < processes:
        time.sleep(0)
    open_catalog(Settings(home=folder / f"home-{n}"))
"""


def test_catalog_has_a_namespace_for_each_layer_however_often_it_is_opened(settings: Settings) -> None:
    for _ in range(2):
        catalog = open_catalog(settings)
        assert catalog.name == "iceberg"
        assert sorted(catalog.list_namespaces()) == NAMESPACES
    assert settings.catalog_file.is_file()


def test_processes_that_open_it_for_the_first_time_at_once_do_not_collide(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_TOGETHER, str(tmp_path), str(me), str(PROCESSES), str(HOMES)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for me in range(PROCESSES)
    ]
    try:
        # The first to fail leaves the others waiting for it.
        errors = [process.communicate(timeout=60)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()

    assert [process.returncode for process in processes] == [0] * PROCESSES, errors
    for n in range(HOMES):
        assert sorted(open_catalog(Settings(home=tmp_path / f"home-{n}")).list_namespaces()) == NAMESPACES


@pytest.mark.parametrize("folder", ["with space", "Größe", "100%25", "it's"])
def test_folder_with_unusual_characters(tmp_path: Path, folder: str) -> None:
    home = Settings(home=tmp_path / folder)

    assert sorted(open_catalog(home).list_namespaces()) == NAMESPACES
    assert (tmp_path / folder / "catalog.db").is_file()


def test_file_that_is_no_database_is_named(settings: Settings) -> None:
    settings.home.mkdir()
    settings.catalog_file.write_text("not a database, but long enough to be looked at\n" * 40)

    with pytest.raises(FqError, match=r"damaged: its file is not a database \(.*catalog\.db\)\. Restore"):
        open_catalog(settings)


def test_folder_in_place_of_the_catalog_is_named(settings: Settings) -> None:
    settings.catalog_file.mkdir(parents=True)

    with pytest.raises(FqError, match="The catalog cannot be opened"):
        open_catalog(settings)


def test_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "fq").touch()

    with pytest.raises(FqError, match=r"The warehouse cannot be created: .*fq/warehouse.*FQ_HOME"):
        open_catalog(Settings(home=tmp_path / "fq"))


def test_spark_is_told_of_the_same_catalog_and_warehouse(settings: Settings) -> None:
    conf = spark_catalog_conf(settings)

    assert conf["spark.sql.catalog.iceberg.uri"] == f"jdbc:sqlite:{settings.catalog_file}"
    assert conf["spark.sql.catalog.iceberg.warehouse"] == f"file://{settings.warehouse}"
    assert conf["spark.sql.catalog.iceberg.jdbc.schema-version"] == "V1"
