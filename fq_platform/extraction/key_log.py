"""Keys of documents, remembered by their hashes with the comparison that met them, in bounded memory.

Belongs here: keeping them, on disk if they are many, and giving them back in slices. Does not: what they tell
(`moves.py`).
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fq_platform.extraction.compare import Hashes

IN_MEMORY = 4_000_000
"""So many keys are held in memory (16 bytes each); more are put aside in a temporary file."""
SLICE = 4_000_000
"""About how many keys a slice has (20 bytes each)."""
_HASH_BYTES = 16


@dataclass(frozen=True)
class Slice:
    """Some of the keys, and all that equal any of them, in the order of their hashes.

    Args:
        low: One half of each hash (shape: n), ascending.
        high: The other half (shape: n).
        met_by: The number of the comparison that met it (shape: n).
    """

    low: npt.NDArray[np.uint64]
    high: npt.NDArray[np.uint64]
    met_by: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.low)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Slice":
        """Some of the keys, by a mask or by ascending positions."""
        return Slice(self.low[chosen], self.high[chosen], self.met_by[chosen])

    def find(self, keys: Hashes) -> npt.NDArray[np.int64]:
        """Where keys stand in the slice.

        Args:
            keys: Key hashes (shape: (n, 2)).

        Returns:
            The position of the first that is equal, -1 where there is none (shape: n).
        """
        if not len(self):
            return np.full(len(keys), -1, np.int64)
        at = np.minimum(np.searchsorted(self.low, keys[:, 0]), len(self) - 1)
        return np.where((self.low[at] == keys[:, 0]) & (self.high[at] == keys[:, 1]), at, -1)


class KeyLog:
    """Takes in keys from one thread, and gives them back."""

    def __init__(self) -> None:
        self._waiting: list[Hashes] = []
        self._runs: list[tuple[int, int]] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._in_memory = 0
        self._on_disk = 0

    def __len__(self) -> int:
        return sum(count for _, count in self._runs)

    def add(self, met_by: int, keys: Hashes) -> None:
        """Remember keys.

        Args:
            met_by: The number of the comparison that met them.
            keys: Their hashes (shape: (n, 2)).
        """
        self._waiting.append(keys)
        self._runs.append((met_by, len(keys)))
        self._in_memory += len(keys)
        if self._in_memory > IN_MEMORY:
            self._put_aside()

    def _put_aside(self) -> None:
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="fq-keys-")
        with self._path.open("ab") as file:
            for keys in self._waiting:
                file.write(np.ascontiguousarray(keys).data)
        self._waiting, self._in_memory = [], 0
        self._on_disk = len(self._runs)

    @property
    def _path(self) -> Path:
        if self._folder is None:
            raise RuntimeError("nothing was put aside")
        return Path(self._folder.name) / "keys"

    def close(self) -> None:
        """Remove what was put aside."""
        if self._folder is not None:
            self._folder.cleanup()

    def slices(self) -> Iterator[Slice]:
        """All keys, in as few slices as memory allows; equal keys are in the same slice."""
        if not len(self):
            return
        number = -(-len(self) // SLICE)
        for which in range(number):
            found: list[Hashes] = []
            met_by: list[npt.NDArray[np.int32]] = []
            for comparison, keys in self._read():
                chosen = keys if number == 1 else keys[keys[:, 1] % number == which]
                found.append(chosen)
                met_by.append(np.full(len(chosen), comparison, np.int32))
            keys, numbers = np.concatenate(found), np.concatenate(met_by)
            order = np.argsort(keys[:, 0])
            yield Slice(keys[order, 0], keys[order, 1], numbers[order])

    def _read(self) -> Iterator[tuple[int, Hashes]]:
        """What was added, in order."""
        if self._on_disk:
            with self._path.open("rb") as file:
                for comparison, count in self._runs[: self._on_disk]:
                    yield comparison, np.frombuffer(file.read(_HASH_BYTES * count), np.uint64).reshape(-1, 2)
        for (comparison, _), keys in zip(self._runs[self._on_disk :], self._waiting, strict=True):
            yield comparison, keys
