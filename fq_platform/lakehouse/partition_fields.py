"""Partition fields and sort fields as they are written in a declaration, parsed once.

Belongs here: the notation and its errors. Does not: tables that have them (`table_layout.py`).
"""

import re
from dataclasses import dataclass
from typing import Self

from fq_platform.errors import FqError

_TIMES = {"year": "year", "month": "month", "day": "day", "hour": "hour", "date": "day", "date_hour": "hour"}
_WIDTHS = {"bucket": "bucket", "truncate": "trunc"}
"""Transforms with a width, and what Iceberg's engines put into the field's name for them."""

_CALL = re.compile(r"(?P<name>[a-z_]+)\s*\(\s*(?:(?P<width>\d+)\s*,\s*)?(?P<column>[^,()]+?)\s*\)", re.IGNORECASE)
_COLUMN = re.compile(r"[^,()]+")
_SORT = re.compile(
    r"(?P<column>.+?)(?:\s+(?P<way>ASC|DESC))?(?:\s+NULLS\s+(?P<nulls>FIRST|LAST))?", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class PartitionField:
    """One field of a partition spec.

    Args:
        transform: `identity`, `year`, `month`, `day`, `hour`, `bucket` or `truncate`.
        column: The column that it is computed from; fields of structs with dots.
        width: Number of buckets, or the length that is kept; None for the other transforms.
    """

    transform: str
    column: str
    width: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `days(order_date)`, `bucket(16, customer_id)`, `truncate(4, sku)` or `region`.

        Raises:
            FqError: It is none of these.
        """
        stripped = text.strip().replace("`", "")
        if call := _CALL.fullmatch(stripped):
            name, width = call["name"].lower(), call["width"]
            if name in _WIDTHS and width and int(width) > 0:
                return cls(name, call["column"], int(width))
            if width is None and (time := _TIMES.get(name) or _TIMES.get(name.removesuffix("s"))):
                return cls(time, call["column"])
            if width is None and name == "identity":
                return cls("identity", call["column"])
        elif _COLUMN.fullmatch(stripped):
            return cls("identity", stripped)
        raise FqError(
            f"{text!r} is no partition field",
            where="fq/partition_by",
            fix="Write years(c), months(c), days(c), hours(c), bucket(16, c), truncate(4, c), or a column's name",
        )

    @property
    def iceberg(self) -> str:
        """The transform by its name in Iceberg, such as `bucket[16]`."""
        return self.transform if self.width is None else f"{self.transform}[{self.width}]"

    @property
    def name(self) -> str:
        """The field's name, as Spark would give it."""
        if self.transform == "identity":
            return self.column
        return f"{self.column}_{_WIDTHS.get(self.transform, self.transform)}"

    def __str__(self) -> str:
        if self.transform == "identity":
            return self.column
        if self.width is not None:
            return f"{self.transform}({self.width}, {self.column})"
        return f"{self.transform}s({self.column})"


@dataclass(frozen=True)
class SortField:
    """One field of a sort order.

    Args:
        column: The column; fields of structs with dots.
        descending: Whether the greatest value comes first.
        nulls_first: Whether nulls come first; by default before the values, and after them where it is descending.
    """

    column: str
    descending: bool = False
    nulls_first: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `order_id`, `ordered_at DESC` or `region ASC NULLS LAST`.

        Raises:
            FqError: It is none of these.
        """
        match = _SORT.fullmatch(text.strip().replace("`", ""))
        if match is None or re.search(r"[(),]|\s(ASC|DESC|NULLS)\b", match["column"], re.IGNORECASE):
            raise FqError(
                f"{text!r} is no sort field",
                where="fq/sort_by",
                fix="Write a column's name, with ASC or DESC and NULLS FIRST or NULLS LAST behind it if need be",
            )
        descending = (match["way"] or "").upper() == "DESC"
        nulls = (match["nulls"] or "").upper()
        return cls(match["column"].strip(), descending, nulls == "FIRST" if nulls else not descending)

    def __str__(self) -> str:
        way = "DESC" if self.descending else "ASC"
        return f"{self.column} {way} NULLS {'FIRST' if self.nulls_first else 'LAST'}"
