"""Fetches the jars of `jars.toml` once, checked, into a cache folder.

Belongs here: where jars come from and where they are kept. Does not: which of them Spark loads (`spark.py`).
"""

import importlib.metadata
import logging
import shutil
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fq_platform.errors import FqError
from fq_platform.settings import Profile, Settings
from fq_platform.trust import trusted

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
"""The public Maven repository, used unless `FQ_MAVEN_REPOSITORY` names another."""

RETRIES = 3
"""How often a failed download is tried again."""


@dataclass(frozen=True)
class Jar:
    """One pinned Maven artifact.

    Args:
        coordinates: `group:artifact:version`.
        sha256: Hexadecimal digest of the file.
        size: Bytes of the file.
        profiles: The profiles that need it; empty if all do.
        spark: The version of Spark that it is for, such as `3.5`; empty if for all.
        uses: What it is loaded for, such as `connect`; empty if always (`for` in `jars.toml`).
    """

    coordinates: str
    sha256: str
    size: int
    profiles: tuple[Profile, ...] = ()
    spark: str = ""
    uses: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file's name, such as `sqlite-jdbc-3.54.1.0.jar`."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    @property
    def path(self) -> str:
        """The file's path in every Maven repository."""
        group, artifact, version = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{self.file}"


@cache
def pinned_jars() -> tuple[Jar, ...]:
    """The jars of `jars.toml` for the installed Spark, in the file's order.

    Raises:
        FqError: None are pinned for the version of Spark that is installed.
    """
    pyspark = importlib.metadata.version("pyspark")  # importing it would cost half a second
    table = tomllib.loads((Path(__file__).parent / "jars.toml").read_text(encoding="utf-8"))
    jars = [_jar(entry) for entry in table["jar"]]
    spark = ".".join(pyspark.split(".")[:2])
    supported = list(dict.fromkeys(jar.spark for jar in jars if jar.spark))
    if spark not in supported:
        raise FqError(
            f"Spark {spark} is not supported: the platform runs on Spark {' and '.join(supported)}",
            where=f"pyspark {pyspark}",
            fix=f"pip install 'pyspark=={supported[0]}.*'",
        )
    return tuple(jar for jar in jars if jar.spark in ("", spark))


def _jar(entry: dict[str, Any]) -> Jar:
    """A jar as `jars.toml` describes it."""
    profiles = tuple(map(Profile, entry.pop("profiles", ())))
    return Jar(profiles=profiles, uses=tuple(entry.pop("for", ())), **entry)


def jars_of(profile: Profile, *uses: str) -> tuple[Jar, ...]:
    """The jars that a profile needs, in the file's order.

    Args:
        profile: The profile.
        uses: What Spark is started for beside reading and writing tables: `connect` for a server of Spark Connect.
    """
    return tuple(
        jar
        for jar in pinned_jars()
        if (not jar.profiles or profile in jar.profiles) and (not jar.uses or set(uses).intersection(jar.uses))
    )


def jar_cache(settings: Settings) -> Path:
    """The folder where jars are kept: `FQ_CACHE`, else the operating system's cache folder (path)."""
    import pooch

    return (settings.cache or Path(pooch.os_cache("fq-platform"))) / "jars"


def jar_paths(settings: Settings, jars: Sequence[Jar] | None = None) -> list[Path]:
    """The local files of jars, fetched where the cache lacks them.

    A file appears in the cache only when it is whole and its checksum is right, so that processes may fetch at the
    same time: each replaces the file by an equal one.

    Args:
        settings: `FQ_CACHE` and `FQ_MAVEN_REPOSITORY` decide where to and where from.
        jars: Which; those of the settings' profile if not given.

    Returns:
        Paths in the order of the jars.

    Raises:
        FqError: The cache cannot be written, the repository does not answer, or what it sends is not the pinned file.
    """
    folder = jar_cache(settings)
    return [
        _present(folder / jar.file, jar) or _fetch(jar, folder, settings) for jar in jars or jars_of(settings.profile)
    ]


def _present(file: Path, jar: Jar) -> Path | None:
    """The cached file, unless missing or damaged; its size tells, since the checksum was verified on arrival."""
    return file if file.is_file() and file.stat().st_size == jar.size else None


def _fetch(jar: Jar, folder: Path, settings: Settings) -> Path:
    import pooch
    import requests

    repository = (settings.maven_repository or MAVEN_CENTRAL).rstrip("/")
    url = f"{repository}/{jar.path}"
    mirror = "Check the network, or let FQ_MAVEN_REPOSITORY name a Maven repository that can be reached from here"
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_space(folder, jar)
        fetcher = pooch.create(
            path=folder,
            base_url=f"{repository}/",
            registry={jar.file: f"sha256:{jar.sha256}"},
            urls={jar.file: url},
            retry_if_failed=RETRIES,
        )
        download = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=1 << 16, verify=trusted())
        return Path(fetcher.fetch(jar.file, downloader=download))
    except requests.RequestException as error:
        raise FqError(f"{jar.file} cannot be fetched: {_reason(error)}", where=url, fix=mirror) from None
    except OSError as error:
        raise FqError(
            f"{jar.file} cannot be stored: {error.strerror or error}",
            where=str(folder),
            fix="Make room there or make it writable, or let FQ_CACHE name another folder",
        ) from None
    except ValueError:  # how pooch says that the checksum differs
        raise FqError(f"{jar.file} arrived with a wrong checksum and was thrown away", where=url, fix=mirror) from None


def _require_space(folder: Path, jar: Jar) -> None:
    """Refuse before downloading what will not fit."""
    free = shutil.disk_usage(folder).free
    if free < jar.size:
        raise OSError(f"it needs {jar.size / 1e6:.0f} MB, {free / 1e6:.0f} MB are free")


def _reason(error: BaseException) -> str:
    """The innermost cause of a failed request: the outer layers only repeat the address."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return str(error)
