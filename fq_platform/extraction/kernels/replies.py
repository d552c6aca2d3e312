"""The documents of a BSON array, one behind the other.

Belongs here: the loop. Does not: where the array stands in a reply (`extraction/raw_batches.py`).
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import (
    address_of,
    kernel,
    load_int32,
    load_uint8,
    load_uint64,
    store_uint8,
    store_uint64,
)

_DOCUMENT = 3


@kernel
def documents_in(array, out):
    """Copy the documents of an array (uint8) to `out`, one behind the other; returns their size in bytes.

    `out` is as long as the array, and may be the array itself: each document moves towards the beginning.
    Returns -1 if the array is malformed or has elements that are no documents.
    """
    source, target = address_of(array), address_of(out)
    if len(array) < 5 or load_int32(source) != len(array):
        return np.int64(-1)
    at, end, done = np.int64(4), len(array) - 1, np.int64(0)
    while at < end:
        if load_uint8(source + at) != _DOCUMENT:
            return np.int64(-1)
        while at < end and load_uint8(source + at) != 0:
            at += 1
        at += 1
        if at + 4 > end:
            return np.int64(-1)
        length = np.int64(load_int32(source + at))
        if length < 5 or at + length > end:
            return np.int64(-1)
        words = length & ~np.int64(7)
        for i in range(0, words, 8):
            store_uint64(target + done + i, load_uint64(source + at + i))
        for i in range(words, length):
            store_uint8(target + done + i, load_uint8(source + at + i))
        done += length
        at += length
    return done
