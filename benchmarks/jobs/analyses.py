"""What the answers of the IFCO analyses take on DuckDB, in a process that has answered before.

Belongs here: asking and measuring. Does not: the tables (`ifco_lake.py`), or targets.
"""

from pathlib import Path
from typing import Any

from benchmarks.measure import Cost
from fq_platform.contracts.ifco import analyses
from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings

ANALYSES = [name.lower() for name in vars(analyses) if name.startswith("IFCO_")]
"""Their tables: the last of the six analyses has three."""


def run(home: str, repeats: int) -> dict[str, Any]:
    """Ask for every analysis, each time through the whole query layer: catalog, views, rows.

    Args:
        home: Folder of the lake.
        repeats: How often each is asked for, after a first time that does not count.

    Returns:
        By table the number of rows, and CPU and wall of each time (seconds).
    """
    engine = open_engine(EngineName.DUCKDB, Settings(home=Path(home)))
    return {name: _asked(engine, name, repeats) for name in ANALYSES}


def _asked(engine: QueryEngine, name: str, repeats: int) -> dict[str, Any]:
    costs = []
    for _ in range(1 + repeats):
        cost = Cost()
        with cost.measured():
            rows = engine.execute(f"SELECT * FROM {name} ORDER BY ALL").read_all().num_rows  # noqa: S608 - of ours
        costs.append(cost)
    warm = costs[1:]
    return {"rows": rows, "cpu": [cost.cpu for cost in warm], "wall": [cost.wall for cost in warm]}
