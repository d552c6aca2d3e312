"""The plan of decoding: the tables of `kernels/layout.py`, and which node stands for which column.

Belongs here: the tables' growth, and binding nodes to the columns of a schema. Does not: deciding types, Arrow arrays.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.extraction import kinds
from fq_platform.extraction.kernels import layout
from fq_platform.extraction.kernels.names import slot_of_node
from fq_platform.naming import normalise

Integers = npt.NDArray[np.int64]

_LEAST_NODES = 512
_MOST_NODES = 1 << 18
_NAME_BYTES = 32
"""Room for names, in bytes a node; longer ones make the tables grow."""
_PLAIN = {
    pa.bool_(): layout.BOOLEANS,
    pa.int64(): layout.LONGS,
    pa.float64(): layout.DOUBLES,
    kinds.TIMESTAMP: layout.DATES,
    pa.string(): layout.STRINGS,
}
_MARKED = {
    kinds.OBJECT_ID: layout.OBJECT_IDS,
    kinds.UUID: layout.UUIDS,
    kinds.SYMBOL: layout.SYMBOLS,
    kinds.CODE: layout.CODES,
    kinds.BSON_TIMESTAMP: layout.TIMESTAMPS,
}


@dataclass
class Plan:
    """All places that documents were seen to have.

    Args:
        nodes: A row a node (int64, shape: (room, CELLS)); `kernels/layout.py` names the cells.
        names: The nodes' names (uint8).
        slots: The table of names (int32), twice as large as the room for nodes.
        used: How many nodes there are, and how many bytes of names (int64, shape: 2).
        children: The named nodes beneath each node.
        columns: Each named node's column name.
        levels: How many levels there are, that of the documents included.
    """

    nodes: Integers = field(init=False)
    names: npt.NDArray[np.uint8] = field(init=False)
    slots: npt.NDArray[np.int32] = field(init=False)
    used: Integers = field(init=False)
    children: dict[int, list[int]] = field(default_factory=dict)
    columns: dict[int, str] = field(default_factory=dict)
    levels: int = 1
    _known: int = 1

    def __post_init__(self) -> None:
        self._allocate(_LEAST_NODES)
        self.used = np.array([1, 0], np.int64)
        self.nodes[layout.ROOT, [layout.PARENT, layout.NEXT, layout.FIRST, layout.CHILD]] = -1
        self.nodes[layout.ROOT, layout.WANT] = layout.STRUCTS

    def _allocate(self, room: int) -> None:
        self.nodes = np.zeros((room, layout.CELLS), np.int64)
        self.names = np.zeros(room * _NAME_BYTES, np.uint8)
        self.slots = np.full(4 * room, -1, np.int32)

    @property
    def full(self) -> bool:
        """Whether the tables may not grow any more."""
        return len(self.nodes) >= _MOST_NODES

    def grow(self) -> None:
        """Double the room for nodes and names, and forget the table of names, which is made anew from the nodes."""
        nodes, names = self.nodes, self.names
        self._allocate(2 * len(nodes))
        self.nodes[: len(nodes)] = nodes
        self.names = np.concatenate([names, np.zeros(max(len(names), len(self.names) - len(names)), np.uint8)])
        self._fill_slots()

    def _fill_slots(self) -> None:
        for node in range(1, int(self.used[0])):
            if self.nodes[node, layout.SIZE] >= 0:
                self.slots[int(slot_of_node(node, self.nodes, self.names, self.slots))] = node

    def make_map(self, node: int) -> None:
        """Take the documents at a node for maps: the names beneath it are data, and their nodes are given up."""
        below = {node}
        for other in range(node + 1, int(self.used[0])):  # a node always comes after the one above it
            if self.nodes[other, layout.PARENT] in below:
                below.add(other)
        keep = [other for other in range(int(self.used[0])) if other == node or other not in below]
        numbers = np.full(int(self.used[0]) + 1, -1, np.int64)
        numbers[keep] = np.arange(len(keep))
        old, names = self.nodes[keep], self.names
        for link in (layout.PARENT, layout.NEXT, layout.FIRST, layout.CHILD):
            old[:, link] = numbers[old[:, link]]  # -1 stands for none, and is the number of what comes last
        self._allocate(len(self.nodes))
        self.names = np.zeros_like(names)
        self.used[:] = 0
        self.children, self.columns, self._known = {}, {}, 1
        for row in old:
            start, size = int(row[layout.NAME]), max(int(row[layout.SIZE]), 0)
            row[layout.NAME] = self.used[1]
            self.names[self.used[1] : self.used[1] + size] = names[start : start + size]
            self.nodes[self.used[0]] = row
            self.used += (1, size)
        self.nodes[numbers[node], layout.WANT] = layout.MAPS
        self._fill_slots()
        self.learn()

    def learn(self) -> None:
        """Take in the nodes that a survey has added."""
        for node in range(self._known, int(self.used[0])):
            size = int(self.nodes[node, layout.SIZE])
            if size >= 0:
                start = int(self.nodes[node, layout.NAME])
                name = self.names[start : start + size].tobytes().decode(errors="surrogateescape")
                self.columns[node] = normalise(name)
                self.children.setdefault(int(self.nodes[node, layout.PARENT]), []).append(node)
        self._known = int(self.used[0])

    def cell(self, node: int, cell: int) -> int:
        """One cell of a node's row."""
        return int(self.nodes[node, cell])

    def nodes_in_use(self) -> Iterator[int]:
        """Every node but the root."""
        yield from range(1, self._known)

    def bind(self, schema: pa.Schema) -> None:
        """Let each node fill the column of its name and place, if the schema has it.

        Args:
            schema: The document columns, with kinds as marks on the fields.
        """
        self.levels = 1
        self.nodes[1 : self._known, layout.WANT] = layout.NOTHING
        self._bind_fields(layout.ROOT, list(schema), 0)

    def _bind_fields(self, node: int, fields: list[pa.Field], level: int) -> None:
        by_name = {field.name: field for field in fields}
        folded = {name.lower() for name in by_name} | ({"_id"} if node == layout.ROOT else set())
        for child in self.children.get(node, ()):
            column = self.columns[child]
            self.nodes[child, layout.LEVEL] = level
            if node == layout.ROOT and column == "_id":
                self.nodes[child, layout.WANT] = layout.THE_ID
            elif column in by_name:
                self._bind(child, by_name[column], level)
            elif column.lower() in folded:
                self.nodes[child, layout.WANT] = layout.REFUSED

    def _bind(self, node: int, column: pa.Field, level: int) -> None:
        row, type_ = self.nodes[node], column.type
        row[layout.LEVEL] = level
        if pa.types.is_struct(type_):
            row[layout.WANT] = layout.STRUCTS
            self._bind_fields(node, [type_.field(i) for i in range(type_.num_fields)], level)
        elif pa.types.is_list(type_) or pa.types.is_map(type_):
            is_list = pa.types.is_list(type_)
            row[layout.WANT] = layout.LISTS if is_list else layout.MAPS
            row[layout.INNER] = self.levels
            self.levels += 1
            if row[layout.CHILD] >= 0:
                self._bind(
                    int(row[layout.CHILD]), type_.value_field if is_list else type_.item_field, int(row[layout.INNER])
                )
        elif pa.types.is_decimal(type_):
            limit = 10**type_.precision
            row[layout.WANT], row[layout.PARAMETER] = layout.DECIMALS, type_.scale
            row[[layout.LIMIT_LOW, layout.LIMIT_HIGH]] = np.array([limit % 2**64, limit >> 64], np.uint64).view(
                np.int64
            )
        elif pa.types.is_binary(type_):
            kind = kinds.kind_of(column)
            row[layout.WANT] = layout.BINARIES
            row[layout.PARAMETER] = int(kind.partition("/")[2]) if kind else 0
        else:
            kind = kinds.kind_of(column)
            row[layout.WANT] = _MARKED[kind] if kind else _PLAIN[type_]
