"""The command behind `make bench`: `python -m benchmarks [--only CASE …] [--documents N]`.

Belongs here: options, and running the cases in turn. Does not: cases.
"""

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.cases import CASES
from benchmarks.figures import KILLED_DOCUMENTS, SCALE_DOCUMENTS, WARM_DOCUMENTS, Bench, Figure
from benchmarks.processes import replay
from benchmarks.report import table, write_json

_PRINTED_WIDTH = 160
"""Characters in a line where it is no terminal that tells."""
_RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases and show their figures.

    Args:
        arguments: Those of the command line.

    Returns:
        The exit code: 1 if a figure falls short of its target, else 0.
    """
    options = _options(arguments)
    console = Console(stderr=True)
    figures: list[Figure] = []
    chosen = options.only or list(CASES)
    with (
        console.status("the replay server prepares its documents") as status,
        tempfile.TemporaryDirectory(prefix="fq-bench-", dir=options.folder) as folder,
        replay(_collections(chosen, options.documents)) as server,
    ):
        for name in chosen:
            bench = Bench(
                server,
                Path(folder),
                options.documents,
                options.repeats,
                options.kills,
                options.seed,
                say=lambda text, name=name: status.update(f"{name}: {text}"),  # type: ignore[misc]
            )
            for figure in CASES[name](bench):
                figures.append(figure)
                console.print(f"{name}: {figure.name}: {figure.unit.format(figure.value)} {figure.note}")
    output = Console()
    output.width = output.width if output.is_terminal else _PRINTED_WIDTH
    output.print(table(figures))
    write_json(options.output, figures, {name: str(value) for name, value in vars(options).items()})
    console.print(f"written to {options.output}")
    return int(any(figure.ok is False for figure in figures))


def _collections(cases: Sequence[str], documents: int) -> list[str]:
    """The collections that the cases need; the server holds each variant's documents once, whatever their number."""
    variants = ("clean", "mixed") if "mixed" in cases else ("clean",)
    sizes = {documents, 2 * documents, 4 * documents, WARM_DOCUMENTS, KILLED_DOCUMENTS, SCALE_DOCUMENTS}
    return [f"{variant}_{size}" for variant in variants for size in sorted(sizes)]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure extraction and queries against their targets."
    )
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--documents", type=int, default=1_000_000, help="size of a load (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=50, help="loads that are killed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which they are (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where lakes are made (default: the system's folder for such)")
    default = _RESULTS / f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H%M%S}.json"
    parser.add_argument("--output", type=Path, default=default, help="the JSON file (default: benchmarks/results)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
