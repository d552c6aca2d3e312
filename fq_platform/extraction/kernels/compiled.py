"""How the loops are compiled: the one decorator, and loads that Python cannot express.

Belongs here: what every kernel needs of numba. Does not: anything that knows BSON.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
import pooch
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])


def _cache_folder() -> str:
    """Machine code is kept by the content of all kernels: numba alone would not see that a called one has changed."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    base = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("FQ_CACHE") or pooch.os_cache("fq-platform")
    return str(Path(base).expanduser() / "kernels" / digest)


_CACHE_FOLDER = _cache_folder()


def kernel(function: Function) -> Function:
    """Compile a function on its first call; it then runs without the interpreter's lock.

    The machine code is kept in the cache folder (`FQ_CACHE`); where that cannot be written, beside the source; and
    where neither can, each process compiles anew.

    Args:
        function: Takes and returns numbers and NumPy arrays. Indices must be checked by the function itself.

    Returns:
        The compiled function.
    """
    theirs = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _CACHE_FOLDER
    try:
        return numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:  # no folder for the cache
        return numba.njit(nogil=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = theirs


def inlined(function: Function) -> Function:
    """Compile a function into each kernel that calls it: for small ones, and for those that each value passes."""
    return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)


@inlined
def address_of(array):
    """Where an array's memory begins. Addresses are passed on because arrays are costly arguments."""
    return np.int64(array.ctypes.data)


def _load(word: ir.Type, result: types.Type) -> Any:
    @intrinsic
    def load(_context: Any, address: types.Integer) -> Any:
        """The little-endian word at an address, aligned or not. That it may be read is the caller's business."""

        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.load(builder.inttoptr(arguments[0], word.as_pointer()), align=1, typ=word)

        return result(types.int64), generate

    return load


def _store(word: ir.Type, stored: types.Type) -> Any:
    @intrinsic
    def store(_context: Any, address: types.Integer, _value: types.Integer) -> Any:
        """Write a little-endian word at an address, aligned or not. That it may be is the caller's business."""

        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            builder.store(arguments[1], builder.inttoptr(arguments[0], word.as_pointer()), align=1)
            return context.get_dummy_value()

        return types.void(types.int64, stored), generate

    return store


_BYTE, _HALF, _WORD, _DOUBLE = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType()
load_uint8 = _load(_BYTE, types.uint8)
load_int32 = _load(_HALF, types.int32)
load_int64 = _load(_WORD, types.int64)
load_uint64 = _load(_WORD, types.uint64)
load_float64 = _load(_DOUBLE, types.float64)
store_uint8 = _store(_BYTE, types.uint8)
store_int32 = _store(_HALF, types.int32)
store_int64 = _store(_WORD, types.int64)
store_uint64 = _store(_WORD, types.uint64)
store_float64 = _store(_DOUBLE, types.float64)
