"""Keeps null apart from empty in PyIceberg's lists of structs.

Belongs here: the one correction of a library, until it makes it itself. Does not: anything of the platform.
PyIceberg 0.12 rebuilds such lists from their offsets, when it writes and when it reads, and so makes null lists empty.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import ArrowProjectionVisitor

_rebuild = ArrowProjectionVisitor.list


def _rebuild_with_nulls(self: ArrowProjectionVisitor, list_type: Any, lists: Any, elements: Any) -> Any:
    rebuilt = _rebuild(self, list_type, lists, elements)
    if rebuilt is None or rebuilt.null_count == lists.null_count:
        return rebuilt
    return pc.if_else(lists.is_valid(), rebuilt, pa.scalar(None, rebuilt.type))


def keep_null_lists() -> None:
    """Correct PyIceberg in this process; calling it again changes nothing."""
    ArrowProjectionVisitor.list = _rebuild_with_nulls  # type: ignore[method-assign, assignment]  # on purpose
