"""MurmurHash3 x64 128: the content hash of documents and of keys.

Belongs here: the hash, over one stretch of bytes or over each text of a column. Does not: what it is used for.
Algorithm and constants: Austin Appleby's MurmurHash3, which is in the public domain.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.extraction.kernels.compiled import inlined, kernel, load_uint8, load_uint64

_C1 = np.uint64(0x87C37B91114253D5)
_C2 = np.uint64(0x4CF5AD432745937F)
_FINAL_1 = np.uint64(0xFF51AFD7ED558CCD)
_FINAL_2 = np.uint64(0xC4CEB9FE1A85EC53)
_FIVE = np.uint64(5)
_ADD_1 = np.uint64(0x52DCE729)
_ADD_2 = np.uint64(0x38495AB5)


@inlined
def _rotate(word, by):
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


@inlined
def _mix_1(word):
    return _rotate(word * _C1, 31) * _C2


@inlined
def _mix_2(word):
    return _rotate(word * _C2, 33) * _C1


@inlined
def _finish(word):
    word = (word ^ (word >> np.uint64(33))) * _FINAL_1
    word = (word ^ (word >> np.uint64(33))) * _FINAL_2
    return word ^ (word >> np.uint64(33))


@kernel
def murmur3(start, size):
    """The hash of `load_uint8(start:start + size)`, as two uint64; the stretch must lie within the array of bytes."""
    low = np.uint64(0)
    high = np.uint64(0)
    at = start
    end = start + size
    while at + 16 <= end:
        low = (_rotate(low ^ _mix_1(load_uint64(at)), 27) + high) * _FIVE + _ADD_1
        high = (_rotate(high ^ _mix_2(load_uint64(at + 8)), 31) + low) * _FIVE + _ADD_2
        at += 16
    if at < end:
        first = np.uint64(0)
        second = np.uint64(0)
        for i in range(end - at):
            if i < 8:
                first |= np.uint64(load_uint8(at + i)) << np.uint64(8 * i)
            else:
                second |= np.uint64(load_uint8(at + i)) << np.uint64(8 * (i - 8))
        low ^= _mix_1(first)
        high ^= _mix_2(second)
    low ^= np.uint64(size)
    high ^= np.uint64(size)
    low += high
    high += low
    low = _finish(low)
    high = _finish(high)
    low += high
    high += low
    return low, high


@kernel
def murmur3_each(begin, offsets, hashes):
    """Fill `hashes` (uint64, shape (n, 2)) with the hash of each stretch between two offsets from an address."""
    for i in range(len(offsets) - 1):
        low, high = murmur3(begin + np.int64(offsets[i]), np.int64(offsets[i + 1]) - np.int64(offsets[i]))
        hashes[i, 0] = low
        hashes[i, 1] = high


def murmur3_strings(texts: pa.StringArray) -> npt.NDArray[np.uint64]:
    """The hash of each text's UTF-8.

    Args:
        texts: A column without nulls (shape: n).

    Returns:
        Hashes (shape: (n, 2)); a row's 16 bytes are the digest.
    """
    hashes = np.empty((len(texts), 2), np.uint64)
    if len(texts):
        _, offsets, data = texts.buffers()
        # A copy, since kernels are compiled anew for memory that may not be written.
        stops = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].copy()
        murmur3_each(data.address if data is not None else 0, stops, hashes)
    return hashes
