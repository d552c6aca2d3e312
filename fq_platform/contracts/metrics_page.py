"""The metrics as docs/metrics.md: `python -m fq_platform.contracts.metrics_page` writes it.

Belongs here: the page. Does not: the metrics (`metrics.py`), or the columns' meaning (the contracts).
"""

from collections.abc import Iterator
from pathlib import Path

from fq_platform.contracts import CONTRACTS, Contract
from fq_platform.contracts.metrics import METRICS, Metric

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
"""The page (path), in a checkout."""

HEAD = """\
# Metrics

What every measure of the `analytics` tables is, and how it is computed. One measure has one formula: a table that shows
it again takes it from the table named in the formula. What a column is made of, down to the source, is in
[the data model](data-model.md).

- **Formula**: SQL over the tables that the column is made of; `where` says which rows count.
- **Adds up over**: what may be summed so that the sum means something. Amounts in different currencies never do, and a
  number of orders does not where an order is counted in several rows.
- An order of the IFCO tables counts for each of its sales owners: what is counted per owner does not add up over them.
- Amounts are decimals. They are rounded half up, once, where the formula says so.
- "Today" is `FQ_IFCO_TODAY`, or the last day of the data.

<!-- Made of fq_platform/contracts/metrics.py by `python -m fq_platform.contracts.metrics_page`. -->
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for name in METRICS for line in _table(CONTRACTS[name]))])


def _table(contract: Contract) -> Iterator[str]:
    yield f"## `{contract.layer}.{contract.name}`\n"
    yield f"One row is {contract.grain}. Owner: `{contract.owner}`.\n"
    yield "| Measure | Meaning | Formula | Unit | Adds up over |\n| --- | --- | --- | --- | --- |"
    meanings = {column.name: column.description for column in contract.columns}
    for name, metric in METRICS[contract.name].items():
        yield _row(name, meanings[name], metric)
    yield ""


def _row(name: str, meaning: str, metric: Metric) -> str:
    return f"| `{name}` | {meaning} | `{metric.formula}` | {metric.unit} | {metric.adds_up} |"


if __name__ == "__main__":
    DOCUMENT.write_text(page(), encoding="utf-8")
