"""`fq doctor` names what is wrong and what to do, never hangs, and shows no secret."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from pydantic import SecretStr
from typer.testing import CliRunner

from fq_platform.cli import app
from fq_platform.doctor import machine, servers
from fq_platform.doctor.examine import checks, examine
from fq_platform.doctor.finding import Check, Finding, State, ok
from fq_platform.errors import FqError
from fq_platform.settings import Settings


def only(found: Iterator[Finding]) -> Finding:
    (finding,) = found
    return finding


def test_everything_that_can_be_missing_is_looked_at() -> None:
    machine_, servers_ = ["settings", "Java", "jars", "disk", "ports", "alerts"], ["MongoDB", "object store", "catalog"]
    assert [check.subject for check in checks()] == [*machine_, *servers_, "Spark", "Trino", "AWS"]


def test_misspelt_variable_is_named_with_the_nearest_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_SPARK_MASTR", "local[1]")
    found = [one for one in machine.settings_known(Settings()) if "FQ_SPARK_MASTR" in one.what]
    assert [(one.state, one.fix) for one in found] == [(State.WARNING, "Did you mean FQ_SPARK_MASTER?")]


def test_settings_that_cannot_be_read_are_a_finding_and_end_with_1(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_DEMO_ORDERS", "many")
    done = CliRunner().invoke(app, ["doctor", "--format", "json"])
    assert done.exit_code == 1
    (finding,) = json.loads(done.stdout)
    assert (finding["subject"], finding["state"]) == ("settings", "failed")
    assert "FQ_DEMO_ORDERS" in finding["what"]


def test_damaged_jar_is_told_from_one_that_is_only_missing(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    assert [one.state for one in machine.jars(settings)] == [State.WARNING, State.OK]
    from fq_platform.resources.jars import jars_of

    folder = tmp_path / "jars"
    folder.mkdir()
    file = folder / jars_of(settings.profile)[0].file
    file.write_bytes(b"damaged")
    found = {one.state: one for one in machine.jars(settings)}
    assert str(file) in found[State.FAILED].what
    assert "Remove it" in found[State.FAILED].fix


def test_check_that_hangs_or_breaks_is_a_failure_of_its_subject_and_holds_up_no_other(tmp_path: Path) -> None:
    def hangs(settings: Settings) -> Iterator[Finding]:
        yield ok("slow", "at first")
        time.sleep(30)

    def refused(settings: Settings) -> Iterator[Finding]:
        raise FqError("It is closed", where="the door", fix="Open it")
        yield

    def broken(settings: Settings) -> Iterator[Finding]:
        raise ValueError("password=s3cret")
        yield

    chosen = [Check("slow", hangs, 0.3), Check("door", refused), Check("code", broken)]
    begin = time.monotonic()
    found = list(examine(Settings(home=tmp_path), chosen))
    assert time.monotonic() - begin < 5
    assert [(one.subject, one.state) for one in found] == [
        ("slow", State.OK),
        ("slow", State.FAILED),
        ("door", State.FAILED),
        ("code", State.FAILED),
    ]
    assert (found[2].what, found[2].fix) == ("It is closed (the door)", "Open it")
    assert "s3cret" not in str(found)


def test_servers_that_do_not_answer_are_named_without_their_secrets(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        spark_remote=SecretStr("sc://127.0.0.1:9/;token=s3cret"),
        trino_url=SecretStr("http://me:s3cret@127.0.0.1:9"),
        mongo_uri=SecretStr("mongodb://me:s3cret@127.0.0.1:9"),
        mongo_timeout_seconds=0.2,
    )
    spark, trino = only(servers.spark_connect(settings)), only(servers.trino(settings))
    with pytest.raises(FqError, match="MongoDB cannot be reached") as mongo:
        list(servers.mongo(settings))
    assert (spark.state, trino.state) == (State.FAILED, State.FAILED)
    assert "sc://127.0.0.1:9" in spark.what
    assert "http://127.0.0.1:9" in trino.what
    assert "s3cret" not in f"{spark} {trino} {mongo.value}"


@pytest.mark.parametrize(
    ("starting", "state", "said"), [("false", State.OK, "version 476"), ("true", State.WARNING, "is starting")]
)
def test_trino_that_answers_tells_its_version_and_whether_it_is_ready(
    tmp_path: Path, starting: str, state: State, said: str
) -> None:
    class Info(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"nodeVersion": {"version": "476"}, "starting": %s}' % starting.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Info) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = SecretStr(f"http://127.0.0.1:{server.server_port}")
        found = only(servers.trino(Settings(home=tmp_path, trino_url=url)))
    assert (found.state, said in found.what) == (state, True)


def test_a_file_is_no_server_of_trino(tmp_path: Path) -> None:
    found = only(servers.trino(Settings(home=tmp_path, trino_url=SecretStr("file:///etc/hosts"))))
    assert (found.state, found.what) == (State.FAILED, "FQ_TRINO_URL is no address of a web server")


@pytest.mark.parametrize(("free", "state"), [(0.4e9, State.FAILED), (4.9e9, State.WARNING), (5.1e9, State.OK)])
def test_a_disk_is_full_before_it_is_quite_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: State
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    found = only(machine.room(Settings(home=tmp_path / "not" / "yet")))
    assert (found.state, f"{free / 1e9:.1f} GB" in found.what) == (state, True)


def test_the_object_store_is_written_to_only_if_that_is_asked_for(environment: pytest.MonkeyPatch) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "FQ_PROFILE": "glue", "S3_BUCKET": "lake"}
    for name, value in keys.items():
        environment.setenv(name, value)

    def found(*, write: bool) -> list[tuple[State, str]]:
        chosen = [check for check in checks(write) if check.subject == "object store"]
        return [(one.state, one.what) for one in examine(Settings(), chosen)]

    with mock_aws():
        client = boto3.client("s3", Settings().aws_region)
        assert [state for state, _ in found(write=False)] == [State.FAILED]
        client.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": Settings().aws_region})
        there = (State.OK, "the bucket lake answers")
        assert found(write=False) == [there]
        assert found(write=True) == [there, (State.OK, "an object was written and deleted")]
        assert client.list_objects_v2(Bucket="lake")["KeyCount"] == 0
