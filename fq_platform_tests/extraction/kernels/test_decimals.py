"""Numbers become decimals of a fixed scale exactly when Python's decimal arithmetic says that they can."""

import decimal
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from bson import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from fq_platform.extraction.kernels.decimals import from_decimal128, from_double, from_integer

SCALES = st.sampled_from([0, 2, 12, 20, 38])
PRECISION = 38


@pytest.fixture(autouse=True, scope="module")
def _exact() -> Any:
    with decimal.localcontext(decimal.Context(prec=1_500)):
        yield


def words(value: int) -> tuple[np.uint64, np.uint64]:
    return np.uint64(value % 2**64), np.uint64(value >> 64)


def found(result: tuple[bool, Any, Any]) -> int | None:
    fits, low, high = result
    value = int(low) | int(high) << 64
    return None if not fits else value - (1 << 128) if value >> 127 else value


def expected(value: Decimal, scale: int) -> int | None:
    if not value.is_finite():
        return None
    with decimal.localcontext(decimal.Context(prec=7_000)):
        scaled = value.scaleb(scale)
        whole = int(scaled) if abs(scaled) < 10**PRECISION else None
        return whole if whole is not None and scaled == whole else None


@settings(deadline=None)
@given(st.integers(-(10**34) + 1, 10**34 - 1), st.integers(-60, 45) | st.sampled_from([-6176, 6111]), SCALES)
def test_decimal128(coefficient: int, exponent: int, scale: int) -> None:
    digits = tuple(map(int, str(abs(coefficient))))
    value = Decimal128(Decimal((int(coefficient < 0), digits, exponent)))
    low, high = (np.uint64(int.from_bytes(part, "little")) for part in (value.bid[:8], value.bid[8:]))

    assert found(from_decimal128(low, high, scale, *words(10**PRECISION))) == expected(value.to_decimal(), scale)


@settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1), SCALES)
def test_integer(value: int, scale: int) -> None:
    assert found(from_integer(np.int64(value), scale, *words(10**PRECISION))) == expected(Decimal(value), scale)


@settings(deadline=None)
@given(st.floats() | st.integers(-(10**9), 10**9).map(lambda n: n / 1024) | st.integers().map(float), SCALES)
def test_double(value: float, scale: int) -> None:
    assert found(from_double(value, scale, *words(10**PRECISION))) == expected(Decimal(value), scale)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "sNaN"])
def test_what_is_no_number(text: str) -> None:
    bid = Decimal128(text).bid
    low, high = (np.uint64(int.from_bytes(part, "little")) for part in (bid[:8], bid[8:]))

    assert found(from_decimal128(low, high, 12, *words(10**PRECISION))) is None


def test_limit_is_that_of_the_precision() -> None:
    assert found(from_integer(np.int64(999), 1, *words(10**4))) == 9_990
    assert found(from_integer(np.int64(1000), 1, *words(10**4))) is None
