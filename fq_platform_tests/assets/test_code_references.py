"""Every asset leads to the lines that it is written in, on this machine or on the repository's web pages."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from fq_platform.assets.code_references import CODE_REFERENCES, Place, code_references, in_package, in_sources_file
from fq_platform.definitions import defs
from fq_platform.settings import get_settings, project_root

CODE_URL = "https://github.com/acme/lake/blob/main"
LEADS_TO = {
    "mongodb/ecommerce_db_raw/orders": "  orders:",
    "raw/ecommerce_db_orders": "  orders:",
    "curated/ecommerce_db_orders_silver": "def orders_silver(",
    "shared/dim_products": "def dim_products(",
    "analytics/fct_orders": "def fct_orders(",
    "raw/ifco_orders": "  orders:",
    "analytics/ifco_commissions": "def ifco_commissions(",
    "dashboard/analyses": "PAGES",
    "maintenance/compaction": "def compact(",
}


def references(*places: Place) -> Sequence[dg.LocalFileCodeReference | dg.UrlCodeReference]:
    found: dg.CodeReferencesMetadataValue = code_references(*places)[CODE_REFERENCES]
    return found.code_references


def line(reference: dg.LocalFileCodeReference | dg.UrlCodeReference) -> str:
    """What stands where a local reference leads to."""
    assert isinstance(reference, dg.LocalFileCodeReference)
    return Path(reference.file_path).read_text(encoding="utf-8").splitlines()[(reference.line_number or 0) - 1]


def test_every_asset_leads_to_lines_that_name_what_it_is_made_by() -> None:
    found = {spec.key.to_user_string(): spec.metadata[CODE_REFERENCES] for spec in defs.resolve_all_asset_specs()}

    for key, metadata in found.items():
        for reference in metadata.code_references:
            name, *_ = str(reference.label).removesuffix(".py").split(" in ")
            assert name in line(reference), (key, reference)
    for key, text in LEADS_TO.items():
        assert line(found[key].code_references[0]).startswith(text), key


def test_repositorys_web_pages_are_linked_where_the_code_has_any(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_CODE_URL", f"{CODE_URL}/")
    get_settings.cache_clear()

    (found,) = references(in_package("transforms.fct_orders", "fct_orders"))

    local = project_root() / "fq_platform/transforms/fct_orders.py"
    number = next(n for n, text in enumerate(local.read_text().splitlines(), 1) if text.startswith("def fct_orders("))
    assert isinstance(found, dg.UrlCodeReference)
    assert found.url == f"{CODE_URL}/fq_platform/transforms/fct_orders.py#L{number}"


def test_sources_file_beside_the_repository_stays_a_file_of_this_machine(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = tmp_path / "shop.yaml"
    sources.write_text('app: shop\ncollections:\n  orders.old: {}\n  "orders": {}\n', encoding="utf-8")
    environment.setenv("FQ_CODE_URL", CODE_URL)
    environment.setenv("FQ_SOURCES", str(sources))
    get_settings.cache_clear()

    declared, gone = references(in_sources_file("orders"), in_sources_file("customers"))

    assert line(declared) == '  "orders": {}'
    assert isinstance(gone, dg.LocalFileCodeReference)
    assert (gone.file_path, gone.line_number) == (str(sources), None)
