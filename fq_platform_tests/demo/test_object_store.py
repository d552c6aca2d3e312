"""The S3 server starts once per FQ_HOME, keeps what is stored, is found by others, and never outlives its owner."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from fq_platform.demo.object_store import ObjectStore
from fq_platform.demo.server_process import is_listened_on
from fq_platform.errors import FqError
from fq_platform.lakehouse.object_store_endpoint import object_store_endpoint, object_store_home
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests

services = pytest.mark.services

OWNER = """
import sys, time
from pathlib import Path
from fq_platform.demo.object_store import ObjectStore
from fq_platform.settings import Settings

with ObjectStore(Settings(home=Path(sys.argv[1]))) as store:
    store.client().put_object(Bucket="fq-app-analytics-bucket-1", Key="kept", Body=b"x" * 5_000_000)
    print(store.endpoint.endpoint, flush=True)
    time.sleep(120)
"""
"""A program that owns a server, as `fq dev` does, and stores something in it."""


@services
def test_it_answers_on_loopback_to_its_key_only_and_stays_out_of_the_network(object_store: ObjectStoreOfTests):
    process = psutil.Process(object_store.endpoint.pid)
    listening = [link for link in process.net_connections("tcp") if link.status == psutil.CONN_LISTEN]
    assert len(listening) == 9
    assert {link.laddr.ip for link in listening} == {"127.0.0.1"}
    assert "-master.telemetry=false" in process.cmdline()
    assert object_store.secret_key not in " ".join(process.cmdline())
    bucket = object_store.bucket()
    object_store.client().put_object(Bucket=bucket, Key="a", Body=b"1")
    unsigned = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{object_store.url}/{bucket}/a"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert unsigned.stdout == "403"


@services
def test_a_bucket_is_not_made_by_writing_to_it_and_a_wrong_name_is_told(object_store: ObjectStoreOfTests):
    with pytest.raises(ClientError, match="NoSuchBucket"):
        object_store.client().put_object(Bucket="never-made", Key="a", Body=b"1")
    with pytest.raises(FqError, match=r"no bucket with the name 'No_Bucket'.*lower-case"):
        object_store.store.ensure_bucket("No_Bucket")


@services
def test_a_write_that_must_be_the_first_is_refused_the_second_time(object_store: ObjectStoreOfTests):
    client, bucket = object_store.client(), object_store.bucket()
    client.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")


@services
def test_files_with_keys_are_private_and_a_second_one_attaches_to_the_first(
    object_store: ObjectStoreOfTests, settings: Settings
):
    object_store.lend_to(settings.home)
    found = object_store_endpoint(settings)
    assert found == object_store.endpoint
    with ObjectStore(settings) as second:
        assert second.attached
        assert second.endpoint == object_store.endpoint
    assert object_store_endpoint(settings) == object_store.endpoint
    for name in ("endpoint.json", "server.json", "s3.json", "security.toml"):
        assert (object_store_home(settings) / name).stat().st_mode & 0o777 == 0o600
    assert object_store.secret_key not in (object_store_home(settings) / "server.log").read_text()
    assert object_store.secret_key not in repr(object_store.endpoint)


@services
def test_when_its_owner_is_killed_it_ends_and_the_next_start_finds_everything_at_once(settings: Settings):
    with subprocess.Popen([sys.executable, "-c", OWNER, str(settings.home)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().decode().strip()
        owner.kill()
    assert object_store_endpoint(settings) is None
    port, deadline = int(url.rsplit(":", 1)[1]), time.monotonic() + 30
    while is_listened_on(port):  # it notices a moment later, and keeps its ports until then
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with ObjectStore(settings) as store:
        assert not store.attached
        assert store.endpoint.endpoint == url
        client = store.client()
        assert len(client.get_object(Bucket=settings.s3_bucket, Key="kept")["Body"].read()) == 5_000_000
        client.put_object(Bucket=settings.s3_bucket, Key="last", Body=b"y" * 3_000_000)
        begun, pid = time.monotonic(), store.endpoint.pid
        store.stop()
        assert time.monotonic() - begun < 10
    assert not psutil.pid_exists(pid)
    assert not (object_store_home(settings) / "endpoint.json").exists()
    assert not list(Path("/tmp").glob(f"seaweedfs-s3-{url.rsplit(':', 1)[1]}.sock"))
    with ObjectStore(settings) as store:
        assert len(store.client().get_object(Bucket=settings.s3_bucket, Key="last")["Body"].read()) == 3_000_000


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"endpoint": "http://127.0.0.1:1"}'])
def test_a_broken_endpoint_file_names_no_server(settings: Settings, content: str):
    object_store_home(settings).mkdir(parents=True)
    (object_store_home(settings) / "endpoint.json").write_text(content)
    assert object_store_endpoint(settings) is None


def test_a_stale_endpoint_file_names_no_server(settings: Settings):
    object_store_home(settings).mkdir(parents=True)
    stale = {"endpoint": "http://127.0.0.1:1", "catalog_uri": "http://127.0.0.1:2", "access_key": "a"}
    stale |= {"secret_key": "b", "pid": os.getpid(), "owner": os.getpid()}  # it lives, but is no server
    (object_store_home(settings) / "endpoint.json").write_text(json.dumps(stale))
    assert object_store_endpoint(settings) is None


def test_without_the_extra_it_says_how_to_install_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    with pytest.raises(FqError, match=r"without the extra `s3local`.*fq-platform\[s3local\].*FQ_PROFILE"):
        ObjectStore(settings).start()
