"""One write, and what its modes do alike before they commit.

Belongs here: the steps that every mode takes. Does not: the modes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from fq_platform.errors import FqError
from fq_platform.lakehouse.spark_schema import Change, conformed, evolution
from fq_platform.lakehouse.spark_table import Window
from fq_platform.lakehouse.table_options import Target
from fq_platform.lakehouse.writing.creating import create
from fq_platform.lakehouse.writing.evolving import evolve
from fq_platform.lakehouse.writing.partitioning import require_same_spec
from fq_platform.lakehouse.writing.staging import ensure_branch
from fq_platform.lakehouse.writing.state import State, look

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


@dataclass(frozen=True)
class Job:
    """What `write` was asked to do.

    Args:
        spark: The session.
        catalog: The session's catalog.
        target: The table and its declaration.
        rows: The rows, computed once however often they are used.
        windows: What they are the content of; None for the whole table.
        summary: Properties of the snapshot, `fq.write-id` among them.
    """

    spark: SparkSession
    catalog: "Catalog"
    target: Target
    rows: DataFrame
    windows: Sequence[Window] | None
    summary: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def schema(self) -> StructType:
        """The rows' columns: asked for once, since over Spark Connect the server has to answer each time."""
        return self.rows.schema

    def state(self) -> State | None:
        """The table as it is; None if there is none.

        Raises:
            FqError: Its partition spec is not the declared one.
        """
        state = look(self.spark, self.catalog, self.target)
        if state is not None:
            require_same_spec(state.table, self.target)
        return state

    def changes(self, state: State) -> list[Change]:
        """What the table lacks to hold the rows.

        Raises:
            FqError: It cannot hold them.
        """
        return evolution(self.target.table.qualified, state.schema, self.schema)

    def prepare(self, state: State | None, changes: Sequence[Change] = (), *, writes: bool = True) -> State:
        """Make the table, or let it follow its rows and its declaration; and make the branch that is written to.

        Args:
            state: The table as it was; None if there was none.
            changes: What it lacks.
            writes: Whether rows may follow; if not, no branch is made for them.

        Returns:
            The table as it is now.
        """
        differs = True
        if state is None:
            create(self.catalog, self.target, self.schema)
        else:
            differs = evolve(state.table, self.target, changes)
        if writes:
            ensure_branch(self.catalog, self.target)
        if state is not None and not differs:
            return state
        return self._again()

    def _again(self) -> State:
        state = self.state()
        if state is None:
            raise gone(self.target)
        return state

    def conformed_to(self, schema: StructType) -> DataFrame:
        """The rows in the table's columns and types."""
        return self.rows.select(*conformed(self.schema, schema))

    def on(self, target: Target) -> "Job":
        """The same on another branch."""
        return replace(self, target=target)


def gone(target: Target) -> FqError:
    """What is said of a table that is dropped while it is written."""
    return FqError(
        "The table was dropped by somebody else while this run wrote to it; nothing was written",
        where=target.table.qualified,
        fix="Run again to have it made anew with this run's rows only; restore it first if it was dropped by mistake",
    )
