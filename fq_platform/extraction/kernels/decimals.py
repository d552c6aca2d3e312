"""Exact decimals of a fixed scale, as two words of a 128-bit integer.

Belongs here: turning BSON numbers into them, or finding that they do not fit. Does not: reading documents.
Decimal128: IEEE 754-2008 in the binary integer encoding that BSON prescribes.
"""

import numpy as np

from fq_platform.extraction.kernels.compiled import kernel

_POWERS = np.array([10**n for n in range(20)], np.uint64)
_FIVES = np.array([5**n for n in range(28)], np.uint64)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_EXPONENT_BIAS = 6176
_MOST_DIGITS = 38
_CANONICAL_HIGH, _CANONICAL_LOW = np.uint64((10**34 - 1) >> 64), np.uint64((10**34 - 1) % 2**64)
"""The greatest coefficient of a Decimal128."""


@kernel
def _times(low, high, factor):
    """A 128-bit number times a word, and whether it still fits 128 bits."""
    first, second = low & _LOW, low >> _HALF
    f0, f1 = factor & _LOW, factor >> _HALF
    p00 = first * f0
    p01 = first * f1
    p10 = second * f0
    middle = (p00 >> _HALF) + (p01 & _LOW) + (p10 & _LOW)
    out_low = (p00 & _LOW) | (middle << _HALF)
    carry = second * f1 + (p01 >> _HALF) + (p10 >> _HALF) + (middle >> _HALF)
    if high == 0:
        return out_low, carry, True
    h0, h1 = high & _LOW, high >> _HALF
    if h1 * f1 != 0 or (h1 * f0) >> _HALF != 0 or (h0 * f1) >> _HALF != 0:
        return out_low, carry, False
    top = h0 * f0
    cross = ((h1 * f0) << _HALF) + ((h0 * f1) << _HALF)
    if cross < ((h1 * f0) << _HALF):
        return out_low, carry, False
    out_high = top + cross
    if out_high < top:
        return out_low, carry, False
    total = out_high + carry
    return out_low, total, total >= out_high


@kernel
def _tenth(low, high):
    """A 128-bit number divided by ten, and the remainder."""
    ten = np.uint64(10)
    quotient_high = high // ten
    rest = high % ten
    upper = (rest << _HALF) | (low >> _HALF)
    quotient_upper = upper // ten
    rest = upper % ten
    lower = (rest << _HALF) | (low & _LOW)
    return (quotient_upper << _HALF) | (lower // ten), quotient_high, lower % ten


@kernel
def scaled(low, high, shift, limit_low, limit_high):
    """A magnitude times ten to the power of `shift`, if that is a whole number below the limit.

    Returns:
        (fits, low, high).
    """
    while shift < 0:
        if low == 0 and high == 0:
            return True, low, high
        low, high, rest = _tenth(low, high)
        if rest != 0:
            return False, low, high
        shift += 1
    if low == 0 and high == 0:
        return True, low, high
    if shift > _MOST_DIGITS:
        return False, low, high
    while shift > 0:
        step = min(shift, 19)
        low, high, fits = _times(low, high, _POWERS[step])
        if not fits:
            return False, low, high
        shift -= step
    return high < limit_high or (high == limit_high and low < limit_low), low, high


@kernel
def signed(negative, low, high):
    """The two's complement of a magnitude."""
    if not negative:
        return low, high
    low = ~low + np.uint64(1)
    return low, ~high + (np.uint64(1) if low == 0 else np.uint64(0))


@kernel
def from_decimal128(word_low, word_high, scale, limit_low, limit_high):
    """A Decimal128 at a scale: (fits, low, high); NaN, infinities and what needs rounding do not fit."""
    combination = (word_high >> np.uint64(61)) & np.uint64(3)
    if combination == 3:
        return False, word_low, word_high
    exponent = np.int64((word_high >> np.uint64(49)) & np.uint64(0x3FFF)) - _EXPONENT_BIAS
    high = word_high & np.uint64(0x1FFFFFFFFFFFF)
    if high > _CANONICAL_HIGH or (high == _CANONICAL_HIGH and word_low > _CANONICAL_LOW):
        return False, word_low, high  # such bits mean zero; rescued, they are kept as they are
    fits, low, high = scaled(word_low, high, exponent + scale, limit_low, limit_high)
    if not fits:
        return False, low, high
    low, high = signed(word_high >> np.uint64(63) != 0, low, high)
    return True, low, high


@kernel
def from_integer(value, scale, limit_low, limit_high):
    """An int64 at a scale: (fits, low, high)."""
    magnitude = np.uint64(value) if value >= 0 else np.uint64(-(value + 1)) + np.uint64(1)
    fits, low, high = scaled(magnitude, np.uint64(0), scale, limit_low, limit_high)
    if not fits:
        return False, low, high
    low, high = signed(value < 0, low, high)
    return True, low, high


@kernel
def from_double(value, scale, limit_low, limit_high):
    """A double at a scale, if its exact binary value has no more decimals than that: (fits, low, high)."""
    zero = np.uint64(0)
    magnitude = abs(value)
    if not magnitude < 2.0**127:
        return False, zero, zero
    halvings = 0
    while magnitude != np.floor(magnitude):
        if halvings == scale or halvings == 27:
            return False, zero, zero
        magnitude *= 2.0
        halvings += 1
    doublings = 0
    while magnitude >= 2.0**63:
        magnitude /= 2.0
        doublings += 1
    low, high = np.uint64(np.int64(magnitude)), zero
    while doublings > 0:
        high = (high << np.uint64(1)) | (low >> np.uint64(63))
        low <<= np.uint64(1)
        doublings -= 1
    low, high, fits = _times(low, high, _FIVES[halvings])
    if not fits:
        return False, low, high
    fits, low, high = scaled(low, high, scale - halvings, limit_low, limit_high)
    if not fits:
        return False, low, high
    low, high = signed(value < 0, low, high)
    return True, low, high
