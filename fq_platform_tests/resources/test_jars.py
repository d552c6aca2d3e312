"""Jars are fetched once, checked, from any Maven repository, and what hinders that is said with its remedy."""

import datetime as dt
import hashlib
import ipaddress
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fq_platform.errors import FqError
from fq_platform.resources import jars
from fq_platform.resources.jars import Jar, jar_paths, jars_of, pinned_jars
from fq_platform.settings import Profile, Settings

CONTENT = b"PK" + bytes(range(256)) * 4096
JAR = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


class Repository:
    """A Maven repository on loopback that counts what it was asked for."""

    def __init__(self, folder: Path, certificate: Path | None = None) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.failures = 0
        self.put(CONTENT)
        outer = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                if outer.failures:
                    outer.failures -= 1
                    self.send_error(503)
                else:
                    time.sleep(0.2)  # so that fetches at the same time overlap
                    super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server.server_port}"

    def put(self, content: bytes) -> None:
        file = self.folder / JAR.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    @contextmanager
    def serving(self) -> Iterator["Repository"]:
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            thread.join()
            self.server.server_close()


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository(tmp_path / "repository").serving() as served:
        yield served


def private_certificate(folder: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A private authority")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    unencrypted = serialization.NoEncryption()
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
    )
    return file


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def fetch(repository: Repository, cache: Path) -> Callable[[], list[Path]]:
    return lambda: jar_paths(Settings(cache=cache, maven_repository=repository.url), [JAR])


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second try, to save its waiting time."""
    monkeypatch.setattr(jars, "RETRIES", 0)


def test_jar_is_fetched_once(repository: Repository, cache: Path, fetch: Callable[[], list[Path]]) -> None:
    assert fetch() == fetch() == [cache / "jars" / "thing-1.0.jar"]
    assert fetch()[0].read_bytes() == CONTENT
    assert repository.asked == ["/org/example/thing/1.0/thing-1.0.jar"]


def test_truncated_jar_in_the_cache_is_fetched_again(cache: Path, fetch: Callable[[], list[Path]]) -> None:
    (cache / "jars").mkdir(parents=True)
    (cache / "jars" / JAR.file).write_bytes(CONTENT[:100])
    assert fetch()[0].read_bytes() == CONTENT


def test_repository_that_fails_once_is_asked_again(repository: Repository, fetch: Callable[[], list[Path]]) -> None:
    repository.failures = 1
    assert fetch()[0].read_bytes() == CONTENT
    assert len(repository.asked) == 2


@pytest.mark.usefixtures("once")
def test_wrong_content_is_refused_and_not_kept(
    repository: Repository, cache: Path, fetch: Callable[[], list[Path]]
) -> None:
    repository.put(CONTENT[:-1] + b"!")
    with pytest.raises(FqError) as refused:
        fetch()
    assert "wrong checksum" in refused.value.what
    assert refused.value.where == f"{repository.url}/{JAR.path}"
    assert "FQ_MAVEN_REPOSITORY" in refused.value.fix
    assert list((cache / "jars").iterdir()) == []


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense"])
def test_repository_that_cannot_be_reached_is_named_with_a_remedy(cache: Path, address: str) -> None:
    with pytest.raises(FqError) as refused:
        jar_paths(Settings(cache=cache, maven_repository=address), [JAR])
    assert "thing-1.0.jar cannot be fetched" in refused.value.what
    assert refused.value.where.startswith(address)
    assert "FQ_MAVEN_REPOSITORY" in refused.value.fix


@pytest.mark.usefixtures("once")
def test_repository_without_the_jar_says_so(repository: Repository, fetch: Callable[[], list[Path]]) -> None:
    (repository.folder / JAR.path).unlink()
    with pytest.raises(FqError, match="404"):
        fetch()


def test_cache_that_cannot_be_written_is_named_with_a_remedy(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FqError) as refused:
        jar_paths(Settings(cache=tmp_path / "file", maven_repository=repository.url), [JAR])
    assert "cannot be stored" in refused.value.what
    assert refused.value.where == str(tmp_path / "file" / "jars")
    assert "FQ_CACHE" in refused.value.fix


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_repository_under_a_private_authority_is_trusted_if_the_system_or_requests_is_told_of_it(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    certificate = private_certificate(tmp_path)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with Repository(tmp_path / "repository", certificate).serving() as repository:
        settings = Settings(cache=cache, maven_repository=repository.url)
        with pytest.raises(FqError, match="certificate verify failed"):
            jar_paths(settings, [JAR])
        monkeypatch.setenv(variable, str(certificate))
        assert jar_paths(settings, [JAR])[0].read_bytes() == CONTENT


def test_jar_larger_than_the_free_space_is_not_begun(repository: Repository, cache: Path) -> None:
    huge = Jar(JAR.coordinates, JAR.sha256, 10**18)
    with pytest.raises(FqError, match="it needs 1000000000000 MB") as refused:
        jar_paths(Settings(cache=cache, maven_repository=repository.url), [huge])
    assert "FQ_CACHE" in refused.value.fix
    assert repository.asked == []


def test_processes_may_fetch_at_the_same_time(repository: Repository, cache: Path) -> None:
    code = f"""
import hashlib
from pathlib import Path
from fq_platform.resources.jars import Jar, jar_paths
from fq_platform.settings import Settings
settings = Settings(cache=Path({str(cache)!r}), maven_repository={repository.url!r})
(path,) = jar_paths(settings, [Jar({JAR.coordinates!r}, {JAR.sha256!r}, {JAR.size})])
print(hashlib.sha256(path.read_bytes()).hexdigest())
"""
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [JAR.sha256] * 2
    assert [file.name for file in (cache / "jars").iterdir()] == [JAR.file]


def test_each_profile_loads_the_runtime_of_iceberg_and_only_what_it_needs_beside() -> None:
    iceberg, sqlite, postgresql, aws = (jar.file for jar in pinned_jars() if not jar.uses)

    assert {str(profile): [jar.file for jar in jars_of(profile)] for profile in Profile} == {
        "local": [iceberg, sqlite],
        "s3local": [iceberg, sqlite, aws],
        "sql": [iceberg, sqlite, postgresql, aws],
        "glue": [iceberg, aws],
        "rest": [iceberg, aws],
        "unity": [iceberg, aws],
    }
    assert all(len(jar.sha256) == 64 and jar.size > 10_000 for jar in pinned_jars())


def test_jar_for_a_use_is_loaded_for_that_use_only() -> None:
    always = set(jars_of(Profile.LOCAL))
    assert [jar for jar in always if jar.uses] == []
    for use in {use for jar in pinned_jars() for use in jar.uses}:
        assert all(use in jar.uses for jar in set(jars_of(Profile.LOCAL, use)) - always), use
    assert set(jars_of(Profile.LOCAL, "nothing that is known")) == always


@pytest.mark.parametrize(
    ("pyspark", "runtime"),
    [
        ("3.5.9", "iceberg-spark-runtime-3.5_2.12-1.12.0.jar"),
        ("4.1.4", "iceberg-spark-runtime-4.1_2.13-1.12.0.jar"),
        ("4.1.0.dev1", "iceberg-spark-runtime-4.1_2.13-1.12.0.jar"),
    ],
)
def test_runtime_of_iceberg_is_the_one_for_the_installed_spark(
    monkeypatch: pytest.MonkeyPatch, pyspark: str, runtime: str
) -> None:
    monkeypatch.setattr("importlib.metadata.version", {"pyspark": pyspark}.__getitem__)
    pinned_jars.cache_clear()
    try:
        assert [jar.file for jar in pinned_jars() if "iceberg-spark" in jar.file] == [runtime]
    finally:
        pinned_jars.cache_clear()


def test_spark_without_a_runtime_of_iceberg_is_refused_and_the_supported_ones_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.metadata.version", {"pyspark": "4.0.1"}.__getitem__)
    pinned_jars.cache_clear()
    with pytest.raises(FqError, match=r"Spark 4\.0 is not supported.* 3\.5 and 4\.1") as refused:
        pinned_jars()
    assert refused.value.where == "pyspark 4.0.1"
