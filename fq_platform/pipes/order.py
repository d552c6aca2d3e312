"""What a remote job is asked to make, and what it has to know for it: on its command line, and in Pipes' extras.

Belongs here: the order, written by the run that hands over and read by the job. Does not: launching (`clients.py`), or
carrying it out (`job.py`).
"""

import argparse
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fq_platform.compute_settings import ComputeSettings
from fq_platform.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

MODULE = "fq_platform.pipes.job"
"""What runs remotely: `python -m fq_platform.pipes.job`."""

ROOT_RUN = "fq/root_run_id"
"""The tag of a job's run with the id of the run that the one that handed over is a re-execution of."""

FURTHER = "fq/further_partitions"
"""The tag of a job's run with the partitions that the one that handed over made upstream beyond its own."""

_OF_ONE_MACHINE = frozenset({"home", "sources_file", "ifco_path", "cache", "maven_repository", "aws_profile"})
"""Settings that say where something is on the machine of the run."""
_SPARK = frozenset({"spark_master", "spark_driver_memory"})
"""Those of the session, which a remote Spark has its own of."""


@dataclass(frozen=True)
class Order:
    """A table to make.

    Args:
        asset: The asset key, such as `curated/ecommerce_db_orders_silver`.
        first: Key of the first partition; empty for an asset without partitions.
        last: Key of the last partition.
        only_checks: Whether only the rules are looked at, on what is published.
        tags: Tags of the run.
        environment: Settings, by their variables.
        sources: The text of the sources file, if it is not the packaged one.
    """

    asset: str
    first: str = ""
    last: str = ""
    only_checks: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    sources: str = ""

    @property
    def arguments(self) -> list[str]:
        """The command line: what a person looks for in a console."""
        span = ["--partition", self.first] if self.first == self.last else ["--from", self.first, "--to", self.last]
        return ["--asset", self.asset, *(span if self.first else ()), *(["--only-checks"] if self.only_checks else ())]

    @property
    def extras(self) -> dict[str, Any]:
        """What goes beside it."""
        return {"tags": dict(self.tags), "environment": dict(self.environment), "sources": self.sources}

    @property
    def run_tags(self) -> dict[str, str]:
        """The tags of the job's own run, by which Dagster knows a range of partitions."""
        if not self.first or self.first == self.last:
            return dict(self.tags)
        range_ = {"dagster/asset_partition_range_start": self.first, "dagster/asset_partition_range_end": self.last}
        return {**self.tags, **range_}


def order_of(context: "dg.AssetExecutionContext", key: "dg.AssetKey", settings: Settings, further: set[str]) -> Order:
    """The order by which the step of a run is handed over.

    Args:
        context: Of the step.
        key: The asset.
        settings: Those of the run.
        further: Partitions that the run made upstream beyond its own.
    """
    partitions = context.partition_keys if context.assets_def.partitions_def else ()
    tags = {name: value for name, value in context.run.tags.items() if not name.startswith(("dagster/", ".dagster"))}
    tags[ROOT_RUN] = context.run.root_run_id or context.run.run_id
    if further:
        tags[FURTHER] = ",".join(sorted(further))
    packaged = settings.sources_file == Settings.model_fields["sources_file"].default
    return Order(
        key.to_user_string(),
        first=partitions[0] if partitions else "",
        last=partitions[-1] if partitions else "",
        only_checks=not context.selected_asset_keys,
        tags=tags,
        environment=travelling(settings),
        sources="" if packaged else settings.sources_file.read_text(encoding="utf-8"),
    )


def travelling(settings: Settings) -> dict[str, str]:
    """The settings that a job shall have like the run: no secrets, nothing that is true of one machine only.

    Args:
        settings: Those of the run.

    Returns:
        Variable to value. A job gets keys by its role, and what else is secret by its own environment.
    """
    stay = {*_OF_ONE_MACHINE, *_SPARK, *ComputeSettings.model_fields}
    values = settings.model_dump(mode="json", include=settings.model_fields_set - stay)
    # Which tables there are follows from folders, of which a job has no other than the packaged ones.
    values["ifco_source"] = settings.ifco_source.value
    return {
        str(field.validation_alias): str(values[name])
        for name, field in type(settings).model_fields.items()
        if values.get(name) is not None and "Secret" not in str(field.annotation)
    }


def read_order(arguments: Sequence[str], extras: Mapping[str, Any]) -> Order:
    """The order of a job.

    Args:
        arguments: Its command line; what it does not know (Pipes', Glue's) is left alone.
        extras: Pipes' extras; empty for a job that a person starts.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description="Make one table, as Dagster would")
    parser.add_argument("--asset", required=True, help="its key, such as curated/ecommerce_db_orders_silver")
    parser.add_argument("--partition", default="", help="the day to make")
    parser.add_argument("--from", dest="first", default="", help="the first day to make")
    parser.add_argument("--to", dest="last", default="", help="the last day to make")
    parser.add_argument("--only-checks", action="store_true", help="look at the rules only")
    given, _ = parser.parse_known_args(arguments)
    if bool(given.first) != bool(given.last) or (given.partition and given.first):
        parser.error("give --partition, or --from and --to, or none of them")
    return Order(
        given.asset,
        first=given.partition or given.first,
        last=given.partition or given.last,
        only_checks=given.only_checks,
        tags=extras.get("tags") or {},
        environment=extras.get("environment") or {},
        sources=extras.get("sources") or "",
    )


def adopt(order: Order) -> None:
    """Let a job's process have the settings of its order; before anything of the platform reads them.

    What its own environment says already stays: only who runs a job knows what is special about its place.
    """
    for name, value in order.environment.items():
        os.environ.setdefault(name, value)
    os.environ["FQ_COMPUTE"] = "local"  # it makes the table itself
    if "FQ_HOME" not in os.environ:
        os.environ["FQ_HOME"] = tempfile.mkdtemp(prefix="fq-job-")
    if order.sources:
        file = Path(tempfile.mkdtemp(prefix="fq-job-sources-")) / "sources.yaml"
        file.write_text(order.sources, encoding="utf-8")
        os.environ["FQ_SOURCES"] = str(file)
