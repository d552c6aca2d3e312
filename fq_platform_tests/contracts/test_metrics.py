"""Every measure of the analytics layer stands in the dictionary of metrics, and nothing else does."""

import pytest

from fq_platform.contracts import CONTRACTS, Contract
from fq_platform.contracts.metrics import ATTRIBUTES, EUROS, METRICS, ORDINALS
from fq_platform.contracts.metrics_page import DOCUMENT, page
from fq_platform.lakehouse.layout import Layer

ANALYTICS = {name: contract for name, contract in CONTRACTS.items() if contract.layer is Layer.ANALYTICS}


def measures(contract: Contract) -> list[str]:
    """The columns that hold amounts or counts."""
    numbers = [column.name for column in contract.columns if column.type.startswith(("decimal", "bigint"))]
    return [name for name in numbers if name not in ORDINALS | ATTRIBUTES]


@pytest.mark.parametrize("name", ANALYTICS)
def test_every_measure_of_a_table_is_explained_in_its_order(name: str) -> None:
    assert measures(ANALYTICS[name]) == list(METRICS.get(name, {}))


def test_metrics_are_of_tables_that_exist() -> None:
    assert set(METRICS) <= set(ANALYTICS)


@pytest.mark.parametrize("name", METRICS)
def test_unit_of_an_amount_is_its_currency(name: str) -> None:
    columns = {column.name: column for column in ANALYTICS[name].columns}
    for measure, metric in METRICS[name].items():
        is_money = columns[measure].type in ("decimal(18,2)", "decimal(28,12)")
        assert is_money == (metric.unit in (EUROS, "currency of the row")), measure
        if is_money:
            assert ("currency" in columns) == (metric.unit != EUROS), measure


def test_page_is_made_of_what_the_metrics_say_today() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "run `python -m fq_platform.contracts.metrics_page`"
