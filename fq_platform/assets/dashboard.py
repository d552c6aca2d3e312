"""The dashboard as the lineage shows it: downstream of the tables that it reads, and made by nobody here.

Belongs here: what Dagster knows of it. Does not: the dashboard (`dashboard/`).
"""

from collections.abc import Iterable, Sequence

import dagster as dg

from fq_platform.assets.code_references import code_references, in_package
from fq_platform.dashboard.pages import PAGES, TABLES
from fq_platform.settings import get_settings

GROUP = "dashboard"
KEY = dg.AssetKey(["dashboard", "analyses"])
OWNER = "team:data-platform"


def build_dashboard_assets(tables: Iterable[dg.AssetsDefinition]) -> Sequence[dg.AssetSpec]:
    """The dashboard as an asset that Dagster knows of but does not make.

    Args:
        tables: The assets of the tables there are; those that the dashboard reads are upstream of it.

    Returns:
        One external asset, or none where there is nothing that it could show. It cannot be materialised, so no
        selection of a job has it.
    """
    there = {key for table in tables for key in table.keys}
    read = [key for key in (dg.AssetKey(table.split(".")) for table in TABLES) if key in there]
    if not read:
        return []
    node = dg.AssetSpec(
        KEY,
        deps=read,
        description=f"The dashboard that `fq dev` runs, read only: {', '.join(page.title for page in PAGES)}.",
        group_name=GROUP,
        kinds={"streamlit"},
        owners=[OWNER],
        metadata={"url": dg.MetadataValue.url(get_settings().dashboard_url)}
        | code_references(in_package("dashboard.pages", "PAGES")),
    )
    return [node]
