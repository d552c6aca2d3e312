"""The assets of one table each: inputs from Iceberg, a pure transform, the output to Iceberg.

Belongs here: how a contract and a transform become an asset. Does not: which tables there are (`accounting.py`).
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from fq_platform.assets import documentation
from fq_platform.assets.audited import audited_asset
from fq_platform.assets.code_version import code_version
from fq_platform.automation.cascade import follow_upstream
from fq_platform.automation.following import EVERYTHING_BEFORE
from fq_platform.automation.partitions import daily_partitions, days
from fq_platform.checks import audits_of
from fq_platform.contracts import CONTRACTS, Contract
from fq_platform.io_managers.declarations import INCREMENTAL
from fq_platform.lakehouse.layout import layout_of
from fq_platform.lakehouse.table_options import TableOptions, WriteMode
from fq_platform.resources.failures import shown_to_users
from fq_platform.settings import get_settings
from fq_platform.sources import Sources


@dataclass(frozen=True)
class TableAsset:
    """The declaration of a table's asset.

    Args:
        contract: The table.
        inputs: Parameter of the transform to the asset key of the table that it takes.
        whole_history: The parameters that take the days before the one that is made, too.
        unheeded: The parameters whose changes do not let the table be made again (`dimension_changes` looks after it).
        takes_days: Whether the transform also takes `days`, the list of days asked for.
        takes_today: Whether it also takes `today`, the day of evaluation that the settings name, or None.
        incremental: Whether only what changed of its one input, a raw table, is read and made anew. A table without
            days then holds one row a document, whose primary key is the document's `_id`.
        finished_by: Has the last word on the rows that the transform gives, since it may ask Dagster; it also takes the
            context and `inputs`.
    """

    contract: Contract
    inputs: Mapping[str, dg.AssetKey]
    whole_history: frozenset[str] = field(default_factory=frozenset)
    unheeded: frozenset[str] = field(default_factory=frozenset)
    takes_days: bool = False
    takes_today: bool = False
    incremental: bool = False
    finished_by: Callable[[dg.AssetExecutionContext, Any, Mapping[str, dg.AssetKey]], Any] | None = None

    def build(self, sources: Sources) -> dg.AssetsDefinition:
        """Make the asset; its transform, the function named for the table, is imported when it runs.

        Args:
            sources: The sources file, for the application's name and the first day.

        Returns:
            The asset, partitioned by day if its contract has a partition column.
        """
        contract = self.contract
        table = layout_of(get_settings()).place(contract.table(sources.app))
        by_day = contract.partition_column

        @audited_asset(
            dg.AssetSpec(
                list(table.key),
                description=documentation.description(contract),
                owners=documentation.owners(contract),
                group_name=contract.layer.value,
                tags=documentation.tags(contract.layer, sources.app),
                kinds={"spark", "iceberg"},
                partitions_def=daily_partitions(sources) if by_day else None,
                automation_condition=follow_upstream(self.inputs[name] for name in self.unheeded),
                code_version=self._code_version(),
                metadata=documentation.table_metadata(contract, table, self.inputs)
                | ({"partition_expr": by_day} if by_day else {})
                | (TableOptions(WriteMode.MERGE, contract.primary_key).to_metadata() if self._merges else {}),
            ),
            audits=audits_of(contract),
            asks_dagster=self.finished_by is not None,
            ins={
                name: dg.AssetIn(
                    key,
                    metadata={INCREMENTAL: True} if self.incremental else None,
                    partition_mapping=EVERYTHING_BEFORE if name in self.whole_history else None,
                )
                for name, key in self.inputs.items()
            },
        )
        def _asset(context: dg.AssetExecutionContext, **frames: Any) -> Any:
            from fq_platform.lakehouse.spark_errors import spark_errors

            with shown_to_users(), spark_errors(table.qualified):
                extra: dict[str, Any] = {"days": days(context)} if self.takes_days else {}
                if self.takes_today:
                    extra["today"] = get_settings().ifco_today
                rows = transform(contract.name)(**frames, **extra)
                return self.finished_by(context, rows, self.inputs) if self.finished_by else rows

        return _asset

    def _code_version(self) -> str:
        """That of the transform, and the day of evaluation if one is set: another one leaves the table out of date."""
        version = code_version(transform_module(self.contract.name))
        today = get_settings().ifco_today if self.takes_today else None
        return f"{version}-{today:%Y%m%d}" if today else version

    @property
    def _merges(self) -> bool:
        return self.incremental and self.contract.partition_column is None


def transform(name: str) -> Callable[..., Any]:
    """The pure function that makes a table, by the table's name without its application."""
    function: Callable[..., Any] = getattr(importlib.import_module(transform_module(name)), name)
    return function


def transform_module(name: str) -> str:
    """The module of the transform that makes a table."""
    return f"fq_platform.{CONTRACTS[name].module}"
