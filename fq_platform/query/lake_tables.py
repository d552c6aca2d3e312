"""The lakehouse's tables as the engines in this process find them: through PyIceberg's catalog.

Belongs here: opening the catalog, loading a table, the snapshots that a question is about. Does not: which tables a
statement means (`table_names.py`).
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layout, TableName, layout_of
from fq_platform.lakehouse.listing import list_names
from fq_platform.lakehouse.storage import explain_storage_error
from fq_platform.query.show_create import shown
from fq_platform.query.table_names import Reference, tables_meant
from fq_platform.query.time_travel import AsOf, snapshots_as_of
from fq_platform.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table


class LakeTables:
    """The tables of an installation; the catalog is opened when it is first asked.

    Args:
        settings: Which installation.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def catalog(self) -> "Catalog":
        """The catalog, opened once."""
        return open_catalog(self._settings)

    @cached_property
    def layout(self) -> Layout:
        """Where the layers' tables are."""
        return layout_of(self._settings)

    def names(self) -> list[TableName]:
        """Every table there is now, by layer and name."""
        return list_names(self.catalog, self.layout)

    def load(self, name: TableName) -> "Table":
        """A table with its current metadata.

        Args:
            name: The table, which exists.

        Returns:
            The table.

        Raises:
            FqError: It is damaged, or the catalog or the storage does not answer.
        """
        try:
            return self.catalog.load_table(name.identifier)
        except FileNotFoundError as error:
            raise FqError(
                f"The table {name.dotted} is damaged: its metadata file is missing",
                where=str(error.filename or error),
                fix="Restore the warehouse's folder, or drop the table and materialise its asset again",
            ) from None
        except Exception as error:
            known = explain_storage_error(error, name.dotted)
            if known is None:
                raise
            raise known from None

    def snapshots(self, names: Sequence[TableName], as_of: AsOf) -> Mapping[TableName, int]:
        """The snapshot of each table that was current at one moment.

        Args:
            names: The tables that a statement names.
            as_of: The snapshot id, or the moment; see `snapshots_as_of`.

        Returns:
            A snapshot id for each.

        Raises:
            FqError: There are no tables, none has the snapshot, or one had none yet at the moment.
        """
        if not names:
            raise FqError("The query names no table to look at in the past", where="--as-of", fix="Name one")
        return dict(zip(names, snapshots_as_of([self.load(name) for name in names], as_of), strict=True))

    def definition(self, asked: Reference, as_of: AsOf | None) -> "pa.RecordBatchReader":
        """The answer to `SHOW CREATE TABLE`, the same from every engine.

        Args:
            asked: The table, as written.
            as_of: What `--as-of` says, if anything.

        Returns:
            One row with the statement; see `show_create.shown`.

        Raises:
            FqError: There is no such table, or it is asked about the past.
        """
        if as_of is not None:
            raise FqError("SHOW CREATE TABLE tells how a table is now", where="--as-of", fix="Leave it out")
        (name,) = tables_meant([asked], self.names(), self.layout, all_ours=True)
        return shown(self.load(name))
