"""A run whose storage or catalog does not do its part: table, cause and remedy are named, and nothing half is seen."""

import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from pydantic import SecretStr

from fq_platform.io_managers.declarations import iceberg_table
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.writing.job import Job
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Profile, Settings
from fq_platform_tests.fixtures.catalogs import LakeBackends
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests
from fq_platform_tests.io_managers.conftest import told
from fq_platform_tests.lakehouse.test_s3_errors import Expired

pytestmark = pytest.mark.services

NOBODY = "http://127.0.0.1:9"
TABLE = "iceberg.analytics.made"
Runs = Callable[..., str]


@pytest.fixture
def run(resource_over: Callable[[Settings], SparkResource]) -> Runs:
    """Materialises an asset in a lakehouse; what the user is told, or nothing if it is made."""

    def materialise(settings: Settings, *numbers: int, mode: str = "overwrite") -> str:
        @dg.asset(key=["analytics", "made"], metadata=iceberg_table(mode=mode))
        def made() -> pa.Table:
            return pa.table({"n": list(numbers)})

        manager = SparkIcebergIOManager(spark=resource_over(settings), app="app")
        result = dg.materialize([made], resources={"io_manager": manager}, raise_on_error=False)
        return "" if result.success else told(result)

    return materialise


@pytest.fixture
def lake(lake_backends: LakeBackends, run: Runs) -> Settings:
    """A lakehouse in S3 in which the table holds 1."""
    settings = lake_backends("sqlite-s3")
    assert run(settings, 1) == ""
    return settings


@pytest.fixture
def keys(aws_files: Path, object_store: ObjectStoreOfTests) -> Iterator[Callable[[str, str], None]]:
    """Changes the keys that all engines find, until the end of the test."""
    file = aws_files / "credentials"
    before = file.read_text()

    def change(key: str, secret: str) -> None:
        file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")

    yield change
    file.write_text(before)


@pytest.fixture
def expired() -> Iterator[str]:
    """A server for which every key has expired."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Expired) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def numbers(settings: Settings) -> list[int]:
    return sorted(open_catalog(settings).load_table("analytics.made").scan().to_arrow()["n"].to_pylist())


def names(message: str, *parts: str) -> None:
    for part in (TABLE, *parts):
        assert part in message
    assert "s3cret" not in message


def test_bucket_that_does_not_exist(lake_backends: LakeBackends, run: Runs) -> None:
    settings = lake_backends("sqlite-s3").model_copy(update={"s3_bucket": "no-such-bucket"})
    names(run(settings, 1), "The bucket does not exist", "S3_BUCKET")
    assert not open_catalog(settings).table_exists("analytics.made")


def test_keys_that_are_wrong(lake: Settings, run: Runs, keys: Callable[[str, str], None], object_store: Any) -> None:
    good = object_store.access_key, object_store.secret_key
    keys(good[0], "s3cret")
    elsewhere = lake.model_copy(update={"s3_path_style": True})
    names(run(elsewhere, 2), "keys", "AWS_PROFILE")
    keys(*good)
    assert numbers(lake) == [1]
    assert run(lake, 3) == ""
    assert numbers(lake) == [3]


def test_keys_that_have_expired(lake: Settings, run: Runs, expired: str) -> None:
    names(run(lake.model_copy(update={"s3_endpoint": expired}), 2), "expired", "aws s")
    assert numbers(lake) == [1]


def test_storage_that_cannot_be_reached(lake: Settings, run: Runs) -> None:
    names(run(lake.model_copy(update={"s3_endpoint": NOBODY}), 2), "S3 cannot be reached", "FQ_S3_ENDPOINT")
    assert numbers(lake) == [1]


@pytest.mark.parametrize(
    ("profile", "uri", "said"),
    [
        (Profile.REST, NOBODY, "The catalog cannot be reached"),
        (Profile.SQL, "postgresql://fq:s3cret@127.0.0.1:9/lake", "The catalog's database cannot be reached"),
    ],
)
def test_catalog_that_cannot_be_reached(settings: Settings, run: Runs, profile: Profile, uri: str, said: str) -> None:
    away = settings.model_copy(update={"profile": profile, "catalog_uri": SecretStr(uri), "s3_bucket": "any"})
    names(run(away, 1), said, "FQ_CATALOG_URI")


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_table_that_somebody_drops_or_changes_meanwhile(
    lake: Settings, run: Runs, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    prepare, acts = Job.prepare, [change_columns, drop]

    def prepared(self: Job, *args: Any, **options: Any) -> Any:
        state = prepare(self, *args, **options)
        if acts:
            acts.pop(0)(lake)
        return state

    monkeypatch.setattr(Job, "prepare", prepared)
    names(run(lake, 2, mode=mode), "columns were changed by somebody else", "Run again")
    assert open_catalog(lake).load_table("analytics.made").scan().to_arrow().to_pylist() == [{"other": 1}]
    names(run(lake, 2, mode=mode), "was dropped by somebody", "Run again")
    assert not open_catalog(lake).table_exists("analytics.made")


def change_columns(settings: Settings) -> None:
    with open_catalog(settings).load_table("analytics.made").update_schema() as change:
        change.rename_column("n", "other")


def drop(settings: Settings) -> None:
    open_catalog(settings).drop_table("analytics.made")
