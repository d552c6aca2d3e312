"""The comparison's hash tables: open addressing over 128-bit hashes, linear probing.

Belongs here: the loops. Does not: what is compared with what (`extraction/compare.py`).

A slot of live rows is six words: key hash (2), content hash (2), time of extraction, state (0: free). The size of a
table is a power of two, and it always has a free slot.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import kernel

UNCHANGED, INSERT, UPDATE, MET = range(4)
"""Outcomes for a document: as in the lake, not there, other content there, seen before in this comparison."""
_LIVE, _DELETED, _SEEN = np.uint64(1), np.uint64(2), np.uint64(4)
SLOT_WORDS = 6


@kernel
def _find(slots, low, high):
    """The slot of a key, or the free one where it belongs."""
    last = np.uint64(len(slots) - 1)
    slot = low & last
    while slots[slot, 5] != 0 and (slots[slot, 0] != low or slots[slot, 1] != high):
        slot = (slot + np.uint64(1)) & last
    return slot


@kernel
def fill_slots(slots, keys, contents, times, deleted, seen):
    """Take in rows in any order; of a key the newest wins. `seen` tells which of them a document had already."""
    for row in range(len(keys)):
        slot = _find(slots, keys[row, 0], keys[row, 1])
        time = np.uint64(times[row])
        if slots[slot, 5] != 0 and slots[slot, 4] >= time:
            continue
        slots[slot, 0] = keys[row, 0]
        slots[slot, 1] = keys[row, 1]
        slots[slot, 2] = contents[row, 0]
        slots[slot, 3] = contents[row, 1]
        slots[slot, 4] = time
        was_seen = (slots[slot, 5] & _SEEN) != 0
        slots[slot, 5] = (_DELETED if deleted[row] else _LIVE) | (_SEEN if seen[row] or was_seen else np.uint64(0))


@kernel
def compare_slots(slots, keys, contents, rows, outcomes, unknown):
    """The outcome for each of some rows; `unknown` tells which keys the lake has never had."""
    for i in range(len(rows)):
        row = rows[i]
        slot = _find(slots, keys[row, 0], keys[row, 1])
        state = slots[slot, 5]
        unknown[i] = state == 0
        if state == 0:
            outcomes[i] = INSERT
            continue
        slots[slot, 5] = state | _SEEN
        if state & _SEEN:
            outcomes[i] = MET
        elif state & _DELETED:
            outcomes[i] = INSERT
        elif slots[slot, 2] == contents[row, 0] and slots[slot, 3] == contents[row, 1]:
            outcomes[i] = UNCHANGED
        else:
            outcomes[i] = UPDATE


@kernel
def match_in_order(lake, seen, position, contents, rows, begin):
    """Compare documents with rows of the lake that come in the same order, as long as they do.

    Args:
        lake: Content hashes of the lake's rows (shape: (k, 2)).
        seen: Which of those have been matched; added to.
        position: The row that is expected next.
        contents: Content hashes of documents (shape: (n, 2)).
        rows: Which of those to compare (shape: m).
        begin: The first of `rows` to compare.

    Returns:
        The first of `rows` that is not the expected one.
    """
    i = begin
    while i < len(rows) and position < len(lake):
        row = rows[i]
        if lake[position, 0] != contents[row, 0] or lake[position, 1] != contents[row, 1] or seen[position]:
            break
        seen[position] = True
        position += 1
        i += 1
    return i


@kernel
def find_content(lake, position, low, high):
    """The row of the lake with a content hash, looked for from a position on, then before it; -1 if there is none."""
    for step in range(len(lake)):
        row = position + step
        if row >= len(lake):
            row -= len(lake)
        if lake[row, 0] == low and lake[row, 1] == high:
            return row
    return -1


@kernel
def unseen_keys(slots, keys):
    """List the keys of live rows that no document had; returns how many. `keys` may be too short to hold them."""
    found = 0
    for slot in range(len(slots)):
        if slots[slot, 5] == _LIVE:
            if found < len(keys):
                keys[found, 0] = slots[slot, 0]
                keys[found, 1] = slots[slot, 1]
            found += 1
    return found


@kernel
def add_keys(keys, slots, taken, rows, new):
    """Add keys to a set; `new` tells which were not in it. Returns how many were."""
    last = np.uint64(len(slots) - 1)
    added = 0
    for i in range(len(rows)):
        low, high = keys[rows[i], 0], keys[rows[i], 1]
        slot = low & last
        while taken[slot] and (slots[slot, 0] != low or slots[slot, 1] != high):
            slot = (slot + np.uint64(1)) & last
        new[i] = not taken[slot]
        if new[i]:
            taken[slot] = True
            slots[slot, 0] = low
            slots[slot, 1] = high
            added += 1
    return added


@kernel
def remove_keys(keys, slots, taken, found):
    """Tell which keys are in the set and still there, and mark those as gone, so that each is found once."""
    last = np.uint64(len(slots) - 1)
    for row in range(len(keys)):
        low, high = keys[row, 0], keys[row, 1]
        slot = low & last
        while taken[slot] and (slots[slot, 0] != low or slots[slot, 1] != high):
            slot = (slot + np.uint64(1)) & last
        found[row] = taken[slot] == 1
        if found[row]:
            taken[slot] = 2
