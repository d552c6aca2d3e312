"""Feeds damaged batches to the compiled decoder: `python -m fq_platform_tests.extraction.fuzz FIRST_SEED SEEDS`.

Belongs here: the damage, and what may come of it. Does not: the test that starts this (`test_decoder_fuzz.py`), in a
process of its own so that a crash is seen as such.
"""

import random
import struct
import sys

import pyarrow as pa

from fq_platform.extraction.batch import CorruptDocumentError, index
from fq_platform.extraction.bson_values import BsonError, Document, walk
from fq_platform.extraction.decoder import Decoder
from fq_platform_tests.extraction.corpus import CORPUS
from fq_platform_tests.extraction.encoding import encode
from fq_platform_tests.extraction.test_decoder_oracle import expected, rows_of

DOCUMENTS = [data for data in map(encode, CORPUS) if len(data) < 3_000]
_LIES = [0, 1, 4, 5, 13, 14, 127, 128, 255, 256, 65_535, 2**24, 2**31 - 1, -1, -4, -(2**31)]


def damage(data: bytearray, chance: random.Random) -> None:
    """Change a batch in one of the ways in which bytes go wrong."""
    match chance.randrange(6):
        case 0:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 1:
            data[chance.randrange(len(data))] = chance.choice([0, 1, 2, 3, 4, 5, 15, 16, 18, 19, 127, 128, 255])
        case 2:
            del data[chance.randrange(len(data)) :]
        case 3:
            at = chance.randrange(max(len(data) - 4, 1))
            data[at : at + 4] = struct.pack("<i", chance.choice(_LIES))
        case 4:
            at = chance.randrange(max(len(data) - 4, 1))
            (length,) = struct.unpack("<i", (bytes(data[at : at + 4]) + bytes(4))[:4])
            data[at : at + 4] = struct.pack("<i", max(min(length + chance.randint(-3, 3), 2**31 - 1), -(2**31)))
        case 5:
            at, other = chance.randrange(len(data)), chance.choice(DOCUMENTS)
            data[at:at] = other[chance.randrange(len(other)) :][: chance.randrange(20)]


def attempt(decoder: Decoder, chance: random.Random) -> str:
    """Damage a batch and decode it."""
    data = bytearray(b"".join(chance.choice(DOCUMENTS) for _ in range(chance.randint(1, 4))))
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        if data:
            damage(data, chance)
    try:
        batch = index(bytes(data), chance.choice([None, "t", "v.a", "l"]))
        batch.keys.validate(full=True)
        documents = [_walk(batch.document(row)) for row in range(len(batch))]
        decoded = decoder.decode(batch)
    except CorruptDocumentError as error:
        return "refused" if "ocument" in error.what else f"refused without a name: {error}"
    rows = rows_of(decoded)
    decoded.rescued.validate(full=True)
    decoded.nulls.validate(full=True)
    for row, document in zip(rows, documents, strict=True):
        if document is None:
            return "lenient"
        (wanted,) = expected([document], decoder.schema)
        assert row == wanted
    return "decoded"


def _walk(data: bytes) -> Document | None:
    try:
        return walk(data)
    except BsonError:
        return None


def main(first: int, seeds: int) -> None:
    outcomes: dict[str, int] = {}
    decoder = Decoder(pa.schema([]), {})
    for seed in range(first, first + seeds):
        if seed % 50 == 0:  # between, one that has met corrupt batches must go on as if nothing had been
            decoder = Decoder(pa.schema([]), {})
        try:
            outcome = attempt(decoder, random.Random(seed))
        except BaseException:
            print(f"seed {seed}", flush=True)  # noqa: T201 - told to the test
            raise
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print(outcomes)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
