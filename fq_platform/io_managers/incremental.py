"""Assets that read of a raw table only what changed: restricting what their input loads, and what is then written.

Belongs here: between Dagster's partitions and the decision. Does not: the decision (`lakehouse/incremental.py`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.io_managers.declarations import AS_OF, INCREMENTAL
from fq_platform.io_managers.loading import missing
from fq_platform.io_managers.scope import InputScope, Partitions, RunScope
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import TableName, layout_of, table_of
from fq_platform.lakehouse.table_options import TableOptions, Target, WriteMode

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from fq_platform.lakehouse.day_spans import Days
    from fq_platform.lakehouse.incremental import Plan
    from fq_platform.settings import Settings

FULL_REFRESH = "fq/full_refresh"
"""The tag of runs that read everything they are asked for, whatever was read before."""

_ID = "_id"
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Reading:
    """What a run reads of a raw table, decided when its input is loaded and kept until its output is written.

    Args:
        key: The asset of the raw table.
        made: The asset that is made of it.
        raw: The raw table.
        plan: What is read of it.
        asked: The partitions that the run asks for; None for a table without days.
    """

    key: dg.AssetKey
    made: dg.AssetKey
    raw: TableName
    plan: "Plan"
    asked: Partitions | None

    def loads(self, scope: InputScope) -> InputScope:
        """What the input loads: the windows that changed, at the snapshot that was looked at."""
        position = self.plan.position
        if position is None:
            options: Mapping[str, object] = {}
        elif self.plan.since is not None or not self.plan.read:
            options = {INCREMENTAL: {"after": self.plan.since or position.snapshot, "until": position.snapshot}}
        else:
            options = {AS_OF: position.snapshot}
        return replace(scope, partitions=self._changed(scope.partitions), options=options)

    def writes(self, scope: RunScope) -> RunScope:
        """What the run writes: the windows it has read, and how far it has read.

        Args:
            scope: What the run was asked to make.

        Raises:
            FqError: The asset's partitions are not those of its input.
        """
        if (scope.partitions and scope.partitions.spans) != (self.asked and self.asked.spans):
            raise _not_alike(self.key, scope.asset_key)
        return replace(
            scope,
            partitions=self._changed(scope.partitions),
            properties={**scope.properties, **self._properties()},
        )

    def _changed(self, partitions: Partitions | None) -> Partitions | None:
        if partitions is None:
            return None
        spans = {key: span for key, span in partitions.spans.items() if span.start.date() in self.plan.read}
        return replace(partitions, spans=spans)

    def _properties(self) -> dict[str, str]:
        from fq_platform.lakehouse.positions import property_name

        return {property_name(self.raw): self.plan.position.to_json()} if self.plan.position else {}

    def target(self, target: Target) -> Target:
        """How the table is written: merged into only where the rows are an increment."""
        if target.options.mode is not WriteMode.MERGE or self.plan.since is not None:
            return target
        return replace(target, options=replace(target.options, mode=WriteMode.OVERWRITE, keys=()))

    def metadata(self) -> dict[str, dg.MetadataValue]:
        """What a materialisation says of its reading."""
        read = len(self.plan.read)
        if self.asked is not None:
            text = f"{read} of {len(self.asked.spans)} windows had changed"
        elif not read:
            text = "nothing had changed"
        else:
            text = "everything" if self.plan.since is None else "what was appended since the last materialisation"
        return {"read": dg.MetadataValue.text(text)}


def is_incremental(scope: InputScope) -> bool:
    """Whether an input is declared to load only what changed since its asset was last made."""
    return scope.loaded_for is not None and scope.options.get(INCREMENTAL) is True


def plan_reading(settings: "Settings", app: str, context: dg.InputContext, scope: InputScope) -> Reading:
    """Decide what a run reads.

    Args:
        settings: Which catalog and layout.
        app: The application, which prefixes the tables of the raw and curated layers.
        context: Of the input.
        scope: What the input asks for; `is_incremental` holds for it.

    Returns:
        What to load and, later, to write.

    Raises:
        FqError: The asset cannot be made incrementally as it is declared.
    """
    from fq_platform.lakehouse.incremental import plan

    step = context.step_context
    if step.assets_def is None or scope.loaded_for is None:
        raise ValueError("an input is incremental for the asset that is made of it, and none is made here")
    spec = step.assets_def.specs_by_key[scope.loaded_for]
    _require_alone(scope, spec)
    _require_own_partitions(scope, spec)
    layout = layout_of(settings)
    raw, made = (layout.place(table_of(key.path, app)) for key in (scope.asset_key, spec.key))
    catalog = open_catalog(settings)
    target = _find(catalog, made)  # first, so that what others read meanwhile is part of the raw table's history
    source = _find(catalog, raw)
    if source is None:
        raise missing(raw, scope.asset_key)
    if source.spec().is_unpartitioned() != (scope.partitions is None):
        raise _not_alike(scope.asset_key, spec.key)
    asked = _days(scope, spec)
    afresh = step.run_tags.get(FULL_REFRESH, "").lower() == "true"
    planned = plan(source, raw, target, asked=asked, code=spec.code_version or "", afresh=afresh)
    return Reading(scope.asset_key, spec.key, raw, planned, scope.partitions)


def _find(catalog: "Catalog", table: TableName) -> "Table | None":
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return catalog.load_table(table.identifier)
    except NoSuchTableError:
        return None


def _require_alone(scope: InputScope, spec: dg.AssetSpec) -> None:
    """What else an asset is made of could change, too, and nothing would be made anew."""
    others = sorted(dep.asset_key.to_user_string() for dep in spec.deps if dep.asset_key != scope.asset_key)
    if others:
        raise FqError(
            f"An asset with an incremental input is made of that input alone, not also of {', '.join(others)}",
            where=spec.key.to_user_string(),
            fix=f"Leave out {INCREMENTAL!r}, or join the others in an asset downstream",
        )


def _require_own_partitions(scope: InputScope, spec: dg.AssetSpec) -> None:
    """A day that is also made of the day before would have to be made anew when that changes."""
    own = dg.TimeWindowPartitionMapping()
    for dep in spec.deps:
        mapping = dep.partition_mapping
        if not (mapping is None or mapping == own or isinstance(mapping, dg.IdentityPartitionMapping)):
            raise _not_alike(scope.asset_key, spec.key)


def _days(scope: InputScope, spec: dg.AssetSpec) -> "Days":
    """The windows of the raw table that a run asks for."""
    from fq_platform.lakehouse.positions import WHOLE

    options = TableOptions.from_metadata(spec.metadata)
    if scope.partitions is None:
        if options.mode is not WriteMode.MERGE or len(options.keys) != 1:
            raise FqError(
                "An asset without partitions merges what its incremental input brings, but declares no key for that",
                where=spec.key.to_user_string(),
                fix=f'Declare mode="merge" and as its one key the column that holds the documents\' {_ID}',
            )
        return WHOLE
    spans = scope.partitions.spans.values()
    if options.mode is not WriteMode.OVERWRITE or any(span.end.date() - span.start.date() != _DAY for span in spans):
        raise FqError(
            "An incremental input is read by the day, and the days that changed are overwritten",
            where=spec.key.to_user_string(),
            fix=f"Partition the asset by day and let it overwrite, or leave out {INCREMENTAL!r}",
        )
    return frozenset(span.start.date() for span in spans)


def _not_alike(raw: dg.AssetKey, made: dg.AssetKey) -> FqError:
    return FqError(
        "An incremental input has to be partitioned like the asset that is made of it",
        where=f"{made.to_user_string()}, of {raw.to_user_string()}",
        fix=f"Give both the same partitions and no partition mapping, or leave out {INCREMENTAL!r}",
    )
