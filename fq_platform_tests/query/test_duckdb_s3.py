"""DuckDB reads tables in S3 with the keys of the settings or of the catalog, and shows them to nobody."""

import pytest

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.query.duckdb_engine import DuckDbEngine
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.lake import make_lake
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests

pytestmark = pytest.mark.services


@pytest.fixture
def engine(s3local_settings: Settings) -> DuckDbEngine:
    make_lake(s3local_settings)
    return DuckDbEngine(s3local_settings)


def _rows(engine: DuckDbEngine, sql: str) -> list[dict[str, object]]:
    return engine.execute(sql).read_all().to_pylist()


def test_tables_in_s3_are_read_now_and_as_of_a_snapshot(engine: DuckDbEngine, s3local_settings: Settings):
    table = open_catalog(s3local_settings).load_table("raw.ecommerce_db_orders")
    assert table.location() == f"s3://{s3local_settings.s3_bucket}/iceberg-warehouse/raw/ecommerce_db_orders"
    before = table.metadata.current_snapshot_id
    assert before is not None
    table.delete("_id = 'o1'")
    sql = "SELECT count(*) AS found FROM raw.ecommerce_db_orders"
    assert _rows(engine, sql) == [{"found": 1}]
    assert engine.execute(sql, before).read_all().to_pylist() == [{"found": 2}]


def test_other_places_in_s3_stay_shut_and_the_keys_hidden(engine: DuckDbEngine, object_store: ObjectStoreOfTests):
    other = object_store.bucket()
    object_store.client().put_object(Bucket=other, Key="rows.csv", Body=b"a\n1\n")
    with pytest.raises(FqError, match="Permission Error"):
        engine.execute(f"FROM read_csv('s3://{other}/rows.csv')")
    shown = str(_rows(engine, "SELECT * FROM duckdb_secrets(), raw.ecommerce_db_orders LIMIT 1"))
    assert "redacted" in shown
    assert object_store.secret_key not in shown


def test_keys_that_the_catalog_hands_out_open_the_tables_files(
    engine: DuckDbEngine, object_store: ObjectStoreOfTests, s3local_settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    ours = s3local_settings.model_copy(update={"s3_endpoint": object_store.url})
    for name, value in {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "wrong"}.items():
        monkeypatch.setenv(name, value)
    handed_out = DuckDbEngine(ours)
    catalog = open_catalog(s3local_settings)  # with the server's key in each table's properties
    monkeypatch.setattr(handed_out._lake, "catalog", catalog)
    assert _rows(handed_out, "SELECT count(*) AS found FROM raw.ecommerce_db_orders") == [{"found": 2}]


def test_a_wrong_key_is_told_without_showing_it(s3local_settings: Settings, engine: DuckDbEngine):
    from fq_platform.lakehouse.s3_access import AwsKeys, S3Access
    from fq_platform.query import duckdb_connection

    odd = S3Access(region="eu-central-1", endpoint="http://127.0.0.1:1", path_style=True)
    connection = duckdb_connection.connect(s3local_settings)
    duckdb_connection._create_secret(connection, "x", odd, AwsKeys("a'b", "c'd"), None)
    with pytest.raises(FqError, match="does not take the keys") as caught:
        # A statement that DuckDB cannot parse is repeated in its error, keys included.
        duckdb_connection._create_secret(connection, "no name", odd, AwsKeys("a'b", "hidden-secret"), None)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None
