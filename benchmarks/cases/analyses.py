"""The IFCO analyses, asked for on DuckDB.

Belongs here: cases of queries. Does not: those of extraction.
"""

import statistics
from collections.abc import Iterator

from benchmarks.cases.loads import fresh_home
from benchmarks.figures import Bench, Figure
from benchmarks.processes import run

MOST_SECONDS = 0.5
_REPEATS = 10
"""Each takes milliseconds, so more of them than of loads."""


def analyses(bench: Bench) -> Iterator[Figure]:
    """Each analysis's answer in a process that has answered before, by the wall; CPU in the note."""
    with fresh_home(bench) as home:
        bench.say("making the tables")
        run("ifco_lake", home=home)
        bench.say("asking for the analyses")
        found = run("analyses", home=home, repeats=_REPEATS)
    for name, asked in found.items():
        cpu, slowest = statistics.median(asked["cpu"]), max(asked["wall"])
        yield Figure(
            f"Seconds for {name}, warm on DuckDB",
            statistics.median(asked["wall"]),
            "{:.3f}",
            most=MOST_SECONDS,
            runs=asked["wall"],
            note=f"{cpu:.3f} CPU-s; slowest {slowest:.3f} s; {asked['rows']:,} rows",
        )
