"""How all kernels are compiled."""

from collections.abc import Callable
from functools import cache
from inspect import unwrap
from pathlib import Path
from typing import Any

import numba

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "boundscheck": False,
    "nogil": True,
    "cache": True,
}


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call and keep the result on disk."""
    return _kept(numba.njit(**OPTIONS)(unwrap(function)))  # type checkers of the tests may wrap it


def _kept(made: Any) -> Any:
    """Keep a compiled function on disk for as long as no file of this folder changes.

    numba looks at the file that the function is in, not at those that the functions it calls are
    in.
    """
    place = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if place is not None:
        place._source_stamp = _stamp()
    return made


@cache
def _stamp() -> tuple[tuple[str, float, int], ...]:
    """Return names, times and sizes of the files of this folder."""
    found = {path.name: path.stat() for path in Path(__file__).parent.glob("*.py")}
    return tuple((name, stat.st_mtime, stat.st_size) for name, stat in sorted(found.items()))
