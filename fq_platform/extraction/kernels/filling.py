"""The pass that decodes: every value of a batch goes straight to its place in a column's memory.

Belongs here: walking documents by the plan of nodes. Does not: deciding the plan (`typing.py`), Arrow.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import (
    address_of,
    kernel,
    load_int32,
    load_int64,
    load_uint8,
    store_int32,
    store_int64,
    store_uint8,
)
from fq_platform.extraction.kernels.elements import (
    ARRAY,
    CODE_WITH_SCOPE,
    DB_POINTER,
    DOCUMENT,
    MAX_KEY,
    MIN_KEY,
    NULL,
    REGEX,
    UNDEFINED,
    name_end,
    value_end,
)
from fq_platform.extraction.kernels.layout import (
    CELLS,
    CHECKED,
    CHILD,
    DEPTH,
    DONE,
    ENDS,
    EXPLICIT_NULL,
    FIRST,
    INNER,
    IS_CORRUPT,
    IS_FULL,
    IS_NEW,
    KEY_DATA,
    KEY_ENDS,
    KEY_ROOM,
    KEY_USED,
    LISTS,
    MAPS,
    MISSING,
    NEXT,
    NOTHING,
    NULLS,
    PRESENT,
    REPEATED,
    RESCUED,
    ROOT,
    SETTLED,
    SIZE,
    STRUCTS,
    THE_ID,
    VALID,
    WANT,
)
from fq_platform.extraction.kernels.names import cell, is_named, put_cell, slot_of
from fq_platform.extraction.kernels.values import DOES_NOT, FITS, NO_ROOM, UNSOUND, copy_text, put_value

_ROW = 8 * CELLS
"""The size of a node's row (bytes)."""
_FRAME = 48
"""The size of an open container's entry (bytes)."""
_EMPTY = 5
"""The size of a document or array without elements (bytes)."""


@kernel
def _may_have_a_column(kind, size):
    """Whether a value can give its place a column; one without content, or of a rare type, cannot."""
    if kind == DOCUMENT or kind == ARRAY:
        return size > _EMPTY
    return kind not in (UNDEFINED, REGEX, DB_POINTER, CODE_WITH_SCOPE, MAX_KEY, MIN_KEY)


@kernel
def _has_key(at, stop, node, memory, first, rows):
    """Whether a map, whose entries begin at row `first`, has a key already."""
    ends, keys = memory + cell(node, KEY_ENDS), memory + cell(node, KEY_DATA)
    for row in range(first, rows):
        start = np.int64(load_int32(ends + 4 * (row - 1)))
        size = np.int64(load_int32(ends + 4 * row)) - start
        if size == stop - at:
            same = True
            for i in range(size):
                if load_uint8(keys + start + i) != load_uint8(at + i):
                    same = False
                    break
            if same:
                return True
    return False


@kernel
def fill(begin, size, starts, nodes, names, slots, arena, levels, rooms, tape, frames):
    """Decode documents into the arena.

    Args:
        begin: The address of the batch.
        size: Its size (bytes).
        starts: Where the wanted documents begin (int64); their lengths were checked.
        nodes: The plan, a row a node (int64); cells that count or predict are changed.
        names: The names of nodes (uint8).
        slots: The table of names (int32).
        arena: The columns' memory (uint8); the states are zero.
        levels: How many rows each level has (int64), zero but for the documents'.
        rooms: How many it may have (int64).
        tape: Room for the values that do not fit, an entry a row (int64).
        frames: Room for the containers that are open (int64).

    Returns:
        (result, document, taped): what ended the pass, the document's number, how many entries the tape has.
    """
    limit = begin + size
    table, text, memory = address_of(nodes), address_of(names), address_of(arena)
    stack, counted, allowed = address_of(frames), address_of(levels), address_of(rooms)
    taped = np.int64(0)
    for document in range(len(starts)):
        at = begin + starts[document]
        end = at + np.int64(load_int32(at)) - 1
        at += 4
        depth = 0
        parent, mode = np.int64(ROOT), np.int64(STRUCTS)
        row, own, previous = np.int64(document), np.int64(document), np.int64(-1)
        while True:
            if at >= end:
                if at != end or load_uint8(at) != 0:
                    return IS_CORRUPT, document, taped
                if mode != STRUCTS:
                    container = table + _ROW * parent
                    ends = memory + cell(container, ENDS)
                    store_int32(ends + 4 * own, np.int32(load_int64(counted + 8 * cell(container, INNER))))
                at += 1
                if depth == 0:
                    break
                depth -= 1
                frame = stack + _FRAME * depth
                parent, mode, end = load_int64(frame), load_int64(frame + 8), load_int64(frame + 16)
                row, own, previous = load_int64(frame + 24), load_int64(frame + 32), load_int64(frame + 40)
                continue
            kind = np.int64(load_uint8(at))
            at += 1
            if mode == STRUCTS:
                before = table + _ROW * (previous if previous >= 0 else parent)
                number = cell(before, NEXT if previous >= 0 else FIRST)
                node = table + _ROW * number
                if number >= 0 and is_named(at, end, limit, node, text):
                    at += cell(node, SIZE) + 1
                else:
                    stop = name_end(at, end)
                    if stop < 0:
                        return IS_CORRUPT, document, taped
                    number = np.int64(slots[slot_of(at, stop, parent, nodes, text, slots)])
                    if number < 0:
                        return IS_NEW, document, taped
                    put_cell(before, NEXT if previous >= 0 else FIRST, number)
                    node = table + _ROW * number
                    at = stop + 1
                previous = number
                here = row
            else:
                container = table + _ROW * parent
                number = cell(container, CHILD)
                if number < 0:
                    return IS_NEW, document, taped
                node = table + _ROW * number
                level = 8 * cell(container, INNER)
                here = load_int64(counted + level)
                if here >= load_int64(allowed + level):
                    return IS_FULL, document, taped
                stop = name_end(at, end)
                if stop < 0:
                    return IS_CORRUPT, document, taped
                if mode == MAPS:
                    again = cell(container, CHECKED) != 0 and _has_key(at, stop, container, memory, row, here)
                    outcome = np.int64(DOES_NOT)
                    if not again:
                        outcome = copy_text(
                            at, stop, limit, container, KEY_ENDS, KEY_DATA, KEY_ROOM, KEY_USED, memory, here
                        )
                    if outcome == NO_ROOM or taped >= len(tape):
                        return IS_FULL, document, taped
                    if outcome == DOES_NOT:
                        after = value_end(kind, stop + 1, end)
                        if after < 0:
                            return IS_CORRUPT, document, taped
                        tape[taped, 0], tape[taped, 1], tape[taped, 2] = parent, own, kind + (REPEATED if again else 0)
                        tape[taped, 3], tape[taped, 4] = stop + 1 - begin, after - begin
                        tape[taped, 5], tape[taped, 6] = document, at - begin
                        taped += 1
                        at = after
                        continue
                store_int64(counted + level, here + 1)
                at = stop + 1
            want = cell(node, WANT)
            state_at = memory + cell(node, VALID) + here
            repeated = load_uint8(state_at) != MISSING
            if not repeated:
                if kind == NULL:
                    store_uint8(state_at, np.uint8(EXPLICIT_NULL))
                    put_cell(node, NULLS, cell(node, NULLS) + 1)
                    continue
                if want == THE_ID:
                    store_uint8(state_at, np.uint8(PRESENT))
                    at = value_end(kind, at, end)
                    if at < 0:
                        return IS_CORRUPT, document, taped
                    continue
                if (kind == DOCUMENT and (want == STRUCTS or want == MAPS)) or (kind == ARRAY and want == LISTS):
                    after = value_end(kind, at, end)
                    if after < 0 or depth >= DEPTH:
                        return IS_CORRUPT, document, taped
                    store_uint8(state_at, np.uint8(PRESENT))
                    frame = stack + _FRAME * depth
                    store_int64(frame, parent)
                    store_int64(frame + 8, mode)
                    store_int64(frame + 16, end)
                    store_int64(frame + 24, row)
                    store_int64(frame + 32, own)
                    store_int64(frame + 40, previous)
                    depth += 1
                    parent, mode, end, previous = number, want, after - 1, np.int64(-1)
                    # Beneath a list or map, rows are counted; what is kept is where its own begin.
                    row, own = (here if want == STRUCTS else load_int64(counted + 8 * cell(node, INNER))), here
                    at += 4
                    continue
                outcome, after = put_value(kind, at, end, limit, want, node, memory, here)
                if outcome == FITS:
                    store_uint8(state_at, np.uint8(PRESENT))
                    at = after
                    continue
                if outcome == NO_ROOM:
                    return IS_FULL, document, taped
                if outcome == UNSOUND:
                    return IS_CORRUPT, document, taped
                store_uint8(state_at, np.uint8(RESCUED))
            after = value_end(kind, at, end)
            if after < 0:
                return IS_CORRUPT, document, taped
            settled = repeated or want != NOTHING or cell(node, SETTLED) != 0
            if not settled and _may_have_a_column(kind, after - at):
                return IS_NEW, document, taped
            if taped >= len(tape):
                return IS_FULL, document, taped
            tape[taped, 0], tape[taped, 1], tape[taped, 2] = number, here, kind + (REPEATED if repeated else 0)
            tape[taped, 3], tape[taped, 4] = at - begin, after - begin
            tape[taped, 5], tape[taped, 6] = document, -1
            taped += 1
            at = after
    return DONE, np.int64(len(starts)), taped
