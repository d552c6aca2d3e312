"""The first pass over a batch: where documents lie, their hashes, keys and event times.

Belongs here: what is needed of every document, changed or not. Does not: decoding their fields.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import kernel, load_int32, load_int64, load_uint64, store_uint64
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

NO_EVENT_TIME = np.int64(-(2**63))
EXOTIC = -1
_UUID = 4
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_ID = np.frombuffer(b"_id", np.uint8)
_TRUE = np.frombuffer(b"true", np.uint8)
_FALSE = np.frombuffer(b"false", np.uint8)
_NULL = np.frombuffer(b"null", np.uint8)


@kernel
def _same(data, at, end, text, first, last):
    if end - at != last - first:
        return False
    for i in range(last - first):
        if data[at + i] != text[first + i]:
            return False
    return True


@kernel
def _find(data, at, end, text, first, last):
    """The type and offset of the first value named `text[first:last]` among elements; type 0 if there is none."""
    while at < end:
        kind = np.int64(data[at])
        stop = name_end(data, at + 1, end)
        if stop < 0:
            return np.int64(CORRUPT), at
        value = stop + 1
        after = value_end(data, kind, value, end)
        if after < 0:
            return np.int64(CORRUPT), value
        if _same(data, at + 1, stop, text, first, last):
            return kind, value
        at = after
    return np.int64(0), at


@kernel
def _event_time(data, at, end, path, steps):
    """The date at a path of names in milliseconds, or that there is none; and whether the elements were well-formed."""
    for step in range(len(steps) - 1):
        kind, at = _find(data, at, end, path, steps[step], steps[step + 1])
        if kind < 0:
            return NO_EVENT_TIME, False
        last = step == len(steps) - 2
        if last:
            return (load_int64(data, at) if kind == DATE else NO_EVENT_TIME), True
        if kind != DOCUMENT:
            break
        end = at + np.int64(load_int32(data, at)) - 1
        at += 4
    return NO_EVENT_TIME, True


@kernel
def _is_digits(data, at, end):
    if at < end and data[at] == 45:
        at += 1
    if at == end:
        return False
    for i in range(at, end):
        if data[i] < 48 or data[i] > 57:
            return False
    return True


@kernel
def _may_be_taken(data, at, end):
    """Whether a string could be the text of another key, so that Python's rule must decide; a generous guess."""
    size = end - at
    if size == 0:
        return False
    first = data[at]
    if first == 34 or first == 91 or first == 123:
        return True
    if size == 24 or size == 36:
        return True
    if size <= 20 and _is_digits(data, at, end):
        return True
    return _same(data, at, end, _TRUE, 0, 4) or _same(data, at, end, _FALSE, 0, 5) or _same(data, at, end, _NULL, 0, 4)


@kernel
def _magnitude(value):
    """The absolute value, which for the least integer only an unsigned word holds."""
    return np.uint64(value) if value >= 0 else np.uint64(-(value + 1)) + np.uint64(1)


@kernel
def _digits(value):
    """How many characters an integer has in decimal."""
    count = 1 if value >= 0 else 2
    rest = _magnitude(value) // np.uint64(10)
    while rest > 0:
        count += 1
        rest //= np.uint64(10)
    return count


@kernel
def _key_size(data, kind, at):
    """The size of an `_id`'s text in bytes; EXOTIC if Python has to write it."""
    if kind == OBJECT_ID:
        return 24
    if kind == INT32:
        return _digits(np.int64(load_int32(data, at)))
    if kind == INT64:
        return _digits(load_int64(data, at))
    if kind == BINARY:
        return 36 if load_int32(data, at) == 16 and data[at + 4] == _UUID else EXOTIC
    if kind == STRING:
        start = at + 4
        end = start + np.int64(load_int32(data, at)) - 1
        if not _may_be_taken(data, start, end) and is_utf8(data, start, end):
            return end - start
    return EXOTIC


@kernel
def index_documents(data, path, steps, offsets, hashes, event_times, kinds, places, sizes):
    """Fill the arrays, a row a document, in one pass.

    Returns:
        How many documents there are, and what stopped the pass at the one after them: 0 nothing, 1 it is corrupt,
        2 it has no `_id`, 3 the arrays have no room for it.
    """
    at = np.int64(0)
    size = np.int64(len(data))
    count = np.int64(0)
    while at < size:
        offsets[count] = at
        length = np.int64(load_int32(data, at)) if size - at >= 5 else np.int64(0)
        if length < 5 or length > size - at or data[at + length - 1] != 0:
            return count, 1
        if count == len(kinds):
            return count, 3
        low, high = murmur3(data, at, length)
        hashes[count, 0] = low
        hashes[count, 1] = high
        kind, place = _find(data, at + 4, at + length - 1, _ID, 0, 3)
        if kind <= 0:
            return count, (1 if kind < 0 else 2)
        kinds[count] = kind
        places[count] = place
        sizes[count] = _key_size(data, kind, place)
        event_times[count] = NO_EVENT_TIME
        if len(steps) > 1:
            event_times[count], sound = _event_time(data, at + 4, at + length - 1, path, steps)
            if not sound:
                return count, 1
        at += length
        count += 1
    offsets[count] = at
    return count, 0


@kernel
def _hex(word):
    """The eight hex digits of the four low bytes of a little-endian word, as a word."""
    word &= np.uint64(0xFFFFFFFF)
    word = (word | (word << np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    word = (word | (word << np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    word = ((word >> np.uint64(4)) | (word << np.uint64(8))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    letters = ((word + np.uint64(0x0606060606060606)) >> np.uint64(4)) & np.uint64(0x0101010101010101)
    return word + np.uint64(0x3030303030303030) + letters * np.uint64(39)


@kernel
def write_object_id(data, at, text, into):
    """Write the 24 hex digits of an ObjectId."""
    first = load_uint64(data, at)
    last = load_uint64(data, at + 4) >> np.uint64(32)
    store_uint64(text, into, _hex(first))
    store_uint64(text, into + 8, _hex(first >> np.uint64(32)))
    store_uint64(text, into + 16, _hex(last))


@kernel
def write_uuid(data, at, text, into):
    """Write the 36 characters of a UUID."""
    for i in range(16):
        if i == 4 or i == 6 or i == 8 or i == 10:
            text[into] = 45
            into += 1
        text[into] = _HEX[data[at + i] >> 4]
        text[into + 1] = _HEX[data[at + i] & 15]
        into += 2


@kernel
def _write_integer(value, text, into, size):
    rest = _magnitude(value)
    first = into
    if value < 0:
        text[into] = 45
        first += 1
    at = into + size
    while at > first:
        at -= 1
        text[at] = 48 + np.int64(rest % np.uint64(10))
        rest //= np.uint64(10)


@kernel
def write_keys(data, kinds, places, sizes, exotic, starts, text):
    """Write each `_id`'s text at its start; those of `exotic` were written before."""
    for i in range(len(kinds)):
        if exotic[i]:
            continue
        at = places[i]
        into = np.int64(starts[i])
        kind = kinds[i]
        if kind == OBJECT_ID:
            write_object_id(data, at, text, into)
        elif kind == INT32:
            _write_integer(np.int64(load_int32(data, at)), text, into, sizes[i])
        elif kind == INT64:
            _write_integer(load_int64(data, at), text, into, sizes[i])
        elif kind == BINARY:
            write_uuid(data, at + 5, text, into)
        else:
            for j in range(sizes[i]):
                text[into + j] = data[at + 4 + j]
