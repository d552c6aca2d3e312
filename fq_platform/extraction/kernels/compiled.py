"""How the loops are compiled: the one decorator, and loads that Python cannot express.

Belongs here: what every kernel needs of numba. Does not: anything that knows BSON.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
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
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder for the cache
        return numba.njit(nogil=True)(function)
    finally:
        numba.config.CACHE_DIR = theirs


def inlined(function: Function) -> Function:
    """Compile a function into each kernel that calls it."""
    return numba.njit(nogil=True, inline="always")(function)


def _load(bits: int, result: types.Type) -> Any:
    @intrinsic
    def load(_context: Any, data: types.Array, at: types.Integer) -> Any:
        """The little-endian word at any offset of an array of bytes, unchecked."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            address = builder.gep(array.data, [arguments[1]])
            word = ir.IntType(bits)
            return builder.load(builder.bitcast(address, word.as_pointer()), align=1, typ=word)

        return result(data, at), generate

    return load


load_int32 = _load(32, types.int32)
load_int64 = _load(64, types.int64)
load_uint64 = _load(64, types.uint64)


@intrinsic
def store_uint64(_context: Any, data: types.Array, at: types.Integer, value: types.Integer) -> Any:
    """Write a little-endian word at any offset of an array of bytes, unchecked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.gep(array.data, [arguments[1]])
        builder.store(arguments[2], builder.bitcast(address, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(data, at, types.uint64), generate
