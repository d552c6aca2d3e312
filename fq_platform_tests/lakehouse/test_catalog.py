"""The catalog comes into being on first use, by however many processes at once, and says what is wrong with it."""

import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from pydantic import SecretStr

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog, spark_catalog_conf
from fq_platform.settings import Profile, Settings
from fq_platform_tests.fixtures.catalog_servers import Postgres

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


@pytest.mark.services
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


@pytest.fixture
def postgres_settings(postgres: Postgres, tmp_path: Path) -> Settings:
    uri = SecretStr(postgres.create(f"opened_{uuid.uuid4().hex}"))
    return Settings(home=tmp_path, profile=Profile.SQL, catalog_uri=uri)


@pytest.mark.services
def test_shared_catalog_may_be_opened_for_the_first_time_by_many_at_once(postgres_settings: Settings) -> None:
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(open_catalog, [postgres_settings] * 8))

    assert all(catalog.namespace_exists(("curated", "shared")) for catalog in opened)
    assert sorted(opened[0].list_namespaces()) == NAMESPACES


@pytest.mark.services
def test_connections_to_a_shared_catalog_end_with_their_use(postgres_settings: Settings) -> None:
    assert postgres_settings.catalog_uri is not None
    with closing(psycopg2.connect(postgres_settings.catalog_uri.get_secret_value())) as watching:
        watching.autocommit = True
        for _ in range(10):
            open_catalog(postgres_settings).list_tables("raw")
        with watching.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            (others,) = cursor.fetchone()

    assert others - 1 <= 2
