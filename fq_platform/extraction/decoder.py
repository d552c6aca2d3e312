"""The decoder: BSON batches to Arrow, every value typed, exact, or rescued.

Belongs here: the order of passes over a batch. Does not: the passes themselves (`kernels/`), deciding types
(`typing.py`), building arrays (`columns.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.errors import FqError
from fq_platform.extraction.batch import Batch, CorruptDocumentError
from fq_platform.extraction.columns import Columns, lay_out
from fq_platform.extraction.kernels import layout
from fq_platform.extraction.kernels.filling import fill
from fq_platform.extraction.kernels.surveying import COUNTS, INSIDE, KEY_TEXT, TEXT, survey
from fq_platform.extraction.places import Places
from fq_platform.extraction.plan import Integers, Plan
from fq_platform.extraction.rescue import nulls_of, rescued_of
from fq_platform.extraction.typing import Typing

_TAPE = 1_024
_SPARE = 1.25
"""How much more room a batch is given than the one before needed, document by document."""
_LEAST_ROOM = 64
_TEXT_GROWTH = 3
"""An ObjectId or a UUID takes at most so many times its bytes when it is written as text."""
_LEAST_ELEMENT = 3
"""The size of an element of an array, at least (bytes)."""


@dataclass(frozen=True)
class Decoded:
    """A batch of documents as columns.

    The arrays lie in memory that the next call of the same decoder uses again.

    Args:
        columns: The documents' fields (a row a document), `_id` excepted, in the order of the decoder's schema.
        rescued: For each document a map from path to canonical extended JSON; null where all values fit.
        nulls: For each document the paths of its fields that are null; null where there is none.
        rescued_values: How many values were rescued.
    """

    columns: pa.RecordBatch
    rescued: pa.Array
    nulls: pa.Array
    rescued_values: int


def _keep(schema: pa.Schema) -> pa.Schema:
    return schema


@dataclass
class Decoder:
    """Decodes batches of one collection. Not for several threads at once: each has its own.

    Args:
        schema: The document columns that the table has, kinds marked on the fields; it grows with what batches bring.
        types: Columns whose types the sources file names: dotted path to type name.
        agree: Called with a wider schema before it is used; what it returns, which has at least those columns, is
            used instead. So that decoders at work on one table agree.
    """

    schema: pa.Schema
    types: Mapping[str, str] | None = None
    agree: Callable[[pa.Schema], pa.Schema] = _keep
    _plan: Plan = field(default_factory=Plan)
    _arena: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    _tape: Integers = field(default_factory=lambda: np.empty((_TAPE, layout.TAPE_CELLS), np.int64))
    _frames: Integers = field(default_factory=lambda: np.empty((layout.FRAMES, 6), np.int64))
    _needs: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    """What each node needed, by document: bytes of text, rows inside it, bytes of keys."""
    _rooms: Integers = field(default_factory=lambda: np.zeros(1, np.int64))

    def decode(self, batch: Batch, rows: npt.NDArray[np.int64] | None = None) -> Decoded:
        """Decode documents, giving new fields columns first.

        Args:
            batch: The batch.
            rows: The numbers of the documents wanted; None for all.

        Returns:
            The documents as columns, valid until the next call.

        Raises:
            CorruptDocumentError: A document is malformed; it is named by its `_id`.
        """
        numbers = np.arange(len(batch)) if rows is None else rows
        starts = batch.offsets[:-1] if rows is None else batch.offsets[rows]
        self._plan.nodes[:, [layout.SETTLED, layout.CHECKED]] = 0
        self._make_room(self._needs * (len(starts) * _SPARE), batch, len(starts))
        while True:
            levels = np.zeros(len(self._rooms), np.int64)
            levels[0] = len(starts)
            arena = self._prepare()
            result, document, taped = fill(
                batch.data.ctypes.data,
                len(batch.data),
                starts,
                self._plan.nodes,
                self._plan.names,
                self._plan.slots,
                arena,
                levels,
                self._rooms,
                self._tape,
                self._frames,
            )
            if result == layout.DONE and not self._find_repeated_keys(levels):
                break
            if result == layout.DONE:
                continue
            if result == layout.IS_CORRUPT:
                raise self._corrupt(batch, int(numbers[document]))
            if result == layout.IS_FULL and taped == len(self._tape):
                self._tape = np.empty((4 * len(self._tape), layout.TAPE_CELLS), np.int64)
            else:
                self._learn(batch, starts, numbers)
        self._remember(levels, len(starts))
        places = Places(self._plan, self._arena, levels)
        columns = Columns(self._plan, self._arena, levels, places)
        tape = self._tape[:taped]
        try:
            rescued = rescued_of(tape, batch.data, places, len(starts))
        except ValueError as error:
            raise self._corrupt(batch, int(numbers[tape[0, layout.TAPE_DOCUMENT]])) from error
        return Decoded(
            columns.record_batch(self.schema, len(starts)), rescued, nulls_of(self._plan, places, len(starts)), taped
        )

    def _find_repeated_keys(self, levels: Integers) -> bool:
        """Whether a map of the batch has a key twice, which calls for another pass that compares keys."""
        nodes, places = self._plan.nodes, Places(self._plan, self._arena, levels)
        maps = (nodes[:, layout.WANT] == layout.MAPS) & (nodes[:, layout.CHECKED] == 0)
        found = [node for node in map(int, np.flatnonzero(maps)) if places.has_repeated_keys(node)]
        nodes[found, layout.CHECKED] = 1
        return bool(found)

    def _make_room(self, needed: npt.NDArray[np.float64], batch: Batch, documents: int) -> None:
        """Say how many rows levels and how many bytes texts may take, never more than the batch's bytes can hold."""
        nodes, size = self._plan.nodes, len(batch.data)
        known = len(needed)
        text = np.minimum(needed, _TEXT_GROWTH * size).astype(np.int64)
        nodes[:known, layout.ROOM] = text[:, 0] + _LEAST_ROOM
        nodes[:known, layout.KEY_ROOM] = text[:, 2] + _LEAST_ROOM
        self._rooms = np.zeros(self._plan.levels, np.int64)
        self._rooms[0] = documents
        for node in np.flatnonzero(nodes[:known, layout.WANT] >= layout.LISTS):
            rows = min(int(needed[node, 1]), size // _LEAST_ELEMENT)
            self._rooms[nodes[node, layout.INNER]] = rows + _LEAST_ROOM

    def _prepare(self) -> npt.NDArray[np.uint8]:
        size, zeroed = lay_out(self._plan, self._rooms)
        if len(self._arena) < size:
            self._arena = np.empty(size, np.uint8)
        self._arena[:zeroed] = 0
        return self._arena

    def _remember(self, levels: Integers, documents: int) -> None:
        """What this batch needed is what the next one is expected to need."""
        known = int(self._plan.used[0])
        nodes = self._plan.nodes[:known]
        self._needs = np.zeros((known, 3))
        self._needs[:, 0] = nodes[:, layout.USED]
        self._needs[:, 2] = nodes[:, layout.KEY_USED]
        nested = np.flatnonzero(nodes[:, layout.WANT] >= layout.LISTS)
        self._needs[nested, 1] = levels[nodes[nested, layout.INNER]]
        self._needs /= max(documents, 1)

    def _learn(self, batch: Batch, starts: Integers, numbers: Integers) -> None:
        """Look at all that the batch holds: give new places numbers and columns, and exact room to all."""
        try:
            counts = self._survey(batch, starts, numbers)
            typing = Typing(self._plan, counts, self.types or {})
            wider = typing.widen(self.schema)
            if not wider.equals(self.schema, check_metadata=True):
                self.schema = self.agree(wider)
        finally:  # also when a document is corrupt: a node that is known but not bound has no place in the arena
            self._plan.learn()
            self._plan.bind(self.schema)
        nodes = self._plan.nodes
        nothing = nodes[:, layout.WANT] == layout.NOTHING
        nodes[nothing, layout.SETTLED] = 1
        if typing.full:
            nodes[nothing, layout.WANT] = layout.REFUSED
        needed = counts[: self._plan.used[0], [TEXT, INSIDE, KEY_TEXT]].astype(np.float64)
        self._make_room(needed, batch, len(starts))

    def _survey(self, batch: Batch, starts: Integers, numbers: Integers) -> Integers:
        """Count what stands where (int64, shape: (nodes, COUNTS)), having found out which documents are maps."""
        while True:
            plan = self._plan
            counts = np.zeros((len(plan.nodes), COUNTS), np.int64)
            result, document = survey(
                batch.data.ctypes.data,
                len(batch.data),
                starts,
                plan.nodes,
                plan.names,
                plan.slots,
                plan.used,
                counts,
                self._frames,
            )
            if result == layout.IS_CORRUPT:
                raise self._corrupt(batch, int(numbers[document]))
            plan.learn()
            is_map = Typing(plan, counts, self.types or {}).new_map(self.schema)
            if is_map is not None:
                plan.make_map(is_map)
            elif result == layout.DONE:
                return counts
            elif plan.full:
                raise FqError(
                    "The documents have too many different field names to be the columns of a table",
                    where="a batch of the collection",
                    fix="Store what varies inside one field, and declare it in the sources file: types: {<field>: map}",
                )
            else:
                plan.grow()

    def _corrupt(self, batch: Batch, row: int) -> CorruptDocumentError:
        return CorruptDocumentError(
            f"The document {batch.keys[row].as_py()!r} is malformed (byte {batch.offsets[row]} of a batch)",
            where="what MongoDB sent",
            fix="Validate the collection with db.collection.validate(), and replace the document",
        )
