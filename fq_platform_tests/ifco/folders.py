"""Which files the IFCO application is tested on: the packaged ones, and the real ones where they are at hand.

Belongs here: finding them, and what the real ones are known to give. Does not: what any others are expected to give
(`oracle.py`).
"""

import csv
import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from fq_platform.contracts import CONTRACTS
from fq_platform.settings import PACKAGE, project_root
from fq_platform_tests.ifco.oracle import Oracle, Rows

EXPECTED = Path(__file__).parent / "expected"
"""What the real files give, a file an analysis: counted and compared with the orders by hand."""

_READ: Mapping[str, Callable[[str], Any]] = {"string": str, "bigint": int, "date": dt.date.fromisoformat}


@dataclass(frozen=True)
class Folder:
    """Files of the IFCO application.

    Args:
        path: Where orders.csv and invoicing_data.json lie.
        is_real: Whether these are the files of which the answers are written down.
        today: The day of evaluation; None is that of the last order.
    """

    path: Path
    is_real: bool = False
    today: dt.date | None = None

    def expected(self, analysis: str) -> list[Rows]:
        """What an analysis must give, by each who knows: the oracle, and for real files what is written down."""
        rows: Rows = getattr(Oracle(self.path, self.today), analysis)()
        return [sorted(rows, key=str), *([sorted(written_down(analysis), key=str)] if self.is_real else [])]


PACKAGED = Folder(PACKAGE / "demo" / "ifco", today=dt.date(2026, 3, 15))
"""The packaged files, on a day in the middle of their last year."""


def whole_way() -> Folder:
    """The folder that goes the whole way: the real one, which `FQ_TEST_IFCO` may name, else the packaged one."""
    real = Path(os.environ.get("FQ_TEST_IFCO") or project_root().parent / "shared" / "data" / "ifco")
    return Folder(real, is_real=True) if real.is_dir() else Folder(PACKAGED.path)


def written_down(analysis: str) -> Rows:
    """The rows that an analysis gives on the real files, typed as its contract says."""
    types = {column.name: column.type for column in CONTRACTS[analysis].columns}
    with (EXPECTED / f"{analysis}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter=";")
        return [tuple(_value(text, types[name]) for name, text in row.items()) for row in rows]


def _value(text: str, kind: str) -> Any:
    return _READ.get(kind, Decimal)(text) if text else None
