"""What the page computes from: each figure with its unit, and where it was measured or why it is assumed.

Belongs here: figures. Does not: formulae (`model.py`), money (`prices.py`).
"""

import json
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("measured.json")
"""A result file of `make bench`, committed so that the page is the same on every machine."""


class Origin(Enum):
    """How sure a figure is."""

    MEASURED = "measured"
    DOCUMENTED = "documented"
    ASSUMED = "assumed"


@cache
def _results() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return content


@cache
def _figures() -> dict[str, dict[str, Any]]:
    return {figure["name"]: figure for figure in _results()["figures"]}


def machine() -> str:
    """The machine of the measurement, in words."""
    found = _results()["machine"]
    return f"{found['processor']}, Python {found['python']}"


def note(figure: str) -> str:
    """What the measurement says about one of its figures; empty if nothing."""
    return str(_figures()[figure]["note"])


def _measured(figure: str, unit: str, what: str, pattern: str = "{:,.0f}") -> Any:
    """A figure of `measured.json`, by its name there."""
    return field(
        default_factory=lambda: float(_figures()[figure]["value"]),
        metadata={"origin": Origin.MEASURED, "unit": unit, "what": what, "source": figure, "pattern": pattern},
    )


def _documented(value: float, unit: str, what: str, source: str, pattern: str = "{:,.0f}") -> Any:
    """A figure that stands elsewhere in the project."""
    return field(
        default=value,
        metadata={"origin": Origin.DOCUMENTED, "unit": unit, "what": what, "source": source, "pattern": pattern},
    )


def _assumed(value: float, unit: str, what: str, why: str, pattern: str = "{:,.0f}") -> Any:
    """A figure that nobody measured here: the reader sets it."""
    return field(
        default=value,
        metadata={"origin": Origin.ASSUMED, "unit": unit, "what": what, "source": why, "pattern": pattern},
    )


_DAY = "2,000 documents of one day"


@dataclass(frozen=True)
class Inputs:
    """Every figure that the formulae use. Units are in the metadata of each field; `page.py` prints them.

    Rates of documents hold for documents of `document_bytes`.
    """

    document_bytes: float = _measured(
        "Bytes of a document in MongoDB (BSON)", "bytes", "A document of the benchmark, BSON"
    )
    stored_part: float = _measured(
        "Bytes in data files for each byte of BSON", "", "Bytes in data files for each byte of BSON", "{:.3f}"
    )
    arrow_rate: float = _measured(
        "The same by Arrow", "documents a CPU-second", "First load by Arrow, 30 daily windows"
    )
    spark_rate: float = _measured(
        "Documents per CPU-second by Spark, all processes",
        "documents a CPU-second",
        "First load by Spark, all processes, 30 daily windows",
    )
    unchanged_part: float = _measured(
        "CPU of an unchanged re-extraction, to the load",
        "",
        "CPU of comparing what has not changed, to that of a load",
        "{:.2f}",
    )
    two_workers: float = _documented(
        1.5,
        "times one",
        "Throughput of two workers of one process",
        '`make bench ARGS="--only cores"`, on two cores that the sending server used too',
        "{:.1f}",
    )
    spark_start: float = _documented(
        15, "CPU-seconds", "Start of a Spark job in executors that are new", "extraction-at-scale.md"
    )
    columns: float = _documented(
        29, "columns", "Columns of the measured table, nested ones counted", "note of the figures"
    )
    manifest_file: float = _measured("Bytes of a data file in a manifest", "bytes", "A data file in a manifest")
    manifest_alone: float = _measured("Bytes of a manifest without files", "bytes", "A manifest without files")
    list_manifest: float = _measured(
        "Bytes of a manifest in a snapshot's list", "bytes", "A manifest in a snapshot's list"
    )
    metadata_snapshot: float = _measured(
        "Bytes of a snapshot in the metadata",
        "bytes",
        "A snapshot in metadata.json, a line of its log (100 at most) included",
    )
    metadata_column: float = _measured(
        "Bytes of a column in the metadata", "bytes", "A column in metadata.json, for each schema kept"
    )
    commit_files: float = _measured(
        "Files that a commit writes", "files", "Files of a commit with rows of one day", "{:.0f}"
    )
    changed_sync: float = _measured(
        "Seconds of a sync with one commit", "seconds", f"A sync that commits, {_DAY}", "{:.2f}"
    )
    changed_cpu: float = _measured(
        "CPU-seconds of a sync with one commit", "CPU-seconds", "The same, without waiting", "{:.2f}"
    )
    plan_thousand: float = _measured(
        "CPU-seconds to plan a thousand files", "CPU-seconds", "Planning a thousand files (PyIceberg)", "{:.3f}"
    )
    commits_alone: float = _measured(
        "Commits a second, one process", "a second", "Commits to SQLite and a folder, one process", "{:.0f}"
    )
    commits_together: float = _measured(
        "Commits a second, 4 processes, a table each", "a second", "The same, four processes, a table each", "{:.0f}"
    )
    import_dagster: float = _measured("CPU-seconds to import Dagster", "CPU-seconds", "Importing Dagster", "{:.1f}")
    definitions_ten: float = _measured(
        "CPU-seconds to load the definitions of 10 collections",
        "CPU-seconds",
        "Loading the definitions, 10 collections",
        "{:.2f}",
    )
    definitions_thousand: float = _measured(
        "CPU-seconds to load the definitions of 1,000 collections",
        "CPU-seconds",
        "Loading the definitions, 1,000 collections",
        "{:.2f}",
    )
    step: float = _measured(
        "Seconds of Dagster for a step", "seconds", "Dagster's own part of a step, SQLite", "{:.2f}"
    )
    step_cpu: float = _measured(
        "CPU-seconds of Dagster for a step", "CPU-seconds", "The same, without waiting", "{:.2f}"
    )
    mongo_rate: float = _assumed(
        250e6,
        "bytes a second",
        "What MongoDB delivers: `--mongo-rate`",
        "125 MiB/s, the baseline of an EBS gp3 volume, times two for MongoDB's compression on disk",
    )
    network_rate: float = _assumed(1_250e6, "bytes a second", "Network of one machine: `--network-rate`", "10 Gbit/s")
    spark_efficiency: float = _assumed(
        0.8, "", "Part of a cluster's cores that work", "never run on more than two workers on one machine", "{:.1f}"
    )
    request_seconds: float = _assumed(
        0.03,
        "seconds",
        "An object store's answer",
        "a commit waits for seven in turn: three reads, four writes",
        "{:.2f}",
    )
    object_requests: float = _assumed(
        7, "requests", "Requests of a commit in turn", "files of a commit, and what it reads"
    )
    part_bytes: float = _assumed(8e6, "bytes", "Part of an upload", "one PUT each")
