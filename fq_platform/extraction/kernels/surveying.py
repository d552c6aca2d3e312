"""The pass that looks: which places the documents of a batch have, and what stands there how often.

Belongs here: counting, and giving numbers to places that are new. Does not: deciding what follows from it.
"""

import numpy as np

from fq_platform.extraction.kernels import elements as bson
from fq_platform.extraction.kernels.compiled import address_of, kernel, load_float64, load_int32, load_uint8
from fq_platform.extraction.kernels.elements import name_end, value_end
from fq_platform.extraction.kernels.layout import (
    CELLS,
    CHILD,
    DEPTH,
    DONE,
    FIRST,
    IS_CORRUPT,
    IS_FULL,
    LISTS,
    MAPS,
    MASK,
    NAME,
    NEXT,
    NOTHING,
    PARENT,
    ROOT,
    SIZE,
    STRUCTS,
    WANT,
    WORD,
)
from fq_platform.extraction.kernels.names import is_named, slot_of

# Cells of a node's counts (int64). The first are by BSON type, 1 to 19; the two keys share 0.
(
    TEXT,  # bytes that its texts need
    FRACTIONS,  # doubles that are no whole number
    UUIDS_SEEN,
    SUBTYPE,  # of the first binary, plus one
    INSIDE,  # elements of its arrays, or entries of its documents if it is a map
    KEY_TEXT,  # bytes that the keys of its documents need
    COUNTS,
) = range(20, 27)
_UUID_SUBTYPE = 4


@kernel
def _new_node(at, stop, parent, nodes, names, used):
    """Give a place a number; -1 if there is no room. A stop before `at` makes a place without a name."""
    node = used[0]
    size = stop - at
    if node >= len(nodes) or used[1] + max(size, 0) + 8 > len(names):
        return np.int64(-1)
    used[0] += 1
    for cell in range(nodes.shape[1]):
        nodes[node, cell] = 0
    nodes[node, PARENT], nodes[node, NEXT], nodes[node, FIRST], nodes[node, CHILD] = parent, -1, -1, -1
    nodes[node, NAME], nodes[node, SIZE] = used[1], size
    word, mask = np.uint64(0), np.uint64(0)
    for i in range(max(size, 0)):
        byte = load_uint8(at + i)
        names[used[1] + i] = byte
        if i < 8:
            word |= np.uint64(byte) << np.uint64(8 * i)
    for i in range(min(size + 1, 8)):  # the NUL that ends the name counts too
        mask |= np.uint64(255) << np.uint64(8 * i)
    nodes[node, WORD], nodes[node, MASK] = np.int64(word), np.int64(mask)
    used[1] += max(size, 0)
    return node


@kernel
def _count(kind, at, after, node, counts):
    counts[node, kind if kind < bson.MAX_KEY else 0] += 1
    if kind == bson.DOUBLE:
        value = load_float64(at)
        if not value == np.floor(value):
            counts[node, FRACTIONS] += 1
    elif kind == bson.STRING or kind == bson.SYMBOL or kind == bson.CODE:
        counts[node, TEXT] += after - at - 5
    elif kind == bson.OBJECT_ID:
        counts[node, TEXT] += 24
    elif kind == bson.BINARY:
        counts[node, TEXT] += max(after - at - 5, 36)
        subtype = np.int64(load_uint8(at + 4))
        if subtype == _UUID_SUBTYPE and after - at == 21:
            counts[node, UUIDS_SEEN] += 1
        elif counts[node, SUBTYPE] == 0:
            counts[node, SUBTYPE] = subtype + 1


@kernel
def survey(begin, size, starts, nodes, names, slots, used, counts, frames):
    """Count what stands at each place of some documents, and give new places a number.

    Args:
        begin: The address of the batch.
        size: Its size (bytes).
        starts: Where the wanted documents begin (int64); their lengths were checked.
        nodes: The plan, a row a node (int64), with room for more.
        names: The names of nodes (uint8), with room for more.
        slots: The table of names (int32); its size is a power of two, at least twice the room for nodes.
        used: How many nodes there are, and how many bytes of names (int64).
        counts: A row a node (int64), zero.
        frames: Room for the containers that are open (int64).

    Returns:
        (result, document): DONE; IS_CORRUPT and the number of the document; or IS_FULL.
    """
    limit = begin + size
    table, text = address_of(nodes), address_of(names)
    for document in range(len(starts)):
        at = begin + starts[document]
        end = at + np.int64(load_int32(at)) - 1
        at += 4
        depth = 0
        parent, mode, previous = np.int64(ROOT), np.int64(STRUCTS), np.int64(-1)
        while True:
            if at >= end:
                if at != end or load_uint8(at) != 0:
                    return IS_CORRUPT, document
                at += 1
                if depth == 0:
                    break
                depth -= 1
                parent, mode, end, previous = frames[depth, 0], frames[depth, 1], frames[depth, 2], frames[depth, 3]
                continue
            kind = np.int64(load_uint8(at))
            at += 1
            stop = np.int64(-1)
            node = np.int64(-1)
            if mode == STRUCTS:
                guess = nodes[previous, NEXT] if previous >= 0 else nodes[parent, FIRST]
                if guess >= 0 and is_named(at, end, limit, table + 8 * CELLS * guess, text):
                    node, stop = guess, at + nodes[guess, SIZE]
                else:
                    stop = name_end(at, end)
                    if stop < 0:
                        return IS_CORRUPT, document
                    slot = slot_of(at, stop, parent, nodes, text, slots)
                    node = np.int64(slots[slot])
                    if node < 0:
                        node = _new_node(at, stop, parent, nodes, names, used)
                        if node < 0:
                            return IS_FULL, document
                        slots[slot] = node
                    if previous >= 0:
                        nodes[previous, NEXT] = node
                    else:
                        nodes[parent, FIRST] = node
                previous = node
            else:
                stop = name_end(at, end)
                if stop < 0:
                    return IS_CORRUPT, document
                node = nodes[parent, CHILD]
                if node < 0:
                    node = _new_node(np.int64(0), np.int64(-1), parent, nodes, names, used)
                    if node < 0:
                        return IS_FULL, document
                    nodes[parent, CHILD] = node
                counts[parent, INSIDE] += 1
                if mode == MAPS:
                    counts[parent, KEY_TEXT] += stop - at
            at = stop + 1
            after = value_end(kind, at, end)
            if after < 0:
                return IS_CORRUPT, document
            _count(kind, at, after, node, counts)
            want = nodes[node, WANT]
            entered = np.int64(-1)
            if kind == bson.DOCUMENT and (want == STRUCTS or want == MAPS or want == NOTHING):
                entered = np.int64(MAPS if want == MAPS else STRUCTS)
            elif kind == bson.ARRAY and (want == LISTS or want == NOTHING):
                entered = np.int64(LISTS)
            if entered >= 0 and depth < DEPTH:
                frames[depth, 0], frames[depth, 1], frames[depth, 2], frames[depth, 3] = parent, mode, end, previous
                depth += 1
                parent, mode, end, previous = node, entered, after - 1, np.int64(-1)
                at += 4
            else:
                at = after
    return DONE, np.int64(len(starts))
