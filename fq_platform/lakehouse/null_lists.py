"""Keeps null apart from empty in PyIceberg's lists and maps of structs.

Belongs here: the one correction of a library, until it makes it itself. Does not: anything of the platform.
PyIceberg 0.12 rebuilds such columns from their offsets, when it writes and when it reads, and so makes nulls empty.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import ArrowProjectionVisitor

_rebuild_list = ArrowProjectionVisitor.list
_rebuild_map = ArrowProjectionVisitor.map


def _list_with_nulls(self: ArrowProjectionVisitor, list_type: Any, lists: Any, elements: Any) -> Any:
    return _with_nulls(lists, _rebuild_list(self, list_type, lists, elements))


def _map_with_nulls(self: ArrowProjectionVisitor, map_type: Any, maps: Any, keys: Any, values: Any) -> Any:
    return _with_nulls(maps, _rebuild_map(self, map_type, maps, keys, values))


def _with_nulls(original: Any, rebuilt: Any) -> Any:
    if rebuilt is None or rebuilt.null_count == original.null_count:
        return rebuilt
    return pc.if_else(original.is_valid(), rebuilt, pa.scalar(None, rebuilt.type))


def keep_null_lists() -> None:
    """Correct PyIceberg in this process; calling it again changes nothing."""
    ArrowProjectionVisitor.list = _list_with_nulls  # type: ignore[method-assign, assignment]  # on purpose
    ArrowProjectionVisitor.map = _map_with_nulls  # type: ignore[method-assign, assignment]  # on purpose
