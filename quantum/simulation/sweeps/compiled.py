"""How all sweeps are compiled."""

from collections.abc import Callable
from inspect import unwrap
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
    return numba.njit(cache=True, **OPTIONS)(unwrap(function))  # type checkers may wrap it


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function where it is called: arrays cost nothing to hand over then."""
    return numba.njit(inline="always", **OPTIONS)(unwrap(function))
