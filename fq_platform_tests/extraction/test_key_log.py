"""Keys come back in the order of their hashes, equal ones side by side, from memory and from disk."""

import numpy as np
import pytest

from fq_platform.extraction import key_log
from fq_platform.extraction.key_log import KeyLog


def some_keys(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63, (count, 2)).astype(np.uint64)


@pytest.mark.parametrize("in_memory", [1_000, 7], ids=["in memory", "on disk"])
@pytest.mark.parametrize("slice_", [1_000, 5], ids=["one slice", "several slices"])
def test_all_keys_come_back_with_who_met_them(monkeypatch: pytest.MonkeyPatch, in_memory: int, slice_: int) -> None:
    monkeypatch.setattr(key_log, "IN_MEMORY", in_memory)
    monkeypatch.setattr(key_log, "SLICE", slice_)
    log, keys = KeyLog(), some_keys(1, 12)
    log.add(0, keys[:5])
    log.add(1, keys[5:])
    assert len(list(log.slices())) == (1 if slice_ > 12 else 3)
    log.add(2, keys[3:4])

    slices = list(log.slices())
    log.close()

    assert len(log) == 13
    found = sorted(
        (int(low), int(high), int(by))
        for part in slices
        for low, high, by in zip(part.low, part.high, part.met_by, strict=True)
    )
    expected = [(int(low), int(high), int(number >= 5)) for number, (low, high) in enumerate(keys)]
    assert found == sorted([*expected, (int(keys[3, 0]), int(keys[3, 1]), 2)])
    assert all((part.low[1:] >= part.low[:-1]).all() for part in slices)
    (with_equals,) = (part for part in slices if (part.find(keys[3:4]) >= 0).all())
    assert (with_equals.low == keys[3, 0]).sum() == 2


def test_keys_are_found_by_both_halves_of_their_hash() -> None:
    log, keys = KeyLog(), some_keys(2, 50)
    log.add(0, keys)
    (part,) = log.slices()

    at = part.find(keys)
    assert (part.low[at] == keys[:, 0]).all()
    assert (part.find(keys ^ np.array([0, 1], np.uint64)) == -1).all()
    assert (part.find(some_keys(3, 50)) == -1).all()
    assert (part.take(np.zeros(50, np.bool_)).find(keys) == -1).all()
    assert list(KeyLog().slices()) == []
