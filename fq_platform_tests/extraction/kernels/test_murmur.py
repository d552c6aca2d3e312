"""The compiled hash is MurmurHash3 x64 128."""

import pyarrow as pa
import pytest

from fq_platform.extraction.kernels.murmur import murmur3_strings

PANGRAM = "The quick brown fox jumps over the lazy dog"


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("", "00000000000000000000000000000000"),
        ("hello", "029bbd41b3a7d8cb191dae486a901e5b"),
        (PANGRAM, "6c1b07bc7bbc4be347939ac4a93c437a"),
    ],
)
def test_published_digests(text: str, digest: str) -> None:
    assert murmur3_strings(pa.array([text]))[0].tobytes().hex() == digest


def test_every_length_has_its_own_hash_wherever_the_text_stands() -> None:
    texts = [PANGRAM[:size] for size in range(len(PANGRAM) + 1)]

    hashes = [row.tobytes() for row in murmur3_strings(pa.array(texts))]

    assert len(set(hashes)) == len(texts)
    assert [row.tobytes() for row in murmur3_strings(pa.array(["shift", *texts]).slice(1))] == hashes


def test_column_without_texts() -> None:
    assert murmur3_strings(pa.array([], pa.string())).shape == (0, 2)
