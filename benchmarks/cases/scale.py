"""What grows with tables, files and commits: the inputs of `benchmarks/scale`, which computes larger lakes from them.

Belongs here: figures by the name that `benchmarks/scale/inputs.py` looks them up by. Does not: targets, computing.
"""

from collections.abc import Iterator
from typing import Any

from benchmarks.cases.loads import fresh_home
from benchmarks.figures import SCALE_DOCUMENTS, Bench, Figure
from benchmarks.processes import run, run_all

_FILES = 10_000
_COMMITS = 30
_WRITERS = 4
_COLLECTIONS = 1_000
_STEPS = 50


def scale(bench: Bench) -> Iterator[Figure]:
    """Sizes of a table's parts, planning, commits, and what Dagster costs with many collections."""
    yield from _table(bench)
    yield from _planning(bench)
    yield from _commits(bench)
    yield from _dagster(bench)


def _table(bench: Bench) -> Iterator[Figure]:
    documents = SCALE_DOCUMENTS
    bench.say("a table of 30 days, each a commit")
    with fresh_home(bench) as home:
        named = bench.named("clean", documents)
        found = run("table_size", **named, warm=bench.warm("clean"), home=home, documents=documents)
    note = f"{documents:,} documents, all different, {documents // 30:,} a file"
    yield Figure("Bytes of a document in MongoDB (BSON)", found["source"] / documents, "{:,.0f}", note=note)
    yield Figure("Bytes in data files for each byte of BSON", found["stored"] / found["source"], "{:.3f}", note=note)
    of_columns = f"a table of {found['columns']:.0f} columns, nested ones counted"
    yield Figure("Bytes of a data file in a manifest", found["manifest_a_file"], "{:,.0f}", note=of_columns)
    yield Figure("Bytes of a manifest without files", found["manifest_alone"], "{:,.0f}", note=of_columns)
    yield Figure("Bytes of a manifest in a snapshot's list", found["list_a_manifest"], "{:,.0f}")
    yield Figure("Bytes of a snapshot in the metadata", found["metadata_a_snapshot"], "{:,.0f}")
    yield Figure("Bytes of a column in the metadata", found["metadata_a_column"], "{:,.0f}", note="for each schema")
    yield Figure("Files that a commit writes", found["files_a_commit"], "{:.1f}", note="rows of one day")
    for name, what in (("changed", "a sync with one commit"), ("unchanged", "a sync without a change")):
        note = f"{documents // 30:,} documents of one day"
        yield Figure(f"CPU-seconds of {what}", found[f"{name}_cpu"], "{:.3f}", note=note)
        yield Figure(f"Seconds of {what}", found[f"{name}_wall"], "{:.3f}", note="by the wall")


def _planning(bench: Bench) -> Iterator[Figure]:
    bench.say(f"planning {_FILES:,} files")
    with fresh_home(bench) as home:
        found = run("planning", **bench.named("clean", SCALE_DOCUMENTS), home=home, files=_FILES)
    per_thousand = found["planning"] / _FILES * 1_000
    yield Figure("CPU-seconds to plan a thousand files", per_thousand, "{:.3f}", note=f"PyIceberg, {_FILES:,} files")


def _commits(bench: Bench) -> Iterator[Figure]:
    for writers in (1, _WRITERS):
        bench.say(f"commits by {writers} processes")
        with fresh_home(bench) as home:
            arguments: list[dict[str, Any]] = [
                {"home": home, "table": f"of_{number}", "commits": _COMMITS} for number in range(writers)
            ]
            found = run_all("commits", arguments)
        seconds = max(one["ended"] for one in found) - min(one["begun"] for one in found)
        rate = writers * _COMMITS / seconds
        who = "one process" if writers == 1 else f"{writers} processes, a table each"
        yield Figure(f"Commits a second, {who}", rate, "{:.1f}", note="SQLite and a folder; by the wall")
        cpu = sum(one["cpu"] for one in found) / (writers * _COMMITS)
        yield Figure(f"CPU-seconds of a commit, {who}", cpu, "{:.4f}")


def _dagster(bench: Bench) -> Iterator[Figure]:
    for collections in (10, _COLLECTIONS):
        bench.say(f"the definitions of {collections:,} collections")
        with fresh_home(bench) as home:
            found = run("dagster_costs", home=home, collections=collections, steps=_STEPS)
        note = f"{found['assets']:,} assets; {found['import']:.1f} CPU-s before, for importing Dagster"
        what = f"CPU-seconds to load the definitions of {collections:,} collections"
        yield Figure(what, found["definitions"], note=note)
    note = f"{_STEPS} empty steps in one process, events in SQLite"
    yield Figure("CPU-seconds of Dagster for a step", found["step_cpu"], "{:.3f}", note=note)
    yield Figure("Seconds of Dagster for a step", found["step_wall"], "{:.3f}", note="by the wall")
    yield Figure("CPU-seconds to import Dagster", found["import"])
