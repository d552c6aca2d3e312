"""The guided tour runs from its first cell to its last and shows what it talks of; nothing of that is committed."""

import json
import os
import re
from typing import Any

import pytest

from fq_platform.commands.notebook import TOUR
from fq_platform.dashboard.formats import NOTHING
from fq_platform.settings import Settings, project_root

NOTEBOOK = project_root() / TOUR
WRONG = 'fq.sql("SELECT * FROM analytics.ifco_commission")'
"""A cell that the tour does not have: a table's name mistyped."""
VEGA = "application/vnd.vegalite.v5+json"


def test_no_result_of_a_cell_is_committed() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]

    assert len(code) > 20
    assert [cell["source"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []


@pytest.fixture(scope="module")
def run(analytics_lake: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of each cell by its source, `WRONG` behind the others; a cell that fails ends the run."""
    import nbformat
    from nbclient import NotebookClient

    tour = nbformat.read(NOTEBOOK, as_version=4)
    tour.cells.append(nbformat.v4.new_code_cell(WRONG, metadata={"tags": ["raises-exception"]}))
    folder = tmp_path_factory.mktemp("tour")
    environment = os.environ | {"FQ_HOME": str(analytics_lake.home), "IPYTHONDIR": str(folder)}
    NotebookClient(tour, timeout=120, resources={"metadata": {"path": str(folder)}}).execute(env=environment)
    return {cell.source: cell.outputs for cell in tour.cells if cell.cell_type == "code"}


def shown(run: dict[str, list[Any]], part: str, kind: str = "text/html") -> Any:
    """What the one cell with this part of a source shows last."""
    (outputs,) = [outputs for source, outputs in run.items() if part in source]
    return outputs[-1]["data"][kind]


def cells(html: str) -> list[str]:
    """The values in a table, row by row."""
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]


@pytest.mark.services
def test_every_cell_runs_and_every_question_is_answered(run: dict[str, list[Any]]) -> None:
    complaints = [
        output for source, outputs in run.items() if source != WRONG for output in outputs if "name" in output
    ]
    silent = [source for source, outputs in run.items() if not outputs]

    assert complaints == []
    assert silent == [source for source in run if source.endswith("fq.start()")]

    assert "analytics.orders_vw" in cells(shown(run, "fq.tables()"))
    assert "crate_type" in cells(shown(run, "DESCRIBE analytics.orders"))
    assert "Alpine Greens GmbH" in cells(shown(run, "ORDERS_VW"))
    assert "crate_type STRING COMMENT 'What the crates are made of',\n" in shown(run, "fq.definition", "text/plain")


@pytest.mark.services
def test_past_is_told_as_it_was(run: dict[str, list[Any]]) -> None:
    versions = cells(shown(run, "HAVING count(*) > 1"))
    assert versions[-6:] == [f"{5:024x}", "delete", "2026-01-11 09:00:00 UTC", *3 * [NOTHING]]
    assert cells(shown(run, "AS versions,\n")) == ["7", "4"]

    first, last = (cells(shown(run, part)) for part in ("sql(question, as_of=", "sql(question)"))
    assert (first[0], last[0]) == ("5", "4")

    evolved = cells(shown(run, "crates = scratch"))
    assert evolved == ["crate string", "crate_type string", "pieces int", "pieces long", "", "colour string"]
    assert cells(shown(run, "crates.scan().to_pandas()")) == [
        "Plastic",
        "3,000,000,000",
        "green",
        "Wood",
        "12",
        NOTHING,
    ]


@pytest.mark.services
def test_money_is_exact_in_tables_and_in_charts(run: dict[str, list[Any]]) -> None:
    assert cells(shown(run, "commissions = "))[:3] == ["1", "Ada Lindqvist", "650.31"]

    drawn = [output["data"][VEGA] for outputs in run.values() for output in outputs if VEGA in output.get("data", {})]
    assert len(drawn) == 6
    for chart in drawn:
        assert chart["$schema"] == "https://vega.github.io/schema/vega-lite/v5.json"  # which JupyterLab itself has
        assert [value for row in rows(chart) for value in row.values() if isinstance(value, float)] == []
    [commissions] = [chart for chart in drawn if "Commission per sales owner" in str(chart)]
    assert rows(commissions)[0]["commission"] == "650.31"


def rows(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """What a chart draws."""
    [dataset] = chart["datasets"].values()
    assert dataset
    return list(dataset)


@pytest.mark.services
def test_wrong_question_is_answered_with_a_remedy_and_no_traceback(run: dict[str, list[Any]]) -> None:
    [complaint] = run[WRONG]

    assert complaint["name"] == "stderr"
    assert complaint["text"].startswith("There is no table analytics.ifco_commission. Near to it: analytics.")
    assert "Traceback" not in complaint["text"]
