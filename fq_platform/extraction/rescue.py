"""What stands beside the columns: rescued values and explicit nulls.

Belongs here: turning the tape and the states of a decoded batch into the two columns. Does not: which values fit.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.extraction.bson_values import walk
from fq_platform.extraction.extended_json import dumps
from fq_platform.extraction.kernels import layout
from fq_platform.extraction.places import Places, key_step
from fq_platform.extraction.plan import Integers, Plan

RESCUED = pa.map_(pa.string(), pa.string())
NULLS = pa.list_(pa.string())


def nulls_of(plan: Plan, places: Places, documents: int) -> pa.Array:
    """The paths of fields that are null in the source, document by document.

    Args:
        plan: The plan that the batch was decoded with.
        places: Its places.
        documents: How many documents it has (rows).

    Returns:
        A list of strings a document, null where it has none.
    """
    owners: list[Integers] = []
    numbers: list[Integers] = []
    paths: list[str] = []
    for node in map(int, np.flatnonzero(plan.nodes[: plan.used[0], layout.NULLS])):
        if node not in plan.columns or plan.cell(node, layout.WANT) == layout.THE_ID:
            continue  # what cannot be missing is null in its column and nowhere else
        start = plan.cell(node, layout.VALID)
        rows = int(places.levels[plan.cell(node, layout.LEVEL)])
        null = np.flatnonzero(places.arena[start : start + rows] == layout.EXPLICIT_NULL)
        owner, different, number = places.of(node, null)
        owners.append(owner)
        numbers.append(number + len(paths))
        paths += different
    if not owners:
        return pa.nulls(documents, NULLS)
    owner, number = np.concatenate(owners), np.concatenate(numbers)
    order = np.argsort(owner, kind="stable")
    return _ragged(NULLS, owner, pa.array(paths).take(pa.array(number[order])), documents)


def rescued_of(tape: Integers, data: npt.NDArray[np.uint8], places: Places, documents: int) -> pa.Array:
    """The values that do not fit their columns, document by document.

    Args:
        tape: An entry a row (`kernels/layout.py` names the cells).
        data: The batch's bytes.
        places: Its places.
        documents: How many documents it has (rows).

    Returns:
        A map from path to canonical extended JSON a document, null where it has none.

    Raises:
        ValueError: A value is malformed; its message names it.
    """
    if not len(tape):
        return pa.nulls(documents, RESCUED)
    tape = tape[np.argsort(tape[:, layout.TAPE_NODE], kind="stable")]
    paths: list[str] = []
    for node, entries in groupby(tape.tolist(), key=itemgetter(layout.TAPE_NODE)):
        paths += _paths(int(node), list(entries), places, data)
    raw = memoryview(data.data)
    texts = [_text(entry, raw) for entry in tape.tolist()]
    owner = tape[:, layout.TAPE_DOCUMENT]
    order = pa.array(np.argsort(owner, kind="stable"))
    entries = pa.StructArray.from_arrays(
        [pa.array(paths, pa.string()).take(order), pa.array(texts, pa.string()).take(order)],
        fields=[RESCUED.key_field, RESCUED.item_field],
    )
    return _ragged(RESCUED, owner, entries, documents)


def _paths(node: int, entries: Sequence[list[int]], places: Places, data: npt.NDArray[np.uint8]) -> list[str]:
    rows = np.array([entry[layout.TAPE_ROW] for entry in entries], np.int64)
    _, different, numbers = places.of(node, rows)
    times: Counter[tuple[int, str]] = Counter()
    result = []
    for number, entry in zip(numbers.tolist(), entries, strict=True):
        path = different[number]
        if entry[layout.TAPE_KEY] >= 0:
            # The NUL that ends the key stands right before the value.
            key = data[entry[layout.TAPE_KEY] : entry[layout.TAPE_AT] - 1].tobytes()
            path += key_step(key.decode(errors="surrogateescape"))
        place = (entry[layout.TAPE_ROW], path)
        # The first of a name is not among the entries if it fitted its column.
        times[place] += 2 if entry[layout.TAPE_KIND] >= layout.REPEATED and not times[place] else 1
        result.append(f"{path};{times[place]}" if times[place] > 1 else path)
    return result


def _text(entry: list[int], data: memoryview) -> str:
    """The extended JSON of a value, which is read as the only field of a document."""
    kind = entry[layout.TAPE_KIND] % layout.REPEATED
    field = bytes([kind, 0]) + data[entry[layout.TAPE_AT] : entry[layout.TAPE_AFTER]] + b"\0"
    return dumps(walk((len(field) + 4).to_bytes(4, "little") + field).fields[0][1])


def _ragged(type_: pa.DataType, owner: Integers, content: pa.Array, documents: int) -> pa.Array:
    """Lists or maps of sorted content, null where a document owns none of it."""
    counts = np.bincount(owner, minlength=documents)
    offsets = np.zeros(documents + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    some: Any = counts > 0
    validity = pa.py_buffer(np.packbits(some, bitorder="little"))
    absent = documents - int(np.count_nonzero(some))
    return pa.Array.from_buffers(type_, documents, [validity, pa.py_buffer(offsets)], absent, children=[content])
