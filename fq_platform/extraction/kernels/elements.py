"""Where BSON elements begin and end, every length checked before it is used.

Belongs here: walking the bytes of one document, and what UTF-8 is. Does not: what the values become. Places are
addresses; nothing is read at or behind an `end`.
The format: https://bsonspec.org/spec.html.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import inlined, kernel, load_int32, load_uint8, load_uint64

DOUBLE, STRING, DOCUMENT, ARRAY, BINARY, UNDEFINED, OBJECT_ID, BOOLEAN, DATE, NULL, REGEX = range(1, 12)
DB_POINTER, CODE, SYMBOL, CODE_WITH_SCOPE, INT32, TIMESTAMP, INT64, DECIMAL128 = range(12, 20)
MAX_KEY, MIN_KEY = 127, 255

CORRUPT = -1
_HIGH_BITS = np.uint64(0x8080808080808080)


@inlined
def name_end(at, end):
    """Where the NUL after a name stands, or CORRUPT if there is none before `end`."""
    while at < end:
        if load_uint8(at) == 0:
            return at
        at += 1
    return CORRUPT


@inlined
def value_end(kind, at, end):
    """Where the element after a value begins, or CORRUPT if the value does not end before `end`.

    The content of documents and arrays is not looked at, only that their length is possible.
    """
    left = end - at
    size = np.int64(-1)
    if kind == DOUBLE or kind == DATE or kind == TIMESTAMP or kind == INT64:
        size = np.int64(8)
    elif kind == STRING or kind == CODE or kind == SYMBOL:
        if left >= 5:
            length = np.int64(load_int32(at))
            if 1 <= length <= left - 4 and load_uint8(at + 3 + length) == 0:
                size = 4 + length
    elif kind == DOCUMENT or kind == ARRAY:
        if left >= 5:
            length = np.int64(load_int32(at))
            if 5 <= length <= left and load_uint8(at + length - 1) == 0:
                size = length
    elif kind == OBJECT_ID:
        size = np.int64(12)
    elif kind == INT32:
        size = np.int64(4)
    elif kind == BOOLEAN:
        size = np.int64(1)
    elif kind == NULL or kind == UNDEFINED or kind == MAX_KEY or kind == MIN_KEY:
        size = np.int64(0)
    elif kind == DECIMAL128:
        size = np.int64(16)
    elif kind == BINARY:
        if left >= 5:
            length = np.int64(load_int32(at))
            if 0 <= length <= left - 5:
                size = 5 + length
    elif kind == REGEX:
        pattern = name_end(at, end)
        if pattern >= 0:
            options = name_end(pattern + 1, end)
            if options >= 0:
                size = options + 1 - at
    elif kind == DB_POINTER:
        if left >= 5:
            length = np.int64(load_int32(at))
            if 1 <= length <= left - 16 and load_uint8(at + 3 + length) == 0:
                size = 16 + length
    elif kind == CODE_WITH_SCOPE and left >= 14:
        length = np.int64(load_int32(at))
        if 14 <= length <= left:
            size = length
    return at + size if 0 <= size <= left else np.int64(CORRUPT)


@kernel
def is_utf8(at, end):
    """Whether the bytes are UTF-8 as the Unicode standard defines it (table 3-7): no surrogates, no overlong forms."""
    while at < end:
        if at + 8 <= end and load_uint64(at) & _HIGH_BITS == 0:
            at += 8
            continue
        first = load_uint8(at)
        if first < 0x80:
            at += 1
            continue
        if 0xC2 <= first <= 0xDF:
            following = 1
        elif 0xE0 <= first <= 0xEF:
            following = 2
        elif 0xF0 <= first <= 0xF4:
            following = 3
        else:
            return False
        if at + following >= end:
            return False
        second = load_uint8(at + 1)
        if (
            (first == 0xE0 and second < 0xA0)
            or (first == 0xED and second > 0x9F)
            or (first == 0xF0 and second < 0x90)
            or (first == 0xF4 and second > 0x8F)
        ):
            return False
        for i in range(1, following + 1):
            if load_uint8(at + i) & 0xC0 != 0x80:
                return False
        at += following + 1
    return True
