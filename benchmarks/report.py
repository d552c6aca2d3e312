"""The table of figures for people, and the JSON for machines.

Belongs here: showing. Does not: measuring.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.figures import Figure

_MARKS = {True: "[green]ok", False: "[red]short", None: ""}


def table(figures: Sequence[Figure]) -> Table:
    """The figures as a table: name, target, measured, whether it holds, notes."""
    shown = Table("Figure", "Target", "Measured", "", "Note", title="Extraction and queries")
    for column in (1, 2):
        shown.columns[column].justify = "right"
        shown.columns[column].no_wrap = True
    for figure in figures:
        shown.add_row(figure.name, figure.target, figure.unit.format(figure.value), _MARKS[figure.ok], figure.note)
    return shown


def write_json(path: Path, figures: Sequence[Figure], settings: Mapping[str, Any]) -> None:
    """Write the figures with every single measurement, and what they were measured on.

    Args:
        path: The file; its folder is made.
        figures: The figures.
        settings: How the benchmark was called.
    """
    machine = {"python": platform.python_version(), "system": platform.platform(), "processor": _processor()}
    found = [asdict(figure) | {"ok": figure.ok} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"settings": dict(settings), "machine": machine, "figures": found}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _processor() -> str:
    cpu_info = Path("/proc/cpuinfo")
    lines = cpu_info.read_text(encoding="utf-8").splitlines() if cpu_info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor()
