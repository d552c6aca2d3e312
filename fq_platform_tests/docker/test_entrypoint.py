"""What the container's entry point starts for each word, shown by programs that only say how they were started."""

import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fq_platform.settings import project_root

ENTRYPOINT = project_root() / "docker" / "entrypoint.sh"
PROGRAMS = ("fq", "dagster", "dagster-webserver", "dagster-daemon", "weed", "supervisord")
SAYS = '#!/bin/sh\necho "$(basename "$0")" "$@"\n'


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder of an application whose programs say how they were started."""
    for folder in ("docker", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ENTRYPOINT, tmp_path / "docker")
    (tmp_path / "dagster.yaml").write_text("with: sqlite\n")
    (tmp_path / "docker" / "dagster.yaml").write_text("with: postgres\n")
    for program in PROGRAMS:
        (tmp_path / ".venv/bin" / program).write_text(SAYS)
        (tmp_path / ".venv/bin" / program).chmod(0o755)
    return tmp_path


def started(image: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "FQ_HOME": str(image / "data"), **variables}
    return subprocess.run(
        [image / "docker" / "entrypoint.sh", *words], env=environment, capture_output=True, text=True, check=False
    )


def said(image: Path, *words: str, **variables: str) -> str:
    done = started(image, *words, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().replace(str(image), "/app")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ((), "dagster dev --host 0.0.0.0 --port 3000 --workspace /app/workspace.yaml"),
        (("dev", "-v"), "dagster dev --host 0.0.0.0 --port 3000 --workspace /app/workspace.yaml -v"),
        (
            ("webserver", "--read-only"),
            "dagster-webserver --host 0.0.0.0 --port 3000 --workspace /app/docker/workspace.yaml --read-only",
        ),
        (("daemon",), "dagster-daemon run --workspace /app/docker/workspace.yaml"),
        (("code-server",), "dagster api grpc --host 0.0.0.0 --port 4000 --module-name fq_platform.definitions"),
        (("etl", "orders", "--full"), "fq sync orders --full"),
        (("dashboard",), "fq dashboard --host 0.0.0.0 --port 8501"),
        (("notebook",), "fq notebook --host 0.0.0.0 --port 8888 --no-browser --early"),
        (("fq", "tables", "--format", "json"), "fq tables --format json"),
    ],
)
def test_each_word_starts_its_program_with_what_stands_behind_it(
    image: Path, words: tuple[str, ...], command: str
) -> None:
    assert said(image, *words) == command


def test_where_a_server_listens_can_be_said(image: Path) -> None:
    where = {"LISTEN_HOST": "127.0.0.1", "LISTEN_PORT": "9"}
    for word in ("dev", "webserver", "code-server", "dashboard", "notebook"):
        assert "--host 127.0.0.1 --port 9" in said(image, word, **where)


def test_both_pages_are_started_by_supervisor(image: Path) -> None:
    supervisor = str(image / ".venv/bin/supervisord")
    assert said(image, "all-in-one", SUPERVISORD=supervisor) == (
        "supervisord --configuration /app/docker/supervisord.conf"
    )


def test_only_the_api_of_s3_is_reached_from_outside(image: Path) -> None:
    words = said(image, "s3", S3_DATA=str(image / "s3")).split()
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0", "-s3.port=8333"} <= set(words)
    assert {"-master.telemetry=false", "-filer.disableHttp", "-s3.port.iceberg=0", "-s3.port.lance=0"} <= set(words)


@pytest.mark.parametrize("word", ["dev", "webserver", "daemon", "code-server"])
def test_dagsters_parts_find_their_instance_in_postgresql_if_there_is_one(image: Path, word: str) -> None:
    instance = image / "data" / "dagster" / "dagster.yaml"
    said(image, word)
    assert instance.read_text() == "with: sqlite\n"
    said(image, word, DAGSTER_POSTGRES_HOST="postgres")
    assert instance.read_text() == "with: postgres\n"
    assert [file.name for file in instance.parent.iterdir()] == ["dagster.yaml"]


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("dev", "/server_info"),
        ("webserver", "/server_info"),
        ("dashboard", "/_stcore/health"),
        ("notebook", "/login"),
        ("s3", "/healthz"),
    ],
)
def test_a_page_is_healthy_if_it_answers_where_it_should(image: Path, word: str, path: str) -> None:
    (image / ".venv/bin/python").symlink_to(shutil.which("python3") or "")
    asked: list[str] = []
    answers = [200, 500]

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        port = str(server.server_port)
        codes = [started(image, "healthy", word, LISTEN_PORT=port).returncode for _ in range(2)]
        server.shutdown()
    codes.append(started(image, "healthy", word, LISTEN_PORT=port).returncode)
    assert (asked, codes) == ([path, path], [0, 1, 1])


def test_what_is_no_part_is_never_healthy(image: Path) -> None:
    done = started(image, "healthy", "daemons")
    assert (done.returncode, done.stderr) == (2, "healthy: nothing is known of 'daemons'\n")
