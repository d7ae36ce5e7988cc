"""How all sweeps are compiled."""

from collections.abc import Callable
from functools import cache
from inspect import unwrap
from pathlib import Path
from typing import Any

import numba

OPTIONS: dict[str, Any] = {
    "fastmath": {"contract"},
    "error_model": "numpy",
    "boundscheck": False,
    "nogil": True,
}


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call and keep the result on disk.

    Products and sums may be fused; none is reordered.
    """
    return _kept(numba.njit(cache=True, **OPTIONS)(unwrap(function)))  # type checkers may wrap it


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function where it is called: arrays cost nothing to hand over then."""
    return numba.njit(inline="always", **OPTIONS)(unwrap(function))


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
