"""Writing ObjectIds, UUIDs and integers as text.

Belongs here: the characters. Does not: which text stands for what.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import inlined, kernel, load_uint8, load_uint64, store_uint8, store_uint64

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_DASH = 45


@inlined
def _hex(word):
    """The eight hex digits of the four low bytes of a little-endian word, as a word."""
    word &= np.uint64(0xFFFFFFFF)
    word = (word | (word << np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    word = (word | (word << np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    word = ((word >> np.uint64(4)) | (word << np.uint64(8))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    letters = ((word + np.uint64(0x0606060606060606)) >> np.uint64(4)) & np.uint64(0x0101010101010101)
    return word + np.uint64(0x3030303030303030) + letters * np.uint64(39)


@inlined
def write_object_id(at, into):
    """Write the 24 hex digits of an ObjectId."""
    first = load_uint64(at)
    last = load_uint64(at + 4) >> np.uint64(32)
    store_uint64(into, _hex(first))
    store_uint64(into + 8, _hex(first >> np.uint64(32)))
    store_uint64(into + 16, _hex(last))


@kernel
def write_uuid(at, into):
    """Write the 36 characters of a UUID."""
    for i in range(16):
        if i == 4 or i == 6 or i == 8 or i == 10:
            store_uint8(into, np.uint8(_DASH))
            into += 1
        byte = load_uint8(at + i)
        store_uint8(into, _HEX[byte >> 4])
        store_uint8(into + 1, _HEX[byte & 15])
        into += 2


@kernel
def write_integer(value, into, size):
    """Write an int64 in decimal; `size` is what `digits` says."""
    rest = _magnitude(value)
    first = into
    if value < 0:
        store_uint8(into, np.uint8(_DASH))
        first += 1
    at = into + size
    while at > first:
        at -= 1
        store_uint8(at, np.uint8(48 + np.int64(rest % np.uint64(10))))
        rest //= np.uint64(10)


@kernel
def _magnitude(value):
    """The absolute value, which for the least integer only an unsigned word holds."""
    return np.uint64(value) if value >= 0 else np.uint64(-(value + 1)) + np.uint64(1)


@kernel
def digits(value):
    """How many characters an integer has in decimal."""
    count = 1 if value >= 0 else 2
    rest = _magnitude(value) // np.uint64(10)
    while rest > 0:
        count += 1
        rest //= np.uint64(10)
    return count
