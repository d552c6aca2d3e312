"""What refreshes the tables of the IFCO application: a job, a schedule, and a sensor that notices new files.

Belongs here: when. Does not: what is made (`assets/ifco.py`). The job is apart from `daily_refresh`, so that a file
that cannot be read holds up nobody else's tables.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.automation.registry import schedule_status, sensor_status
from fq_platform.automation.runs import UNATTENDED
from fq_platform.automation.schedules import clock, cron_at
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

IFCO_REFRESH = "ifco_refresh"
IFCO_FILES = "ifco_files"
SECONDS = 60
"""How often the files are looked at."""


def build_ifco_job(assets: Sequence[dg.AssetKey]) -> "UnresolvedAssetJobDefinition":
    """The job that refreshes every table of the application.

    Args:
        assets: Their keys.
    """
    return dg.define_asset_job(
        IFCO_REFRESH,
        selection=dg.AssetSelection.assets(*assets),
        description="Refreshes every table of the IFCO application, from orders and invoices to the analyses.",
    )


def build_ifco_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """Refreshes them each night; each hour where they come from MongoDB, whose change sensor reads another database.

    Args:
        sources: The application's sources.
    """
    minutes = get_settings().daily_refresh_after_minutes
    cron, when = (cron_at(minutes), f"at {clock(minutes)}") if sources.folder else (f"{minutes % 60} * * * *", "hourly")
    return dg.ScheduleDefinition(
        name=IFCO_REFRESH,
        job_name=IFCO_REFRESH,
        cron_schedule=cron,
        execution_timezone=sources.time_zone,
        tags=dict(UNATTENDED),
        description=f"Refreshes every table of the IFCO application, {when}.",
        default_status=schedule_status(IFCO_REFRESH),
    )


def build_ifco_sensors(sources: Sources) -> list[dg.SensorDefinition]:
    """The sensor that refreshes them when a file has changed.

    Args:
        sources: The application's sources.

    Returns:
        None where they are no files.
    """
    if sources.folder is None:
        return []

    @dg.sensor(
        name=IFCO_FILES,
        job_name=IFCO_REFRESH,
        minimum_interval_seconds=SECONDS,
        description="Refreshes every table of the IFCO application when what the files hold has changed.",
        default_status=sensor_status(IFCO_FILES),
    )
    def ifco_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        found = file_hashes(sources)
        missing = sorted(name for name, digest in found.items() if digest is None)
        if missing:
            return dg.SkipReason(f"Not in {sources.folder}: {', '.join(missing)}")
        known = json.dumps(found, sort_keys=True)
        if known == context.cursor:
            return dg.SkipReason("The files hold what they held")
        # No run key: files that are again what they once were are news, too.
        return dg.SensorResult(run_requests=[dg.RunRequest(tags=dict(UNATTENDED))], cursor=known)

    return [ifco_files]


def file_hashes(sources: Sources) -> dict[str, str | None]:
    """What the files hold, as a hash each.

    Args:
        sources: Sources with a folder.

    Returns:
        Name of the file to the SHA-256 of its content; None where it cannot be read.
    """
    found: dict[str, str | None] = {}
    for file in filter(None, map(sources.file, sources.collections)):
        try:
            with Path(sources.folder or "", file.name).open("rb") as content:
                found[file.name] = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError:
            found[file.name] = None
    return found
