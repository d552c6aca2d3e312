"""The first pass over a batch: where documents lie, their hashes, keys and event times.

Belongs here: what is needed of every document, changed or not. Does not: decoding their fields.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import (
    address_of,
    kernel,
    load_int32,
    load_int64,
    load_uint8,
    store_uint8,
)
from fq_platform.extraction.kernels.elements import (
    BINARY,
    CORRUPT,
    DATE,
    DOCUMENT,
    INT32,
    INT64,
    OBJECT_ID,
    STRING,
    is_utf8,
    name_end,
    value_end,
)
from fq_platform.extraction.kernels.murmur import murmur3
from fq_platform.extraction.kernels.texts import digits, write_integer, write_object_id, write_uuid

NO_EVENT_TIME = np.int64(-(2**63))
EXOTIC = -1
OBJECT_ID_TEXT = 24
_UUID = 4
_ID = np.frombuffer(b"_id", np.uint8)
_TRUE = np.frombuffer(b"true", np.uint8)
_FALSE = np.frombuffer(b"false", np.uint8)
_NULL = np.frombuffer(b"null", np.uint8)


@kernel
def _same(at, end, text, first, last):
    if end - at != last - first:
        return False
    for i in range(last - first):
        if load_uint8(at + i) != text[first + i]:
            return False
    return True


@kernel
def _find(at, end, text, first, last):
    """The type and offset of the first value named `text[first:last]` among elements; type 0 if there is none."""
    while at < end:
        kind = np.int64(load_uint8(at))
        stop = name_end(at + 1, end)
        if stop < 0:
            return np.int64(CORRUPT), at
        value = stop + 1
        after = value_end(kind, value, end)
        if after < 0:
            return np.int64(CORRUPT), value
        if _same(at + 1, stop, text, first, last):
            return kind, value
        at = after
    return np.int64(0), at


@kernel
def _event_time(at, end, path, steps):
    """The date at a path of names in milliseconds, or that there is none; and whether the elements were well-formed."""
    for step in range(len(steps) - 1):
        kind, at = _find(at, end, path, steps[step], steps[step + 1])
        if kind < 0:
            return NO_EVENT_TIME, False
        last = step == len(steps) - 2
        if last:
            return (load_int64(at) if kind == DATE else NO_EVENT_TIME), True
        if kind != DOCUMENT:
            break
        end = at + np.int64(load_int32(at)) - 1
        at += 4
    return NO_EVENT_TIME, True


@kernel
def _is_digits(at, end):
    if at < end and load_uint8(at) == 45:
        at += 1
    if at == end:
        return False
    for i in range(at, end):
        if load_uint8(i) < 48 or load_uint8(i) > 57:
            return False
    return True


@kernel
def _may_be_taken(at, end):
    """Whether a string could be the text of another key, so that Python's rule must decide; a generous guess."""
    size = end - at
    if size == 0:
        return False
    first = load_uint8(at)
    if first == 34 or first == 91 or first == 123:
        return True
    if size == 24 or size == 36:
        return True
    if size <= 20 and _is_digits(at, end):
        return True
    return _same(at, end, _TRUE, 0, 4) or _same(at, end, _FALSE, 0, 5) or _same(at, end, _NULL, 0, 4)


@kernel
def _key_size(kind, at):
    """The size of an `_id`'s text in bytes; EXOTIC if Python has to write it."""
    if kind == OBJECT_ID:
        return OBJECT_ID_TEXT
    if kind == INT32:
        return digits(np.int64(load_int32(at)))
    if kind == INT64:
        return digits(load_int64(at))
    if kind == BINARY:
        return 36 if load_int32(at) == 16 and load_uint8(at + 4) == _UUID else EXOTIC
    if kind == STRING:
        start = at + 4
        end = start + np.int64(load_int32(at)) - 1
        if not _may_be_taken(start, end) and is_utf8(start, end):
            return end - start
    return EXOTIC


@kernel
def index_documents(begin, size, path, steps, offsets, hashes, event_times, kinds, places, sizes, text):
    """Fill the arrays, a row a document, in one pass; ObjectIds are written out, 24 bytes a row of `text`.

    The documents come as an address and a size (bytes): with arrays, writable memory and such that is not would each
    need a compilation.

    Returns:
        How many documents there are, and what stopped the pass at the one after them: 0 nothing, 1 it is corrupt,
        2 it has no `_id`, 3 the arrays have no room for it.
    """
    into = address_of(text)
    at = begin
    end = begin + size
    count = np.int64(0)
    while at < end:
        offsets[count] = at - begin
        length = np.int64(load_int32(at)) if end - at >= 5 else np.int64(0)
        if length < 5 or length > end - at or load_uint8(at + length - 1) != 0:
            return count, 1
        if count == len(kinds):
            return count, 3
        low, high = murmur3(at, length)
        hashes[count, 0] = low
        hashes[count, 1] = high
        kind, place = _find(at + 4, at + length - 1, _ID, 0, 3)
        if kind <= 0:
            return count, (1 if kind < 0 else 2)
        kinds[count] = kind
        places[count] = place - begin
        sizes[count] = _key_size(kind, place)
        if kind == OBJECT_ID:
            write_object_id(place, into + OBJECT_ID_TEXT * count)
        event_times[count] = NO_EVENT_TIME
        if len(steps) > 1:
            event_times[count], sound = _event_time(at + 4, at + length - 1, path, steps)
            if not sound:
                return count, 1
        at += length
        count += 1
    offsets[count] = at - begin
    return count, 0


@kernel
def end_of_value(begin, start, kind, end):
    """The offset at which a value ends that the pass has found sound."""
    return value_end(kind, begin + start, begin + end) - begin


@kernel
def write_keys(begin, kinds, places, sizes, exotic, starts, text):
    """Write each `_id`'s text at its start; those of `exotic` were written before."""
    target = address_of(text)
    for i in range(len(kinds)):
        if exotic[i]:
            continue
        at = begin + places[i]
        into = target + np.int64(starts[i])
        kind = kinds[i]
        if kind == OBJECT_ID:
            write_object_id(at, into)
        elif kind == INT32:
            write_integer(np.int64(load_int32(at)), into, sizes[i])
        elif kind == INT64:
            write_integer(load_int64(at), into, sizes[i])
        elif kind == BINARY:
            write_uuid(at + 5, into)
        else:
            for j in range(sizes[i]):
                store_uint8(into + j, load_uint8(at + 4 + j))
