"""The version of a table's code follows from its source and from the sources that it is built of."""

from pathlib import Path

import pytest

from fq_platform.assets import code_version as subject
from fq_platform.assets.code_version import code_version


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the platform's layout in which modules can be written."""
    for name, text in {
        "transforms/__init__.py": "",
        "transforms/orders.py": "from fq_platform.transforms.cleaning import text\nimport os\n",
        "transforms/cleaning.py": "from fq_platform.contracts import model\n\ndef text(): ...\n",
        "transforms/payments.py": "",
        "contracts/__init__.py": "",
        "contracts/model.py": "from fq_platform.contracts import other\n",
        "contracts/other.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(subject, "_ROOT", tmp_path)
    return tmp_path


def version() -> str:
    subject._source.cache_clear()
    subject._imports.cache_clear()
    return code_version("fq_platform.transforms.orders")


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("transforms/orders.py", True),
        ("transforms/cleaning.py", True),
        ("contracts/model.py", True),
        ("transforms/payments.py", False),
        ("contracts/other.py", False),
    ],
)
def test_version_follows_what_the_transform_is_built_of(sources: Path, changed: str, counts: bool) -> None:
    before = version()
    assert version() == before
    with (sources / changed).open("a") as file:
        file.write("# changed\n")
    assert (version() != before) is counts
    version()


def test_transforms_of_one_table_are_not_those_of_another() -> None:
    subject._source.cache_clear()
    subject._imports.cache_clear()
    names = ["orders_silver", "invoices_silver", "payments_silver", "customers_silver", "dim_products"]
    versions = {code_version(f"fq_platform.transforms.{name}") for name in names}
    assert len(versions) == len(names)
    assert {"fq_platform.transforms.cleaning", "fq_platform.lakehouse.current"} <= {
        name
        for module in ("orders_silver", "cleaning", "changelog")
        for name in subject._imports(f"fq_platform.transforms.{module}")
    }
