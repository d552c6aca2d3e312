"""Where a value stood in its document: the paths of rescued values and of explicit nulls.

Belongs here: from a node and its rows to documents and paths. Does not: the values.
"""

import json
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fq_platform.extraction.kernels import layout
from fq_platform.extraction.kernels.murmur import murmur3_each
from fq_platform.extraction.plan import Integers, Plan


@dataclass(frozen=True)
class Places:
    """Finds the places of rows in one decoded batch.

    Args:
        plan: The plan that it was decoded with.
        arena: The columns' memory (uint8).
        levels: How many rows each level has (int64).
    """

    plan: Plan
    arena: npt.NDArray[np.uint8]
    levels: Integers
    _ends: dict[tuple[int, int], npt.NDArray[np.int32]] = field(default_factory=dict)

    def ends(self, node: int, cell: int, rows: int) -> npt.NDArray[np.int32]:
        """Where each row's stretch begins, and where the last ends (int32, shape: rows + 1).

        Rows without a text or list wrote no end; theirs is that of the row before.
        """
        if (node, cell) not in self._ends:
            start = self.plan.cell(node, cell) - 4
            found = self.arena[start : start + 4 * (rows + 1)].view(np.int32)
            self._ends[node, cell] = np.maximum.accumulate(found, out=found)
        return self._ends[node, cell]

    def has_repeated_keys(self, node: int) -> bool:
        """Whether one of a node's maps has, by its hash, a key twice."""
        ends = self.ends(node, layout.ENDS, int(self.levels[self.plan.cell(node, layout.LEVEL)]))
        keys = self.ends(node, layout.KEY_ENDS, int(self.levels[self.plan.cell(node, layout.INNER)]))
        hashes = np.empty((len(keys) - 1, 2), np.uint64)
        murmur3_each(self.arena.ctypes.data + self.plan.cell(node, layout.KEY_DATA), keys, hashes)
        owners = np.repeat(np.arange(len(ends) - 1, dtype=np.uint64), np.diff(ends))
        mixed = hashes[:, 0] ^ (owners * np.uint64(0x9E3779B97F4A7C15))
        return len(np.unique(mixed)) < len(mixed)

    def of(self, node: int, rows: Integers) -> tuple[Integers, list[str], Integers]:
        """The documents and paths of some rows of a node.

        Args:
            node: The node.
            rows: Its rows (int64, shape: n).

        Returns:
            The document of each row (shape: n), the different paths, and the number of each row's path (shape: n).
        """
        names: list[str] = []  # from the inside outwards; an index stands as ""
        indices: list[Integers] = []
        keyed: list[int] = []
        while node != layout.ROOT:
            parent = self.plan.cell(node, layout.PARENT)
            if node in self.plan.columns:
                names.append(self.plan.columns[node])
            else:
                is_map = self.plan.cell(parent, layout.WANT) == layout.MAPS
                outer = int(self.levels[self.plan.cell(parent, layout.LEVEL)])
                ends = self.ends(parent, layout.ENDS, outer)
                above = np.searchsorted(ends, rows, side="right") - 1
                names.append("")
                # The rows of a map are told apart as such, since their keys are texts.
                indices.append(rows if is_map else rows - ends[above])
                keyed.append(parent if is_map else -1)
                rows = above
            node = parent
        if not indices:
            return rows, [".".join(reversed(names))], np.zeros(len(rows), np.int64)
        different, numbers = np.unique(np.stack(indices, axis=1), axis=0, return_inverse=True)
        steps = [self._steps(found, of) for found, of in zip(different.T, keyed, strict=True)]
        return rows, [_path(names, found) for found in zip(*steps, strict=True)], numbers.reshape(-1)

    def _steps(self, indices: Integers, keyed: int) -> list[str]:
        """Indices as steps of paths: of a list as they are, of a map by the keys at those rows."""
        if keyed < 0:
            return [f"[{index}]" for index in indices.tolist()]
        ends = self.ends(keyed, layout.KEY_ENDS, int(self.levels[self.plan.cell(keyed, layout.INNER)]))
        content = self.arena[self.plan.cell(keyed, layout.KEY_DATA) :]
        starts, stops = ends[indices].tolist(), ends[indices + 1].tolist()
        return [key_step(content[start:stop].tobytes().decode()) for start, stop in zip(starts, stops, strict=True)]


def key_step(key: str) -> str:
    """A key of a map as the step of a path."""
    return f"[{json.dumps(key)}]"


def _path(names: list[str], steps: tuple[str, ...]) -> str:
    """A path of names, from the inside outwards, with the steps in the places of those that are empty."""
    path = ""
    inward = iter(reversed(steps))
    for name in reversed(names):
        path += (f".{name}" if path else name) if name else next(inward)
    return path
