"""The types that contracts are written in.

Belongs here: what can be promised about a table. Does not: the promises themselves, one module per layer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fq_platform.lakehouse.layout import Layer, TableName

STRING = "string"
BIGINT = "bigint"
BOOLEAN = "boolean"
DATE = "date"
TIMESTAMP = "timestamp"
MONEY = "decimal(18,2)"
RATE = "decimal(5,2)"
QUANTITY = "decimal(18,3)"
STRINGS = "array<string>"

EVERYTHING = "*"
"""The sources of a column that is made of all that the others are made of."""


@dataclass(frozen=True)
class Column:
    """One column, or one field of the structs in a nested column.

    Args:
        name: Its name, which obeys the naming rule of docs/data-model.md.
        type: Its type as Spark writes it, in lower case.
        description: What it holds, in one sentence without a full stop.
        sources: What its values are made of: paths such as `orders.lines.discount`, separated by blanks; each begins
            with an input of the transform, and arrays are transparent. None: the column of the same name of the
            contract's `source`. Empty: no value, such as a count of rows. `EVERYTHING`: what the others are made of.
        fields: The fields of each line where the column is an array of structs.
    """

    name: str
    type: str
    description: str
    sources: str | None = None
    fields: tuple["Column", ...] = ()


def lines(description: str, *fields: Column) -> Column:
    """The nested column `lines`: an array of structs with these fields."""
    inner = ",".join(f"{column.name}:{column.type}" for column in fields)
    return Column("lines", f"array<struct<{inner}>>", description, fields=fields)


@dataclass(frozen=True)
class Reference:
    """A foreign key.

    Args:
        column: The referring column; `lines.product_id` for a field of nested lines. Null refers to nothing.
        table: The contract's name of the table referred to.
        key: The column referred to, unique there.
    """

    column: str
    table: str
    key: str


@dataclass(frozen=True)
class Contract:
    """The promises of one table.

    Args:
        layer: The namespace it lives in.
        name: Its name without the application of the sources file, such as `orders_silver`.
        grain: What one row is.
        description: What the table is for.
        owner: Who answers for it: an e-mail address, or `team:<name>`.
        source: The input that columns are taken from unless they say otherwise (see `Column`).
        columns: Every column, in order.
        primary_key: The columns that together are unique and never null.
        not_null: Further columns that are never null.
        accepted: Column -> every value it may hold besides null.
        references: Its foreign keys.
        partition_column: The DATE column of its daily windows; None for a table that is replaced as a whole.
        app: The application that it belongs to where that is not the one of the sources file: its name is then the
            whole one in every layer, such as `ifco_orders_silver`.
    """

    layer: Layer
    name: str
    grain: str
    description: str
    owner: str
    source: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    not_null: tuple[str, ...] = ()
    accepted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    partition_column: str | None = None
    app: str | None = None

    @property
    def module(self) -> str:
        """The module of the package that makes the table, such as `transforms.fct_orders`."""
        return f"transforms.{self.app}.{self.name}" if self.app else f"transforms.{self.name}"

    def sources(self, column: Column) -> tuple[str, ...]:
        """The paths that a column's values are made of.

        Args:
            column: One of `columns`.

        Returns:
            Paths such as `orders.lines.quantity`, each once; those of nested lines are those of their fields.
        """
        if column.sources == EVERYTHING:
            paths = [path for other in self.columns if other is not column for path in self.sources(other)]
        elif column.fields:
            paths = [path for field in column.fields for path in self.field_sources(column, field)]
        else:
            paths = self._paths(column, column.name)
        return tuple(dict.fromkeys(paths))

    def field_sources(self, column: Column, field: Column) -> tuple[str, ...]:
        """The paths that a field of a nested column is made of; see `sources`."""
        return tuple(self._paths(field, f"{column.name}.{field.name}"))

    def _paths(self, column: Column, own_path: str) -> list[str]:
        return [f"{self.source}.{own_path}"] if column.sources is None else column.sources.split()

    def table(self, app: str) -> TableName:
        """The table in the lakehouse.

        Args:
            app: The application of the sources file; it prefixes the names in the curated layer only, and not those
                of another application.

        Returns:
            Its name, such as `iceberg.curated.ecommerce_db_orders_silver`.
        """
        if self.layer is Layer.CURATED:
            name = self.name if self.app else f"{app}_{self.name}"
            return TableName(self.layer, name, self.app or app)
        return TableName(self.layer, self.name)
