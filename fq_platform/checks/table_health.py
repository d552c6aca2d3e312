"""The check `table_health` of every table: small files, snapshots, audit branches, manifests.

Belongs here: declaring it to Dagster, and the words. Does not: the figures (`lakehouse/upkeep/health.py`).
"""

from collections.abc import Iterable

import dagster as dg

from fq_platform.assets.maintenance import GROUP
from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of, table_of
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource

TABLE_HEALTH = "table_health"


def health_checks(assets: Iterable[dg.AssetKey], app: str) -> list[dg.AssetChecksDefinition]:
    """The check of each table's asset. It warns and stops nothing, and reads only metadata, without Spark.

    Args:
        assets: Keys of assets that are tables.
        app: The application of the sources file.

    Returns:
        A definition an asset; they need the resource `spark`, for its settings.
    """
    return [_check(asset, app) for asset in assets]


def _check(asset: dg.AssetKey, app: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name=TABLE_HEALTH,
        description="The table needs no upkeep: few small files, snapshots and manifests, no old audit branches.",
    )
    def evaluate(spark: SparkResource) -> dg.AssetCheckResult:
        from pyiceberg.exceptions import NoSuchTableError

        from fq_platform.lakehouse.upkeep.health import examine

        table = layout_of(spark.settings).place(table_of(asset.path, app))
        with shown_to_users(table.qualified):
            try:
                found = examine(open_catalog(spark.settings).load_table(table.identifier), table)
            except NoSuchTableError:
                raise FqError(
                    "The table does not exist yet",
                    where=table.qualified,
                    fix=f"Materialise {asset.to_user_string()} first",
                ) from None
        advice = dict.fromkeys(complaint.remedy for complaint in found.complaints)
        return dg.AssetCheckResult(
            passed=not found.complaints,
            severity=dg.AssetCheckSeverity.WARN,
            description=None
            if not found.complaints
            else f"{'; '.join(complaint.what for complaint in found.complaints)}. "
            f"Materialise {' and '.join(f'{GROUP}/{remedy}' for remedy in advice)}.",
            metadata=dict(found.figures),
        )

    return evaluate
