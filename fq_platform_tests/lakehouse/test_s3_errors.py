"""What a real S3 server refuses is said in words: the cause, the table, the remedy, and never a key."""

import http.server
import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest
from pyiceberg.io import load_file_io

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.connection import pyiceberg_properties
from fq_platform.lakehouse.s3_errors import explain_s3_error
from fq_platform.lakehouse.storage import storage_errors
from fq_platform.query.duckdb_engine import DuckDbEngine
from fq_platform.settings import Profile, Settings
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests

ROWS = pa.table({"a": [1, 2]})
EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


class Expired(http.server.BaseHTTPRequestHandler):
    """AWS's answer to a key whose time is over; no server here lends keys for less than a quarter of an hour."""

    def _refuse(self) -> None:
        self.send_response(400)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(EXPIRED)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(EXPIRED)

    do_GET = do_HEAD = do_PUT = do_POST = _refuse  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def expired() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Expired) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def filled(s3local_settings: Settings) -> Settings:
    """A lake in S3 with one table."""
    open_catalog(s3local_settings).create_table("raw.orders", schema=ROWS.schema).append(ROWS)
    return s3local_settings


def _with_keys(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, endpoint: str, key: str = "", secret: str = "", token: str = ""
) -> Settings:
    values = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
    for name, value in values.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    return settings.model_copy(update={"s3_endpoint": endpoint})


def _error_of_write(settings: Settings) -> FqError:
    with pytest.raises(FqError) as caught, storage_errors("iceberg.raw.new"):
        open_catalog(settings).create_table("raw.new", schema=ROWS.schema)
    assert not open_catalog(settings).table_exists("raw.new")
    return caught.value


def _error_of_query(settings: Settings) -> FqError:
    with pytest.raises(FqError) as caught:
        DuckDbEngine(settings).execute("FROM raw.orders").read_all()
    return caught.value


@pytest.mark.services
def test_a_bucket_that_does_not_exist(s3local_settings: Settings):
    error = _error_of_write(s3local_settings.model_copy(update={"s3_bucket": "no-such-bucket"}))
    assert error.what == "The bucket does not exist"
    assert error.where == "iceberg.raw.new, s3://no-such-bucket"
    assert "S3_BUCKET" in error.fix


@pytest.mark.services
@pytest.mark.parametrize("keys", [("unknown-key", "hidden-secret"), ("server's", "hidden-secret"), ()])
def test_keys_that_are_wrong_or_missing(
    filled: Settings, object_store: ObjectStoreOfTests, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]
):
    keys = tuple(object_store.access_key if key == "server's" else key for key in keys)
    theirs = _with_keys(filled, monkeypatch, object_store.url, *keys)
    for error in (_error_of_write(theirs), _error_of_query(theirs)):
        assert "S3 refuses the access: the keys are missing, wrong or expired" in error.what
        assert "AWS_ACCESS_KEY_ID" in error.fix
        assert "hidden-secret" not in str(error)
    assert open_catalog(filled).load_table("raw.orders").scan().to_arrow().num_rows == 2


@pytest.mark.services
def test_keys_that_have_expired(filled: Settings, expired: str, monkeypatch: pytest.MonkeyPatch):
    theirs = _with_keys(filled, monkeypatch, expired, "temporary", "hidden-secret", "hidden-token")
    for error in (_error_of_write(theirs), _error_of_query(theirs)):
        assert "expired" in error.what
        assert "aws sts get-caller-identity" in error.fix
        assert "hidden" not in str(error)
    storage = load_file_io(pyiceberg_properties(theirs))
    with pytest.raises(FqError, match="The keys for S3 have expired") as caught, storage_errors("iceberg.raw.orders"):
        storage.new_output(f"s3://{theirs.s3_bucket}/new.parquet").create(overwrite=True)
    assert "hidden" not in str(caught.value)


@pytest.mark.services
def test_a_server_that_is_not_there_is_told_within_seconds(filled: Settings, monkeypatch: pytest.MonkeyPatch):
    theirs = _with_keys(filled, monkeypatch, "http://127.0.0.1:9", "key", "hidden-secret")
    for error in (_error_of_write(theirs), _error_of_query(theirs)):
        assert error.what == "S3 cannot be reached"
        assert "FQ_S3_ENDPOINT" in error.fix


def test_a_profile_whose_server_is_stopped_says_how_to_start_it(settings: Settings):
    stopped = settings.model_copy(update={"profile": Profile.S3LOCAL})
    with pytest.raises(FqError, match=r"S3 server of the profile s3local does not run.*fq dev --profile s3local"):
        open_catalog(stopped)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("NoSuchBucketException: The specified bucket does not exist (Service: S3, Status Code: 404)", "bucket does"),
        ("S3Exception: The provided token has expired. (Service: S3, Status Code: 400)", "have expired"),
        ("S3Exception: Access Denied (Service: S3, Status Code: 403, Request ID: 1)", "refuses the access"),
        (
            "S3Exception: The AWS Access Key Id you provided does not exist (Service: S3, Status Code: 403)",
            "not accept",
        ),
        ("at S3FileIO: SdkClientException: Unable to load credentials from any of the providers", "no keys for S3"),
        ("at S3FileIO: SdkClientException: Unable to execute HTTP request: Connection refused", "cannot be reached"),
        ("NoSuchKeyException: key (Service: S3, Status Code: 404)", "is gone from the bucket"),
        ("S3Exception: We encountered an internal error (Service: S3, Status Code: 500)", "fails to answer"),
    ],
)
def test_what_spark_says_of_s3_is_understood(said: str, meant: str):
    error = explain_s3_error(RuntimeError(f"An error occurred while calling o1.append.\n: {said}"), "iceberg.raw.x")
    assert error is not None
    assert meant in error.what
    assert error.where == "iceberg.raw.x"


def test_errors_of_other_services_are_left_to_others():
    assert explain_s3_error(RuntimeError("AccessDenied by PostgreSQL"), "iceberg.raw.x") is None
