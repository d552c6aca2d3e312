"""Assets of one table: what leaves them out of date."""

import dagster as dg
import pytest

from fq_platform.assets.tables import TableAsset
from fq_platform.contracts import CONTRACTS
from fq_platform.ifco import ifco_sources
from fq_platform.settings import get_settings


def _version(table: str, *, takes_today: bool) -> str | None:
    sources = ifco_sources(get_settings())
    assert sources is not None
    upstream = {"fct_ifco_orders": dg.AssetKey(["analytics", "fct_ifco_orders"])}
    made = TableAsset(CONTRACTS[table], upstream, takes_today=takes_today).build(sources)
    return made.get_asset_spec().code_version


def test_another_day_of_evaluation_leaves_what_depends_on_it_out_of_date(environment: pytest.MonkeyPatch) -> None:
    tables = {"ifco_owner_training": True, "ifco_crate_distribution": False}
    found = []
    for today in ("", "2025-01-31", "2025-02-01"):
        environment.setenv("FQ_IFCO_TODAY", today)
        get_settings.cache_clear()
        found.append([_version(table, takes_today=takes_today) for table, takes_today in tables.items()])
    training, distribution = zip(*found, strict=True)

    assert len(set(training)) == 3
    assert len(set(distribution)) == 1
