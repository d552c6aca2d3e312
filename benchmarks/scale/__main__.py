"""The command `python -m benchmarks.scale [--bytes 3TB …] [--write]`: the page docs/scale.md, or one of your own sizes.

Belongs here: options. Does not: the page.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from benchmarks.scale.inputs import Inputs
from benchmarks.scale.model import HOUR, Capacity, Workload
from benchmarks.scale.page import page
from benchmarks.scale.prices import Prices, with_core_price

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
SIZES = (10e9, 1e12, 100e12)
COLLECTIONS = (10, 1_000)
_UNITS = {"": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page, or write it.

    Args:
        arguments: Those of the command line.

    Returns:
        The exit code.
    """
    options = _options(arguments)
    text = _page(options)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def default_page() -> str:
    """The page as `--write` writes it without other options."""
    return _page(_options([]))


def _page(options: argparse.Namespace) -> str:
    given = {"mongo_rate": options.mongo_rate, "network_rate": options.network_rate, "stored_part": options.stored_part}
    inputs = replace(Inputs(), **{name: value for name, value in given.items() if value is not None})
    workloads = [
        Workload(size, collections, options.days, options.change_rate, options.runs, options.touched)
        for size in options.bytes
        for collections in options.collections
    ]
    machines = max(1, options.spark_cores // 16)
    capacity = Capacity(options.cores, options.spark_cores, machines, options.window_hours * HOUR)
    prices = Prices() if options.core_price is None else with_core_price(Prices(), options.core_price)
    return page(inputs, workloads, capacity, prices)


def _positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _bytes(text: str) -> float:
    """Bytes of a text such as `3TB`."""
    found = re.fullmatch(r"([0-9.]+)\s*([kMGTP]?B?)", text)
    unit = found.group(2) if found else "?"
    if found is None or unit not in _UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 500GB, 3TB or a number of bytes")
    return float(found.group(1)) * _UNITS[unit]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    usual, machine = Workload(1, 1), Capacity()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="Compute how the platform grows.")
    add = parser.add_argument
    add("--bytes", type=_bytes, nargs="+", default=SIZES, help="BSON of all collections: 10GB 1TB 100TB by default")
    add(
        "--collections",
        type=_positive,
        nargs="+",
        default=COLLECTIONS,
        help="how many, of equal size: 10 1000 by default",
    )
    add("--days", type=_positive, default=usual.days, help="that each covers (default: %(default)s)")
    add("--change-rate", type=float, default=usual.change_rate, help="of the documents, a day (default: %(default)s)")
    add("--runs", type=_positive, default=usual.runs, help="comparisons of a collection a day (default: %(default)s)")
    add("--touched", type=_positive, default=usual.touched, help="days with changes, each run (default: %(default)s)")
    add("--cores", type=_positive, default=machine.cores, help="of the machine for arrow (default: %(default)s)")
    add("--spark-cores", type=_positive, default=machine.spark_cores, help="of all executors (default: %(default)s)")
    add("--window-hours", type=float, default=machine.window / HOUR, help="for a first load (default: %(default)s)")
    add("--mongo-rate", type=_bytes, help="bytes a second that MongoDB delivers, such as 600MB")
    add("--network-rate", type=_bytes, help="bytes a second that a machine's network takes")
    add("--stored-part", type=float, help="bytes in data files for each byte of BSON")
    add("--core-price", type=Decimal, help="US dollars for a core with 4 GB for an hour, in place of EC2's")
    add("--write", action="store_true", help="write docs/scale.md instead of printing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
