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


@dataclass(frozen=True)
class Column:
    """One column, or one field of the structs in a nested column.

    Args:
        name: Its name, which obeys the naming rule of docs/data-model.md.
        type: Its type as Spark writes it, in lower case.
        description: What it holds, in one sentence without a full stop.
        fields: The fields of each line where the column is an array of structs.
    """

    name: str
    type: str
    description: str
    fields: tuple["Column", ...] = ()


def lines(description: str, *fields: Column) -> Column:
    """The nested column `lines`: an array of structs with these fields."""
    inner = ",".join(f"{column.name}:{column.type}" for column in fields)
    return Column("lines", f"array<struct<{inner}>>", description, fields)


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
        name: Its name without the application, such as `orders_silver`.
        grain: What one row is.
        description: What the table is for.
        columns: Every column, in order.
        primary_key: The columns that together are unique and never null.
        not_null: Further columns that are never null.
        accepted: Column -> every value it may hold besides null.
        references: Its foreign keys.
        partition_column: The DATE column of its daily windows; None for a table that is replaced as a whole.
    """

    layer: Layer
    name: str
    grain: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    not_null: tuple[str, ...] = ()
    accepted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    partition_column: str | None = None

    def table(self, app: str) -> TableName:
        """The table in the lakehouse.

        Args:
            app: The application of the sources file; it prefixes the names in the curated layer only.

        Returns:
            Its name, such as `iceberg.curated.ecommerce_db_orders_silver`.
        """
        if self.layer is Layer.CURATED:
            return TableName(self.layer, f"{app}_{self.name}", app)
        return TableName(self.layer, self.name)
