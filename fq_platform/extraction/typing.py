"""Deciding columns: what the values at a place ask for, within what the table already has.

Belongs here: the rules of typing (docs/extraction.md). Does not: counting values, decoding them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.extraction import kinds
from fq_platform.extraction.kernels import elements as bson
from fq_platform.extraction.kernels import layout, surveying
from fq_platform.extraction.plan import Plan

Counts = npt.NDArray[np.int64]

MOST_COLUMNS = 2_000
"""A table gets no more columns than this (nested ones counted); further fields are rescued."""
_MANY_KEYS = 64
_SELDOM = 0.1
"""More different keys than the first, each in fewer of the documents than the second: then keys are data."""


@dataclass
class Typing:
    """One decision about the columns of a batch.

    Args:
        plan: The places seen so far.
        counts: What the batch holds at each (int64, shape: (nodes, COUNTS)).
        types: Columns whose types the sources file names: dotted path to type name; elements of arrays have the path
            of their array.
    """

    plan: Plan
    counts: Counts
    types: Mapping[str, str]
    _columns: int = 0

    def widen(self, schema: pa.Schema) -> pa.Schema:
        """The schema with columns for what it lacks: existing ones unchanged and in their order, new ones behind.

        Args:
            schema: The document columns so far.

        Returns:
            The same schema, or a wider one.
        """
        self._columns = sum(map(_columns_in, schema))
        return pa.schema(self._fields(layout.ROOT, list(schema), "", 0))

    @property
    def full(self) -> bool:
        """Whether the table may have no more columns."""
        return self._columns >= MOST_COLUMNS

    def new_map(self, schema: pa.Schema) -> int | None:
        """A node whose documents are maps, keys being data, but were taken for structs so far; None if there is none.

        Args:
            schema: The document columns so far: what is a struct in it stays one.
        """
        undecided = self._undecided(layout.ROOT, list(schema), "")
        return next((node for node, path in undecided if self._is_map(node, path)), None)

    def _undecided(self, node: int, fields: list[pa.Field], prefix: str) -> list[tuple[int, str]]:
        by_name = {field.name: field for field in fields}
        found: list[tuple[int, str]] = []
        for child in self.plan.children.get(node, ()):
            column = self.plan.columns[child]
            path = f"{prefix}.{column}" if prefix else column
            found += self._undecided_at(child, by_name.get(column), path)
        return found

    def _undecided_at(self, node: int, column: pa.Field | None, path: str) -> list[tuple[int, str]]:
        inside = self.plan.cell(node, layout.CHILD)
        type_ = column.type if column is not None else None
        if type_ is not None and pa.types.is_struct(type_):
            return self._undecided(node, [type_.field(i) for i in range(type_.num_fields)], path)
        if type_ is not None and (pa.types.is_list(type_) or pa.types.is_map(type_)):
            value = type_.value_field if pa.types.is_list(type_) else type_.item_field
            return self._undecided_at(inside, value, path) if inside >= 0 else []
        if type_ is not None:
            return []
        found = [(node, path)] if self.plan.cell(node, layout.WANT) != layout.MAPS else []
        found += self._undecided(node, [], path)
        return found + (self._undecided_at(inside, None, path) if inside >= 0 else [])

    def _is_map(self, node: int, path: str) -> bool:
        documents = self.counts[node, bson.DOCUMENT]
        asked = self.types.get(path)
        if asked is not None or documents == 0:
            return asked == "map" and documents > 0
        children = self.plan.children.get(node, ())
        if len(children) <= _MANY_KEYS:
            return False
        present = sum(int(self.counts[child, : surveying.TEXT].sum()) for child in children)
        return len(children) > MOST_COLUMNS or present / len(children) < _SELDOM * int(documents)

    def _fields(self, node: int, fields: list[pa.Field], prefix: str, depth: int) -> list[pa.Field]:
        result = {field.name: field for field in fields}
        folded = {name.lower(): name for name in result} | ({"_id": "_id"} if node == layout.ROOT else {})
        for child in self.plan.children.get(node, ()):
            column = self.plan.columns[child]
            if folded.get(column.lower(), column) != column or (node == layout.ROOT and column == "_id"):
                continue
            path = f"{prefix}.{column}" if prefix else column
            field = self._field(child, column, result.get(column), path, depth)
            if field is not None:
                result[column] = field
                folded[column.lower()] = column
        return list(result.values())

    def _field(self, node: int, name: str, existing: pa.Field | None, path: str, depth: int) -> pa.Field | None:
        """The column of a place, as it is or widened; None if nothing that was seen there can have one."""
        if existing is not None:
            return self._widened(node, existing, path, depth)
        if self._columns >= MOST_COLUMNS:
            return None
        asked = self.types.get(path)
        field = kinds.named_field(name, asked) if asked else None
        if field is None:
            field = next(
                (found for kind in self._votes(node) if (found := self._of_kind(node, name, kind, path, depth))),
                None,
            )
        if field is not None:
            self._columns += 1
        return field

    def _widened(self, node: int, column: pa.Field, path: str, depth: int) -> pa.Field:
        type_ = column.type
        inside = self.plan.cell(node, layout.CHILD)
        if pa.types.is_struct(type_):
            fields = [type_.field(i) for i in range(type_.num_fields)]
            return column.with_type(pa.struct(self._fields(node, fields, path, depth + 1)))
        if pa.types.is_list(type_) and inside >= 0:
            return column.with_type(pa.list_(self._widened(inside, type_.value_field, path, depth + 1)))
        if pa.types.is_map(type_) and inside >= 0:
            return column.with_type(pa.map_(type_.key_field, self._widened(inside, type_.item_field, path, depth + 1)))
        return column

    def _votes(self, node: int) -> list[str]:
        """What values ask for, by how many do; numbers vote together."""
        counts = self.counts[node]
        doubles, decimals = int(counts[bson.DOUBLE]), int(counts[bson.DECIMAL128])
        number = "decimal" if decimals and decimals >= doubles else "double" if doubles else "long"
        uuids = int(counts[surveying.UUIDS_SEEN])
        votes = {
            number: doubles + decimals + int(counts[bson.INT32] + counts[bson.INT64]),
            "boolean": int(counts[bson.BOOLEAN]),
            "string": int(counts[bson.STRING]),
            "symbol": int(counts[bson.SYMBOL]),
            "code": int(counts[bson.CODE]),
            "objectid": int(counts[bson.OBJECT_ID]),
            "timestamp": int(counts[bson.DATE]),
            "bsontimestamp": int(counts[bson.TIMESTAMP]),
            "uuid": uuids,
            "binary": int(counts[bson.BINARY]) - uuids,
            "document": int(counts[bson.DOCUMENT]),
            "array": int(counts[bson.ARRAY]),
        }
        asking = [kind for kind, count in votes.items() if count > 0]
        return sorted(asking, key=lambda kind: (-votes[kind], kind == "string", kind))

    def _of_kind(self, node: int, name: str, kind: str, path: str, depth: int) -> pa.Field | None:
        if kind in ("document", "array"):
            return self._container(node, name, kind, path, depth)
        if kind == "binary":
            subtype = int(self.counts[node, surveying.SUBTYPE]) - 1
            return kinds.field_of(name, pa.binary(), kinds.binary_kind(subtype))
        if kind == "bsontimestamp":
            return kinds.field_of(name, pa.int64(), kinds.BSON_TIMESTAMP)
        if kind in ("symbol", "code"):
            return kinds.field_of(name, pa.string(), kind)
        return kinds.named_field(name, kind)

    def _container(self, node: int, name: str, kind: str, path: str, depth: int) -> pa.Field | None:
        """A struct, list or map, if anything inside it can have a column and it does not lie too deep."""
        if depth >= layout.DEPTH:
            return None
        inside = self.plan.cell(node, layout.CHILD)
        if kind == "document" and self.plan.cell(node, layout.WANT) != layout.MAPS:
            fields = self._fields(node, [], path, depth + 1)
            return kinds.field_of(name, pa.struct(fields)) if fields else None
        item = "element" if kind == "array" else "value"
        content = self._field(inside, item, None, path, depth + 1) if inside >= 0 else None
        if content is None:
            return None
        type_ = pa.list_(content) if kind == "array" else pa.map_(pa.field("key", pa.string(), nullable=False), content)
        return kinds.field_of(name, type_)


def _columns_in(field: pa.Field) -> int:
    """How many columns a field stands for, nested ones counted."""
    type_ = field.type
    if pa.types.is_struct(type_):
        return 1 + sum(_columns_in(type_.field(i)) for i in range(type_.num_fields))
    if pa.types.is_list(type_):
        return 1 + _columns_in(type_.value_field)
    return 1 + (_columns_in(type_.item_field) if pa.types.is_map(type_) else 0)
