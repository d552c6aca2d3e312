"""The stages of a load by themselves, and other tools on the same documents.

Belongs here: figures without targets, to stand beside those with. Does not: whole loads.
"""

from collections.abc import Iterator

from benchmarks.cases.loads import fresh_home
from benchmarks.figures import Bench, Figure
from benchmarks.processes import run

_YARDSTICK_DOCUMENTS = 50_000
"""They are slow, and their speed does not depend on the number."""
_PROFILED = 12


def stages(bench: Bench) -> Iterator[Figure]:
    """Reading, indexing, decoding and Parquet, each alone; then the profile of a whole load."""
    bench.say("each stage alone, then a load under a sampling profiler")
    with fresh_home(bench) as home:
        found = run("stages", **bench.named("clean"), warm=bench.warm("clean"), home=home)
    for name, seconds in found["cpu"].items():
        yield Figure(f"Alone, documents per CPU-second: {name}", bench.documents / seconds, "{:,.0f}")
    for where, share in found["profile"][:_PROFILED]:
        yield Figure(f"Of a load's time: {where}", share, "{:.1%}")


def yardsticks(bench: Bench) -> Iterator[Figure]:
    """What others need to make Arrow of the same bytes."""
    bench.say("other decoders")
    for name, seconds in run("yardsticks", documents=_YARDSTICK_DOCUMENTS).items():
        if seconds is None:
            bench.say(f"{name} is not installed")
        else:
            yield Figure(f"Documents per CPU-second: {name}", _YARDSTICK_DOCUMENTS / seconds, "{:,.0f}")
