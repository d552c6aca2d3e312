"""Raw assets: one for each collection of the sources file.

Belongs here: what Dagster needs to know about them. Does not: the extraction itself (`extraction/sync.py`).
"""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.assets import raw_checks
from fq_platform.assets.code_references import code_references, in_package, in_sources_file
from fq_platform.assets.content_version import Versions, content_versions
from fq_platform.assets.documentation import facts_of_raw_table, location_metadata, tags
from fq_platform.assets.further_days import tell_further_partitions
from fq_platform.assets.raw_progress import ProgressLog
from fq_platform.assets.source_opening import opened, repeated_keys
from fq_platform.assets.sources import source_key, source_kind, source_metadata, source_name
from fq_platform.automation.backfills import backfill_policy
from fq_platform.automation.partitions import daily_partitions, days
from fq_platform.automation.pools import MONGODB
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import get_settings
from fq_platform.sources import Collection, Sources

if TYPE_CHECKING:
    from fq_platform.extraction.sync import Counts, SyncResult

WINDOW_COLUMN = "_fq_window"


def raw_key(sources: Sources, collection: str) -> dg.AssetKey:
    """The asset key of a collection's raw table, such as `raw/ecommerce_db_orders`."""
    return dg.AssetKey([Layer.RAW.value, sources.table(collection)])


def build_raw_assets(sources: Sources) -> Sequence[dg.AssetsDefinition]:
    """The raw assets of all declared collections.

    Args:
        sources: The sources file.

    Returns:
        One asset a collection, partitioned by day where it declares `partition_by`.
    """
    return [_raw_asset(sources, name, options) for name, options in sources.collections.items()]


def _raw_asset(sources: Sources, collection: str, options: Collection) -> dg.AssetsDefinition:
    layout = layout_of(get_settings())
    table = layout.place(TableName(Layer.RAW, sources.table(collection), sources.app))
    file = sources.file(collection)
    by_day = f", by day of `{options.partition_by}`" if options.partition_by else ""

    @dg.asset(
        key=raw_key(sources, collection),
        deps=[source_key(sources, collection)],
        description=f"Changelog of {source_name(sources, collection)}{by_day}. Append-only: "
        "materialising it appends what was inserted, updated or deleted since, and nothing else.",
        group_name=Layer.RAW.value,
        owners=[sources.owner],
        tags=tags(Layer.RAW, sources.app),
        kinds={source_kind(sources, collection), "iceberg"},
        partitions_def=daily_partitions(sources) if options.partition_by else None,
        backfill_policy=backfill_policy() if options.partition_by else None,
        pool=None if sources.folder else MONGODB,
        metadata={
            "dagster/table_name": table.qualified,
            "dagster/storage_kind": "iceberg",
        }
        | source_metadata(sources, collection)
        | location_metadata(layout.location(table))
        | code_references(in_sources_file(collection, sources.declared_in), in_package("assets.raw", "_raw_asset"))
        | ({"partition_expr": WINDOW_COLUMN} if options.partition_by else {}),
        check_specs=raw_checks.raw_check_specs(
            raw_key(sources, collection), options.partition_by, file.key if file else None
        ),
    )
    def _asset(context: dg.AssetExecutionContext, mongo: MongoResource) -> dg.MaterializeResult:
        from fq_platform.extraction.engines import engine_of
        from fq_platform.extraction.home import with_days_begun
        from fq_platform.extraction.options import sync_options
        from fq_platform.extraction.scope import scope
        from fq_platform.extraction.sync import sync

        settings = get_settings()
        asked = days(context) if options.partition_by else [None]
        chosen = scope(sources, collection, asked[0], asked[-1])
        with shown_to_users(table.qualified), opened(sources, mongo) as source:
            catalog = open_catalog(settings)
            windows = with_days_begun(catalog, table, chosen.windows, settings.home / "tmp")
            result = sync(
                source,
                collection,
                windows,
                catalog=catalog,
                table=table,
                location=layout.location(table),
                run_id=context.run_id,
                partition=chosen.partition,
                options=sync_options(settings, options),
                engine=engine_of(settings, sources, collection, mongo.resolve_uri),
                on_progress=ProgressLog(table.qualified, context.log.info).tell,
            )
            landed = catalog.load_table(table.identifier)
            checks = raw_checks.answers(result, landed, chosen, settings.home / "tmp")
            if file:
                checks.append(raw_checks.keys_unique(file.key, repeated_keys(source, collection)))
        versions = content_versions(landed, WINDOW_COLUMN, list(result.by_day))
        _tell(context, result, asked, versions)
        whole = {} if options.partition_by else _counts(result, "dagster/row_count") | versions[None]
        facts = facts_of_raw_table(landed, table, result.snapshot_id)
        return dg.MaterializeResult(metadata=whole | facts | _of_run(result, asked), check_results=checks)

    return _asset


def _counts(counts: "Counts", row_count: str) -> dict[str, Any]:
    """What was found in one window; a range run says it of each partition."""
    return {row_count: counts.documents, **counts.counts()}


def _tell(
    context: dg.AssetExecutionContext, result: "SyncResult", asked: Sequence[dt.date | None], versions: Versions
) -> None:
    """Say in the log what was done, and in the metadata of each partition what was found in it."""
    context.log.info(
        f"{result.table}: {result.inserted} inserted, {result.updated} updated, {result.deleted} deleted, "
        f"{result.unchanged} unchanged, {result.rescued} rescued values"
    )
    further: dict[str, dict[str, Any]] = {}
    for day, counts in result.by_day.items():
        found = _counts(counts, "dagster/partition_row_count") | versions[day]
        if day in asked and day is not None:
            context.add_asset_metadata(found, partition_key=str(day))
        elif day is not None:
            further[str(day)] = found | _of_run(result, asked)
    if further:
        context.log.info(f"{result.table}: compared too, since documents have moved: {', '.join(further)}")
        tell_further_partitions(context, context.asset_key, further)


def _of_run(result: "SyncResult", asked: Sequence[dt.date | None]) -> dict[str, Any]:
    """What is true of the run as a whole."""
    found: dict[str, Any] = {
        "changed": result.changed,
        "bytes": result.bytes,
        "duration_seconds": round(result.seconds, 3),
        "snapshot_id": str(result.snapshot_id) if result.snapshot_id else "none",
    }
    if result.schema_changes:
        found["schema_changes"] = dg.MetadataValue.json(result.schema_changes)
    further = sorted(str(day) for day in result.by_day if day not in asked)
    if further:
        found["also_compared"] = ", ".join(further)
    return found
