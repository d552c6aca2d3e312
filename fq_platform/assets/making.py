"""Calling an asset's function: for the partitions that its run is about, or for more of them.

Belongs here: the function's context and inputs. Does not: which further partitions (`collisions.py`), what becomes of
the rows (`publishing.py`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.resources.failures import shown_to_users

if TYPE_CHECKING:
    from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager


class ApartError(FqError):
    """A function that can make one stretch of partitions is to make several."""


@dataclass(frozen=True)
class Made:
    """What the function made.

    Args:
        context: Of the function, about the partitions that it made.
        rows: A frame of any kind.
    """

    context: dg.AssetExecutionContext
    rows: Any

    @property
    def partitions(self) -> Sequence[str]:
        """Keys of the partitions, in order; none for an asset without partitions."""
        return self.context.partition_keys if self.context.assets_def.partitions_def else ()


@dataclass(frozen=True)
class Making:
    """An asset's function and what it takes.

    Args:
        context: Of the step.
        io_manager: Stores the asset, and has loaded its inputs.
        make_rows: The function.
        takes_context: Whether its first parameter is the context.
        given: Its other parameters: inputs, as loaded for the run's partitions, and resources.
    """

    context: dg.AssetExecutionContext
    io_manager: "SparkIcebergIOManager"
    make_rows: Callable[..., Any]
    takes_context: bool
    given: Mapping[str, Any]

    @property
    def partitions(self) -> dg.TimeWindowPartitionsDefinition | None:
        """The asset's partitions, where more than those of the run can be made."""
        partitions = self.context.assets_def.specs_by_key[self.context.asset_key].partitions_def
        return partitions if isinstance(partitions, dg.TimeWindowPartitionsDefinition) else None

    def for_run(self) -> Made:
        """Make the partitions that the run is about."""
        return self._made(self.context, self.given)

    def for_more(self, partitions: Collection[str]) -> Made:
        """Make partitions together: the run's and others, of inputs that are loaded for all of them at one time.

        Args:
            partitions: Keys of partitions, the run's among them.

        Raises:
            dg.Failure: The inputs cannot be loaded.
            ApartError: The function insists on one stretch of partitions, and these are several.
        """
        wider = WiderContext(self.context, sorted(partitions))
        return self._made(wider, {**self.given, **self.io_manager.reload_inputs(self.context, wider.partition_keys)})

    def _made(self, context: dg.AssetExecutionContext, given: Mapping[str, Any]) -> Made:
        with shown_to_users():
            try:
                rows = self.make_rows(context, **given) if self.takes_context else self.make_rows(**given)
            except ApartError as error:
                apart = error
            else:
                return Made(context, rows)
        raise apart


class WiderContext(dg.AssetExecutionContext):
    """The context of a run, as if it were about other partitions: of one column of time, perhaps far from each other.

    Args:
        context: Of the run's step.
        partitions: Keys of the partitions, in order.
    """

    def __init__(self, context: dg.AssetExecutionContext, partitions: Sequence[str]) -> None:
        super().__init__(context.op_execution_context)
        self._partitions = list(partitions)

    @property
    def partition_keys(self) -> Sequence[str]:
        """The partitions that are made."""
        return self._partitions

    @property
    def has_partition_key(self) -> bool:
        """Whether it is one partition."""
        return len(self._partitions) == 1

    @property
    def has_partition_key_range(self) -> bool:
        """Whether there are partitions."""
        return True

    @property
    def partition_key(self) -> str:
        """The one partition that is made."""
        if len(self._partitions) > 1:
            raise self._several("partition_key")
        return self._partitions[0]

    @property
    def partition_key_range(self) -> dg.PartitionKeyRange:
        """The first and the last partition, if all between them are made."""
        first, last = self._partitions[0], self._partitions[-1]
        partitions = self.assets_def.partitions_def
        if partitions is None or len(partitions.get_partition_keys_in_range(dg.PartitionKeyRange(first, last))) != len(
            self._partitions
        ):
            raise self._several("partition_key_range")
        return dg.PartitionKeyRange(first, last)

    @property
    def partition_time_window(self) -> dg.TimeWindow:
        """The stretch of time that is made, if it is one."""
        range_, partitions = self.partition_key_range, self.assets_def.partitions_def
        if not isinstance(partitions, dg.TimeWindowPartitionsDefinition):
            raise self._several("partition_time_window")
        return dg.TimeWindow(
            partitions.time_window_for_partition_key(range_.start).start,
            partitions.time_window_for_partition_key(range_.end).end,
        )

    def _several(self, asked: str) -> "ApartError":
        return ApartError(
            f"The function asks for `context.{asked}`, but documents have moved between partitions that have to be "
            f"made together: {', '.join(self._partitions)}",
            where=self.asset_key.to_user_string(),
            fix="Use `context.partition_keys`, or load the rows through an input",
        )
