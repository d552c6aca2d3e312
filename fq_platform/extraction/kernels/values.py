"""Putting one value into its column's memory, exactly, or finding that it does not fit.

Belongs here: what each kind of column takes. Does not: finding the column, containers.
"""

import numpy as np

from fq_platform.extraction.kernels import elements as bson
from fq_platform.extraction.kernels.compiled import (
    inlined,
    kernel,
    load_float64,
    load_int32,
    load_int64,
    load_uint8,
    load_uint64,
    store_float64,
    store_int32,
    store_int64,
    store_uint8,
    store_uint64,
)
from fq_platform.extraction.kernels.decimals import from_decimal128, from_double, from_integer
from fq_platform.extraction.kernels.elements import is_utf8
from fq_platform.extraction.kernels.layout import (
    BINARIES,
    BOOLEANS,
    CODES,
    DATA,
    DATES,
    DECIMALS,
    DOUBLES,
    ENDS,
    LIMIT_HIGH,
    LIMIT_LOW,
    LONGS,
    OBJECT_IDS,
    PARAMETER,
    ROOM,
    STRINGS,
    SYMBOLS,
    TIMESTAMPS,
    USED,
    UUIDS,
)
from fq_platform.extraction.kernels.names import cell, put_cell
from fq_platform.extraction.kernels.texts import write_object_id, write_uuid

FITS, DOES_NOT, NO_ROOM, UNSOUND = range(4)

FIRST_DATE = -62_135_596_800_000
LAST_DATE = 253_402_300_799_999
"""The instants that columns hold: the years 1 to 9999 (milliseconds since 1970, UTC)."""
_WHOLE_IN_DOUBLE = 2**53
_HIGH_BITS = np.uint64(0x8080808080808080)
_OLD_BINARY = 2
_UUID_SUBTYPE = 4


@inlined
def copy_text(at, stop, limit, node, ends, begin, room, used, arena, row):
    """Append bytes to the texts of a row: FITS, NO_ROOM, or DOES_NOT if they are not UTF-8."""
    size = stop - at
    taken = cell(node, used)
    if taken + size > cell(node, room):
        return NO_ROOM
    into = arena + cell(node, begin) + taken
    high = np.uint64(0)
    done = np.int64(0)
    if at + size + 8 <= limit:  # whole words: what they hold too much is written over, or is slack
        while done + 8 <= size:
            word = load_uint64(at + done)
            high |= word
            store_uint64(into + done, word)
            done += 8
        word = load_uint64(at + done)
        high |= word & ((np.uint64(1) << np.uint64(8 * (size - done))) - np.uint64(1))
        store_uint64(into + done, word)
    else:
        while done < size:
            byte = load_uint8(at + done)
            high |= np.uint64(byte) & np.uint64(128)
            store_uint8(into + done, byte)
            done += 1
    if high & _HIGH_BITS and not is_utf8(at, stop):
        return DOES_NOT
    put_cell(node, used, taken + size)
    store_int32(arena + cell(node, ends) + 4 * row, np.int32(taken + size))
    return FITS


@kernel
def _copy_bytes(at, stop, node, arena, row):
    size = stop - at
    taken = cell(node, USED)
    if taken + size > cell(node, ROOM):
        return NO_ROOM
    into = arena + cell(node, DATA) + taken
    for i in range(size):
        store_uint8(into + i, load_uint8(at + i))
    put_cell(node, USED, taken + size)
    store_int32(arena + cell(node, ENDS) + 4 * row, np.int32(taken + size))
    return FITS


@inlined
def _reserve(size, node, arena, row):
    """Where a text of known size goes, or -1 if there is no room."""
    taken = cell(node, USED)
    if taken + size > cell(node, ROOM):
        return np.int64(-1)
    put_cell(node, USED, taken + size)
    store_int32(arena + cell(node, ENDS) + 4 * row, np.int32(taken + size))
    return arena + cell(node, DATA) + taken


@inlined
def _put_long(kind, at, into):
    if kind == bson.INT32:
        store_int64(into, np.int64(load_int32(at)))
        return FITS
    if kind == bson.INT64:
        store_int64(into, load_int64(at))
        return FITS
    if kind == bson.DOUBLE:
        value = load_float64(at)
        if -(2.0**63) <= value < 2.0**63 and value == np.floor(value):
            store_int64(into, np.int64(value))
            return FITS
    return DOES_NOT


@inlined
def _put_double(kind, at, into):
    if kind == bson.DOUBLE:
        store_int64(into, load_int64(at))
        return FITS
    if kind == bson.INT32 or kind == bson.INT64:
        whole = load_int64(at) if kind == bson.INT64 else np.int64(load_int32(at))
        if -_WHOLE_IN_DOUBLE <= whole <= _WHOLE_IN_DOUBLE:
            store_float64(into, np.float64(whole))
            return FITS
    return DOES_NOT


@kernel
def _put_decimal(kind, at, into, scale, limit_low, limit_high):
    if kind == bson.DECIMAL128:
        fits, low, high = from_decimal128(load_uint64(at), load_uint64(at + 8), scale, limit_low, limit_high)
    elif kind == bson.INT32:
        fits, low, high = from_integer(np.int64(load_int32(at)), scale, limit_low, limit_high)
    elif kind == bson.INT64:
        fits, low, high = from_integer(load_int64(at), scale, limit_low, limit_high)
    elif kind == bson.DOUBLE:
        fits, low, high = from_double(load_float64(at), scale, limit_low, limit_high)
    else:
        return DOES_NOT
    if not fits:
        return DOES_NOT
    store_uint64(into, low)
    store_uint64(into + 8, high)
    return FITS


@kernel
def _put_binary(at, subtype, node, arena, row):
    length = np.int64(load_int32(at))
    start = at + 5
    stop = start + length
    if load_uint8(at + 4) != subtype:
        return DOES_NOT
    if subtype == _OLD_BINARY:  # it repeats its length
        if length < 4 or np.int64(load_int32(start)) != length - 4:
            return DOES_NOT
        start += 4
    return _copy_bytes(start, stop, node, arena, row)


@inlined
def put_value(kind, at, end, limit, want, node, arena, row):
    """Put a value that is no container into the row of its column.

    Returns:
        (outcome, after): FITS and where the next element begins; DOES_NOT; NO_ROOM; or UNSOUND if it is malformed.
    """
    after = bson.value_end(kind, at, end)
    if after < 0:
        return UNSOUND, after
    outcome = DOES_NOT
    if want == STRINGS or want == SYMBOLS or want == CODES:
        wanted = bson.STRING if want == STRINGS else (bson.SYMBOL if want == SYMBOLS else bson.CODE)
        if kind == wanted:
            outcome = copy_text(at + 4, after - 1, limit, node, ENDS, DATA, ROOM, USED, arena, row)
    elif want == LONGS:
        outcome = _put_long(kind, at, arena + cell(node, DATA) + 8 * row)
    elif want == DATES:
        if kind == bson.DATE:
            milliseconds = load_int64(at)
            if FIRST_DATE <= milliseconds <= LAST_DATE:
                store_int64(arena + cell(node, DATA) + 8 * row, milliseconds * 1000)
                outcome = FITS
    elif want == DECIMALS:
        outcome = _put_decimal(
            kind,
            at,
            arena + cell(node, DATA) + 16 * row,
            cell(node, PARAMETER),
            np.uint64(cell(node, LIMIT_LOW)),
            np.uint64(cell(node, LIMIT_HIGH)),
        )
    elif want == DOUBLES:
        outcome = _put_double(kind, at, arena + cell(node, DATA) + 8 * row)
    elif want == OBJECT_IDS:
        if kind == bson.OBJECT_ID:
            into = _reserve(24, node, arena, row)
            outcome = FITS if into >= 0 else NO_ROOM
            if into >= 0:
                write_object_id(at, into)
    elif want == BOOLEANS:
        if kind == bson.BOOLEAN:
            truth = load_uint8(at)
            outcome = FITS if truth <= 1 else UNSOUND
            store_uint8(arena + cell(node, DATA) + row, truth)
    elif want == UUIDS:
        if kind == bson.BINARY and load_int32(at) == 16 and load_uint8(at + 4) == _UUID_SUBTYPE:
            into = _reserve(36, node, arena, row)
            outcome = FITS if into >= 0 else NO_ROOM
            if into >= 0:
                write_uuid(at + 5, into)
    elif want == BINARIES:
        if kind == bson.BINARY:
            outcome = _put_binary(at, cell(node, PARAMETER), node, arena, row)
    elif want == TIMESTAMPS and kind == bson.TIMESTAMP:
        store_int64(arena + cell(node, DATA) + 8 * row, load_int64(at))
        outcome = FITS
    return outcome, after
