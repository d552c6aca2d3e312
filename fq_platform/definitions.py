"""The one entry for Dagster: what there is, composed. Loading it connects to nothing and starts nothing.

Belongs here: putting the parts together. Does not: any part.
"""

import dagster as dg

from fq_platform.assets.accounting import build_accounting_assets, build_accounting_sensors, is_declared
from fq_platform.assets.dashboard import build_dashboard_assets
from fq_platform.assets.ifco import build_ifco_assets
from fq_platform.assets.maintenance import build_maintenance_assets
from fq_platform.assets.raw import build_raw_assets
from fq_platform.assets.sources import build_source_assets
from fq_platform.automation.alerting import build_alert_sensors
from fq_platform.automation.cascade import build_follow_sensor
from fq_platform.automation.expected_partitions import build_expected_partitions_sensor, completeness_checks
from fq_platform.automation.freshness import with_freshness
from fq_platform.automation.ifco import build_ifco_job, build_ifco_schedule, build_ifco_sensors
from fq_platform.automation.mongo_changes import build_mongo_sensor
from fq_platform.automation.registry import require_declared
from fq_platform.automation.schedules import build_jobs, build_schedules
from fq_platform.automation.upkeep import build_upkeep_job, build_upkeep_schedule
from fq_platform.checks import build_checks, build_ifco_checks
from fq_platform.checks.table_health import health_checks
from fq_platform.ifco import ifco_sources, require_apart
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.resources.aws import GlueClientResource, S3ClientResource
from fq_platform.resources.mongo import MongoResource
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import get_settings
from fq_platform.sources import Sources, get_sources


def build_definitions(sources: Sources, ifco: Sources | None = None) -> dg.Definitions:
    """Compose the definitions for a sources file.

    Args:
        sources: Which collections there are; the accounting tables exist where their collections do.
        ifco: What the IFCO application reads; None leaves it out.

    Returns:
        Assets, checks, jobs, schedules, sensors and resources.
    """
    require_apart(sources, ifco)
    accounting = is_declared(sources)
    tables = [*build_raw_assets(sources), *(build_accounting_assets(sources) if accounting else ())]
    ifco_tables = [*build_raw_assets(ifco), *build_ifco_assets(ifco)] if ifco else []
    spark = SparkResource()
    schedules = [
        *build_schedules(sources),
        build_upkeep_schedule(sources),
        *([build_ifco_schedule(ifco)] if ifco else ()),
    ]
    sensors = [
        build_mongo_sensor(sources),
        build_follow_sensor(),
        *(build_accounting_sensors(sources) if accounting else ()),
        build_expected_partitions_sensor(sources, tables),
        *build_alert_sensors(),
        *(build_ifco_sensors(ifco) if ifco else ()),
    ]
    apart = [asset.key for asset in ifco_tables]
    named = {made.name for made in schedules} | {made.name for made in sensors}
    require_declared(named, all_of_them=accounting and ifco is not None and ifco.folder is not None)
    return dg.Definitions(
        assets=with_freshness(
            [
                *build_source_assets(sources),
                *(build_source_assets(ifco) if ifco else ()),
                *tables,
                *ifco_tables,
                *build_maintenance_assets(),
                *build_dashboard_assets([*tables, *ifco_tables]),
            ]
        ),
        asset_checks=[
            *(build_checks(sources.app) if accounting else ()),
            *health_checks([asset.key for asset in tables], sources.app),
            *completeness_checks(sources, tables),
            *([*build_ifco_checks(), *health_checks(apart, ifco.app)] if ifco else ()),
        ],
        jobs=[
            *build_jobs(sources, apart),
            build_upkeep_job(),
            *([build_ifco_job(apart)] if ifco else ()),
        ],
        schedules=schedules,
        sensors=sensors,
        resources={
            "mongo": MongoResource(),
            "s3": S3ClientResource(),
            "glue": GlueClientResource(),
            "spark": spark,
            "io_manager": SparkIcebergIOManager(spark=spark, app=sources.app, other_apps=[ifco.app] if ifco else []),
        },
        # One process for all steps of a run: a process a step would start a JVM each.
        executor=dg.in_process_executor,
    )


defs = build_definitions(get_sources(), ifco_sources(get_settings()))
