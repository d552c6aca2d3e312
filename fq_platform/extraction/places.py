"""Where a value stood in its document: the paths of rescued values and of explicit nulls.

Belongs here: from a node and its rows to documents and paths. Does not: the values.
"""

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fq_platform.extraction.kernels import layout
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

    def ends(self, node: int, cell: int, rows: int) -> npt.NDArray[np.int32]:
        """Where each row's stretch begins, and where the last ends (int32, shape: rows + 1).

        Rows without a text or list wrote no end; theirs is that of the row before.
        """
        start = self.plan.cell(node, cell) - 4
        found = self.arena[start : start + 4 * (rows + 1)].view(np.int32)
        return np.maximum.accumulate(found, out=found)

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
        paths = [self._path(names, list(map(int, found)), keyed) for found in different]
        return rows, paths, numbers.reshape(-1)

    def _path(self, names: list[str], indices: list[int], keyed: list[int]) -> str:
        steps = [
            self._key(keyed[found], indices[found]) if keyed[found] >= 0 else f"[{indices[found]}]"
            for found in range(len(indices))
        ]
        path = ""
        nested = iter(reversed(steps))
        for name in reversed(names):
            path += (f".{name}" if path else name) if name else next(nested)
        return path

    def _key(self, node: int, row: int) -> str:
        """The key of a map's entry, as a step of a path."""
        ends = self.ends(node, layout.KEY_ENDS, int(self.levels[self.plan.cell(node, layout.INNER)]))
        start = self.plan.cell(node, layout.KEY_DATA)
        key = self.arena[start + ends[row] : start + ends[row + 1]].tobytes().decode(errors="surrogateescape")
        return f"[{json.dumps(key)}]"
