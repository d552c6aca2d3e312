"""Columns: the arena that a batch is decoded into, and the Arrow arrays that lie in it.

Belongs here: laying out memory, and arrays without a copy. Does not: filling it (`kernels/filling.py`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.extraction.kernels import layout
from fq_platform.extraction.places import Places
from fq_platform.extraction.plan import Integers, Plan

_LINE = 64
"""Columns begin at multiples of this many bytes, as Arrow recommends."""
_SLACK = 8
"""Bytes behind each text column, since texts are copied by words."""
_WIDTHS = {
    layout.BOOLEANS: 1,
    layout.LONGS: 8,
    layout.DOUBLES: 8,
    layout.DATES: 8,
    layout.TIMESTAMPS: 8,
    layout.DECIMALS: 16,
}
_TEXTS = (layout.STRINGS, layout.SYMBOLS, layout.CODES, layout.OBJECT_IDS, layout.UUIDS, layout.BINARIES)
_NESTED = (layout.LISTS, layout.MAPS)


def lay_out(plan: Plan, rooms: Integers) -> tuple[int, int]:
    """Give every node its places in the arena.

    Args:
        plan: The plan; ROOM and KEY_ROOM say how many bytes of text nodes need. Its counters are set back.
        rooms: How many rows each level may have (int64).

    Returns:
        How many bytes the arena needs, and how many of them, from its beginning, must be zero.
    """
    nodes, at = plan.nodes, 0

    def take(size: int) -> int:
        nonlocal at
        start = at
        at += -(-size // _LINE) * _LINE
        return start

    in_use = list(plan.nodes_in_use())
    nodes[in_use, layout.NULLS] = 0
    nodes[in_use, layout.USED] = 0
    nodes[in_use, layout.KEY_USED] = 0
    for node in in_use:
        row = nodes[node]
        rows, want = int(rooms[row[layout.LEVEL]]), row[layout.WANT]
        row[layout.VALID] = take(rows)
        if want in _TEXTS or want in _NESTED:
            row[layout.ENDS] = take(4 * (rows + 1)) + 4
        if want == layout.MAPS:
            row[layout.KEY_ENDS] = take(4 * (int(rooms[row[layout.INNER]]) + 1)) + 4
    zeroed = at
    for node in in_use:
        row = nodes[node]
        rows, want = int(rooms[row[layout.LEVEL]]), int(row[layout.WANT])
        if want in _WIDTHS:
            row[layout.DATA] = take(_WIDTHS[want] * rows)
        elif want in _TEXTS:
            row[layout.DATA] = take(int(row[layout.ROOM]) + _SLACK)
        elif want == layout.MAPS:
            row[layout.KEY_DATA] = take(int(row[layout.KEY_ROOM]) + _SLACK)
    return at, zeroed


@dataclass(frozen=True)
class Columns:
    """The columns of one decoded batch.

    Args:
        plan: The plan that it was decoded with.
        arena: The memory (uint8); the arrays refer to it.
        levels: How many rows each level has (int64).
        places: The places of rows, which share the arena.
    """

    plan: Plan
    arena: npt.NDArray[np.uint8]
    levels: Integers
    places: Places

    def record_batch(self, schema: pa.Schema, documents: int) -> pa.RecordBatch:
        """The documents as Arrow.

        Args:
            schema: The columns wanted, in order.
            documents: How many documents were decoded (rows).
        """
        if not len(schema):
            return pa.RecordBatch.from_struct_array(pa.array([{}] * documents, pa.struct([])))
        arrays = self._fields(layout.ROOT, list(schema), documents)
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _fields(self, node: int, fields: list[pa.Field], rows: int) -> list[pa.Array]:
        columns = {
            self.plan.columns[child]: child
            for child in self.plan.children.get(node, ())
            if self.plan.cell(child, layout.WANT) > layout.THE_ID
        }
        return [self._array(columns.get(field.name, -1), field.type, rows) for field in fields]

    def _array(self, node: int, type_: pa.DataType, rows: int) -> pa.Array:
        if node < 0:
            return pa.nulls(rows, type_)
        absent, validity = self._validity(node, rows)
        if pa.types.is_struct(type_):
            children = self._fields(node, [type_.field(i) for i in range(type_.num_fields)], rows)
            return pa.Array.from_buffers(type_, rows, [validity], absent, children=children)
        if pa.types.is_list(type_) or pa.types.is_map(type_):
            return self._nested(node, type_, rows, validity, absent)
        data = self.plan.cell(node, layout.DATA)
        if pa.types.is_boolean(type_):
            bits = np.packbits(self.arena[data : data + rows], bitorder="little")
            return pa.Array.from_buffers(type_, rows, [validity, pa.py_buffer(bits)], absent)
        if pa.types.is_string(type_) or pa.types.is_binary(type_):
            ends = self.places.ends(node, layout.ENDS, rows)
            content = self._slice(data, self.plan.cell(node, layout.USED))
            return pa.Array.from_buffers(type_, rows, [validity, pa.py_buffer(ends), content], absent)
        return pa.Array.from_buffers(type_, rows, [validity, self._slice(data, rows * type_.bit_width // 8)], absent)

    def _nested(self, node: int, type_: pa.DataType, rows: int, validity: Any, absent: int) -> pa.Array:
        ends = self.places.ends(node, layout.ENDS, rows)
        inside = self.plan.cell(node, layout.CHILD)
        size = int(self.levels[self.plan.cell(node, layout.INNER)])
        if pa.types.is_list(type_):
            content = self._array(inside, type_.value_type, size)
        else:
            key_ends = self.places.ends(node, layout.KEY_ENDS, size)
            keys = pa.StringArray.from_buffers(
                size,
                pa.py_buffer(key_ends),
                self._slice(self.plan.cell(node, layout.KEY_DATA), self.plan.cell(node, layout.KEY_USED)),
            )
            entries = pa.struct([type_.key_field, type_.item_field])
            values = self._array(inside, type_.item_type, size)
            content = pa.Array.from_buffers(entries, size, [None], 0, children=[keys, values])
        return pa.Array.from_buffers(type_, rows, [validity, pa.py_buffer(ends)], absent, children=[content])

    def _validity(self, node: int, rows: int) -> tuple[int, Any]:
        """How many rows have no value, and the bitmap of those that have one; None if all have."""
        start = self.plan.cell(node, layout.VALID)
        present = self.arena[start : start + rows] == layout.PRESENT
        absent = rows - int(np.count_nonzero(present))
        return absent, (pa.py_buffer(np.packbits(present, bitorder="little")) if absent else None)

    def _slice(self, start: int, size: int) -> Any:
        return pa.py_buffer(self.arena[start : start + size])
