"""The version of the code that makes a table: a digest of the transform's source, so that nobody has to count it up.

Belongs here: finding what a transform is written in. Does not: what a new version means to anybody.
"""

import ast
import functools
import hashlib
from pathlib import Path

import fq_platform

_PACKAGE = fq_platform.__name__
_ROOT = Path(fq_platform.__file__).parent
_TRANSFORMS = f"{_PACKAGE}.transforms"


def code_version(module: str) -> str:
    """A text that differs whenever the transform, or what it is built of, is written differently.

    Counted are its module, the modules of `fq_platform.transforms` that it imports by any way round, and the other
    modules of the platform that these import.

    Args:
        module: The transform's module, such as `fq_platform.transforms.orders_silver`.

    Returns:
        Twelve hexadecimal digits.
    """
    counted: dict[str, bytes] = {}
    open_ends = [module]
    while open_ends:
        name = open_ends.pop()
        if name in counted:
            continue
        counted[name] = _source(name)
        if name.startswith(_TRANSFORMS):
            open_ends.extend(_imports(name))
    digest = hashlib.sha256()
    for name in sorted(counted):
        digest.update(name.encode() + b"\0" + counted[name] + b"\0")
    return digest.hexdigest()[:12]


def _path(module: str) -> Path:
    path = _ROOT.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def _source(module: str) -> bytes:
    return _path(module).read_bytes()


@functools.cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules of the platform that a module imports."""
    nodes = list(ast.walk(ast.parse(_source(module))))
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            named += [node.module, *submodules]
    return tuple(name for name in named if name.split(".")[0] == _PACKAGE and _path(name).is_file())
