"""Upkeep as assets: each goes over all tables of the lake and reports what it gained.

Belongs here: what Dagster shows of upkeep. Does not: the operations (`lakehouse/upkeep/`), or when they run
(`automation/upkeep.py`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from fq_platform.assets.code_references import Place, code_references, in_package
from fq_platform.automation.pools import UPKEEP
from fq_platform.contracts.curated import OWNER
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import get_settings

if TYPE_CHECKING:
    from fq_platform.lakehouse.upkeep.tables import Operation, Outcome

GROUP = "maintenance"


class UpkeepConfig(dg.Config):
    """Which tables are looked after."""

    tables: list[str] = Field(default=[], description="Such as raw.ecommerce_db_orders; all tables if empty")


class OrphanConfig(UpkeepConfig):
    """Which orphans are removed."""

    older_than_days: int = Field(default=7, description="Files younger than this stay; 3 at the least")
    dry_run: bool = Field(default=False, description="Whether orphans are only counted")


def build_maintenance_assets() -> Sequence[dg.AssetsDefinition]:
    """The assets of the group `maintenance`.

    Returns:
        `maintenance/compaction`, `maintenance/snapshot_expiry`, `maintenance/orphan_removal`, `maintenance/manifests`,
        which need the resource `spark`, whose session is started only if a table has to be worked on; and
        `maintenance/run_history`.
    """
    return [
        _asset(
            "compaction",
            "Merges the small files of each partition, in all tables; rows stay what they are.",
            _compact,
            _upkeep("compaction", "compact"),
        ),
        _asset(
            "manifests",
            "Merges manifests where there are many; lets commits delete old metadata files.",
            _manifests,
            _upkeep("manifests", "rewrite_manifests"),
        ),
        _asset(
            "snapshot_expiry",
            "Drops audit branches of last week and before and what killed writers left, and expires the snapshots that "
            "the policy of a table's layer does not keep.",
            _expire,
            _upkeep("expiry", "expire"),
        ),
        _orphan_removal(),
        _run_history(),
    ]


def _compact() -> "Operation":
    from fq_platform.lakehouse.upkeep.compaction import compact

    return compact


def _manifests() -> "Operation":
    from fq_platform.lakehouse.upkeep.manifests import rewrite_manifests

    return rewrite_manifests


def _expire() -> "Operation":
    from fq_platform.lakehouse.upkeep.expiry import expire

    return expire


def _upkeep(module: str, function: str) -> Place:
    return in_package(f"lakehouse.upkeep.{module}", function)


def _options(name: str, description: str, place: Place) -> dict[str, Any]:
    return {
        "key": [GROUP, name],
        "description": description,
        "group_name": GROUP,
        "owners": [OWNER],
        "kinds": {"iceberg"},
        "pool": UPKEEP,
        "metadata": code_references(place),
    }


def _asset(name: str, description: str, operation: "Callable[[], Operation]", place: Place) -> dg.AssetsDefinition:
    @dg.asset(**_options(name, description, place))
    def _maintenance(
        context: dg.AssetExecutionContext, config: UpkeepConfig, spark: SparkResource
    ) -> dg.MaterializeResult:
        with shown_to_users():
            return _look_after(context, spark, config.tables, operation())

    return _maintenance


def _orphan_removal() -> dg.AssetsDefinition:
    description = "Removes files in the tables' folders that no metadata refers to, such as those of killed runs."

    @dg.asset(**_options("orphan_removal", description, _upkeep("orphans", "orphan_removal")))
    def _maintenance(
        context: dg.AssetExecutionContext, config: OrphanConfig, spark: SparkResource
    ) -> dg.MaterializeResult:
        from fq_platform.lakehouse.upkeep.orphans import orphan_removal

        with shown_to_users():
            operation = orphan_removal(dt.timedelta(days=config.older_than_days), dry_run=config.dry_run)
            return _look_after(context, spark, config.tables, operation)

    return _maintenance


def _run_history() -> dg.AssetsDefinition:
    description = (
        "Removes runs that are older than FQ_RUN_HISTORY_DAYS, with their events and logs, from Dagster's storage; the "
        "run by which a partition is known to be there stays."
    )
    options = _options("run_history", description, in_package("automation.run_history", "forget_runs"))

    @dg.asset(**options | {"kinds": {"dagster"}})
    def _maintenance(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from fq_platform.automation.run_history import forget_runs

        days = get_settings().run_history_days
        done = forget_runs(context.instance, dt.datetime.now(dt.UTC) - dt.timedelta(days=days))
        context.log.info(f"{done.removed} runs older than {days} days removed; {done.kept} made what is there now")
        return dg.MaterializeResult(metadata={"runs_removed": done.removed, "runs_kept": done.kept})

    return _maintenance


def _look_after(
    context: dg.AssetExecutionContext, spark: SparkResource, wanted: Sequence[str], operation: "Operation"
) -> dg.MaterializeResult:
    """Do it to each table; the step fails at the end if it failed for one, with all that was gained."""
    from fq_platform.lakehouse.upkeep.tables import Lake, find_tables, look_after

    lake = Lake(open_catalog(spark.settings), layout_of(spark.settings), lambda: spark.spark_session)
    outcomes = look_after(lake, find_tables(lake, wanted), operation, lambda outcome: _tell(context, outcome))
    metadata = _metadata(outcomes)
    if failed := [outcome for outcome in outcomes if outcome.error]:
        raise dg.Failure(
            description=f"{len(failed)} of {len(outcomes)} tables could not be looked after:\n"
            + "\n".join(str(outcome.error) for outcome in failed),
            metadata=metadata,
        )
    return dg.MaterializeResult(metadata=metadata)


def _tell(context: dg.AssetExecutionContext, outcome: "Outcome") -> None:
    name = outcome.table.dotted
    if outcome.error or outcome.done is None:
        context.log.error(f"{name}: {outcome.error}", exc_info=outcome.error)
        return
    figures = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in outcome.done.figures.items())
    note = f" ({outcome.done.note})" if outcome.done.note else ""
    context.log.info(f"{name}: {figures}{note}, {outcome.seconds:.1f} seconds")


def _metadata(outcomes: "Sequence[Outcome]") -> dict[str, Any]:
    """The totals, and a line for each table."""
    totals: Counter[str] = Counter()
    for outcome in outcomes:
        if outcome.done:
            totals.update(outcome.done.figures)
    found: dict[str, Any] = {
        "tables": len(outcomes),
        **totals,
        "duration_seconds": round(sum(outcome.seconds for outcome in outcomes), 3),
    }
    if outcomes:
        columns = ["table", *totals, "seconds", "note"]
        found["by_table"] = dg.MetadataValue.table(
            [dg.TableRecord({name: _line(outcome).get(name, "") for name in columns}) for outcome in outcomes],
            dg.TableSchema([dg.TableColumn(name) for name in columns]),
        )
    return found


def _line(outcome: "Outcome") -> Mapping[str, str | int | float]:
    figures = outcome.done.figures if outcome.done else {}
    note = outcome.done.note if outcome.done else f"failed: {outcome.error.what if outcome.error else ''}"
    return {"table": outcome.table.dotted, **figures, "seconds": round(outcome.seconds, 3), "note": note}
