"""Which node a field's name leads to.

Belongs here: comparing and looking up names. Does not: values.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import (
    address_of,
    inlined,
    kernel,
    load_int64,
    load_uint8,
    load_uint64,
    store_int64,
)
from fq_platform.extraction.kernels.layout import MASK, NAME, PARENT, SIZE, WORD


@inlined
def cell(node, number):
    """One cell of a node, whose row begins at an address."""
    return load_int64(node + 8 * number)


@inlined
def put_cell(node, number, value):
    """Change one cell of a node, whose row begins at an address."""
    store_int64(node + 8 * number, value)


@inlined
def is_named(at, end, limit, node, names):
    """Whether the name at `at`, which must end before `end`, is that of the node at an address.

    Words may be read up to `limit`.
    """
    size = cell(node, SIZE)
    if at + size >= end:
        return False
    if at + 8 <= limit:
        if load_uint64(at) & np.uint64(cell(node, MASK)) != np.uint64(cell(node, WORD)):
            return False
        if size < 8:
            return True
        done = np.int64(8)
    else:
        done = np.int64(0)
    start = names + cell(node, NAME)
    while done < size:
        if load_uint8(at + done) != load_uint8(start + done):
            return False
        done += 1
    return load_uint8(at + size) == 0


@kernel
def slot_of(at, stop, parent, nodes, names, slots):
    """The slot of the table of names that holds the node of a name under a parent, or would hold it.

    Args:
        at: The address of the name.
        stop: Where it ends.
        parent: The number of the node that it stands under.
        nodes: The nodes (int64, shape: (room, CELLS)).
        names: The address of the nodes' names.
        slots: The table (int32).
    """
    key = np.uint64(1469598103934665603) ^ np.uint64(parent + 2)
    for i in range(at, stop):
        key = (key ^ np.uint64(load_uint8(i))) * np.uint64(1099511628211)
    key ^= key >> np.uint64(29)
    last = np.int64(len(slots) - 1)
    slot = np.int64(key & np.uint64(last))
    while slots[slot] >= 0:
        node = slots[slot]
        if nodes[node, PARENT] == parent and nodes[node, SIZE] == stop - at:
            same = True
            start = names + nodes[node, NAME]
            for i in range(stop - at):
                if load_uint8(start + i) != load_uint8(at + i):
                    same = False
                    break
            if same:
                return slot
        slot = (slot + 1) & last
    return slot


@kernel
def slot_of_node(number, nodes, names, slots):
    """The slot where a node belongs."""
    begin = address_of(names)
    start = begin + nodes[number, NAME]
    return slot_of(start, start + nodes[number, SIZE], nodes[number, PARENT], nodes, begin, slots)
