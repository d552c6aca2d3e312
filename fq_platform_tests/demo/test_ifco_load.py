"""The IFCO files as MongoDB collections: the same documents, wherever they are read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fq_platform.commands.choice import choose
from fq_platform.commands.source import opened_source
from fq_platform.demo.ifco_load import load_ifco
from fq_platform.errors import FqError
from fq_platform.extraction.sync import SyncResult, sync
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import IfcoSource, Settings
from fq_platform.sources import get_sources

pytestmark = pytest.mark.services


@pytest.fixture
def client(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo_uri) as found:
        found.drop_database("ifco_raw")
        yield found
        found.drop_database("ifco_raw")


def synced(settings: Settings) -> list[SyncResult]:
    results = []
    for part in choose(settings, get_sources(), ["ifco.orders", "ifco.invoices"]):
        with opened_source(settings, part.sources) as source:
            results.append(
                sync(
                    source,
                    part.scope.collection,
                    part.scope.windows,
                    catalog=open_catalog(settings),
                    table=part.scope.table,
                    location=None,
                    run_id="a run",
                )
            )
    return results


def test_what_was_landed_from_files_is_unchanged_when_it_comes_from_mongodb(
    client: MongoClient[dict[str, Any]], mongo_uri: str, tmp_path: Path
) -> None:
    files = Settings(home=tmp_path / "fq", mongo_uri=mongo_uri)
    mongo = files.model_copy(update={"ifco_source": IfcoSource.MONGO})

    assert load_ifco(mongo_uri, files) == {"orders": 330, "invoices": 110}
    assert [found.inserted for found in synced(files)] == [330, 110]
    assert [(found.unchanged, found.changed) for found in synced(mongo)] == [(330, False), (110, False)]


def test_a_copy_follows_its_files_and_foreign_documents_are_left_alone(
    client: MongoClient[dict[str, Any]], mongo_uri: str, tmp_path: Path
) -> None:
    load_ifco(mongo_uri, Settings())
    orders = client["ifco_raw"]["orders"]
    orders.update_one({}, {"$set": {"seen": True}})
    load_ifco(mongo_uri, Settings())
    assert orders.count_documents({"seen": True}) == 1  # it was not loaded again

    packaged = Settings().ifco_path
    (tmp_path / "invoicing_data.json").write_bytes((packaged / "invoicing_data.json").read_bytes())
    lines = (packaged / "orders.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "orders.csv").write_text("".join(lines[:3]), encoding="utf-8")
    assert load_ifco(mongo_uri, Settings(ifco_path=tmp_path))["orders"] == orders.count_documents({}) == 2

    client["ifco_raw"]["fq_demo"].drop()
    with pytest.raises(FqError, match="not from the IFCO files"):
        load_ifco(mongo_uri, Settings())
    assert orders.count_documents({}) == 2
