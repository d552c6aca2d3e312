"""What this machine must have: valid settings, Java, jars, room, ports.

Belongs here: checks that ask nobody else. Does not: servers (`servers.py`).
"""

import difflib
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from fq_platform.doctor.finding import Finding, failed, ok, warning
from fq_platform.settings import Settings, project_root

_READ_ELSEWHERE = {"FQ_DEBUG", "FQ_CONNECT_KEY", "FQ_COMPUTE"}
"""Variables that are no settings."""
_PORTS = {3000: "the Dagster UI", 8501: "the dashboard"}
_LITTLE_ROOM, _NO_ROOM = 5e9, 0.5e9
"""Free bytes below which a lakehouse will soon, or cannot, be written."""


def settings_known(settings: Settings) -> Iterator[Finding]:
    """Whether every variable that begins with `FQ_` is one that somebody reads, and the sources file is valid."""
    from fq_platform.sources import load_sources

    known = _known_variables()
    unknown = sorted({name for name in _given() if name.startswith("FQ_")} - known)
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        yield warning("settings", f"{name} is no setting", f"Did you mean {near[0]}?" if near else "Remove it")
    sources = load_sources(settings.sources_file)
    yield ok("settings", f"valid; profile {settings.profile}, {settings.sources_file.name} of {sources.database}")


def _known_variables() -> set[str]:
    fields = Settings.model_fields
    aliases = {str(field.validation_alias) for field in fields.values()}
    return aliases | {f"FQ_{name.upper()}" for name in fields} | _READ_ELSEWHERE


def _given() -> set[str]:
    """The names of all variables of the environment and of `.env`."""
    from dotenv import dotenv_values

    file = project_root() / ".env"
    return set(os.environ) | (set(dotenv_values(file)) if file.is_file() else set())


def java(settings: Settings) -> Iterator[Finding]:
    """Whether there is a Java that Spark runs on."""
    from fq_platform.resources.java import java_home
    from fq_platform.resources.spark import java_module

    yield ok("Java", str(java_home(java_module())))


def jars(settings: Settings) -> Iterator[Finding]:
    """Whether the jars of the profile are in the cache, whole and the ones that are pinned."""
    from fq_platform.resources.jars import jar_cache, jars_of

    folder = jar_cache(settings)
    wanted = jars_of(settings.profile, "connect")
    missing = [jar for jar in wanted if not (folder / jar.file).is_file()]
    for jar in wanted:
        if jar not in missing and _digest(folder / jar.file) != jar.sha256:
            yield failed("jars", f"{folder / jar.file} is not the pinned file", "Remove it; it is fetched again")
    if missing:
        size = sum(jar.size for jar in missing) / 1e6
        yield warning(
            "jars",
            f"{', '.join(jar.file for jar in missing)} not in {folder} yet",
            f"Nothing: {size:.0f} MB are fetched when they are first needed. Without a network, copy them there",
        )
    yield ok("jars", f"{len(wanted) - len(missing)} of {len(wanted)} looked at in {folder}")


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def room(settings: Settings) -> Iterator[Finding]:
    """Whether the disk of `FQ_HOME` has room."""
    folder = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB are free at {settings.home}"
    if free < _NO_ROOM:
        yield failed("disk", said, "Free space, or let FQ_HOME name a folder on a larger disk")
    elif free < _LITTLE_ROOM:
        yield warning("disk", said, "Free space, or let FQ_HOME name a folder on a larger disk")
    elif not os.access(folder, os.W_OK):
        yield failed("disk", f"{folder} may not be written", "Make it writable, or let FQ_HOME name another folder")
    else:
        yield ok("disk", said)


def ports(settings: Settings) -> Iterator[Finding]:
    """Whether the ports that `fq dev` takes by itself are free."""
    for port, server in _PORTS.items():
        with socket.socket() as probe:
            taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if taken:
            yield warning(
                "ports", f"{port}, for {server}, is in use", "Fine if `fq dev` runs; else choose another by its options"
            )
        else:
            yield ok("ports", f"{port}, for {server}, is free")


def alerts(settings: Settings) -> Iterator[Finding]:
    """Whether the addresses of alerts can be read; nothing is sent."""
    from fq_platform.alerts.sinks import parse_sinks

    if settings.alert_urls is None:
        yield ok("alerts", "FQ_ALERT_URLS is not set: nobody is told what goes wrong")
        return
    sinks = parse_sinks(settings.alert_urls.get_secret_value())
    yield ok("alerts", f"{len(sinks)} addresses can be read; `fq alerts test` sends to them")
