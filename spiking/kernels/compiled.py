"""How all kernels are compiled."""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

import numba

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "boundscheck": False,
    "nogil": True,
    "cache": True,
}


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call and keep the result on disk.

    No operation is reordered or fused: sums and products round as they do in torch.
    """
    return numba.njit(**OPTIONS)(unwrap(function))  # type checkers of the tests may wrap it


def compiled_for_gradients(function: Callable[..., Any]) -> Any:
    """Compile a function whose sums may be taken in another order, and fused with products."""
    return numba.njit(fastmath={"reassoc", "contract", "nsz"}, **OPTIONS)(unwrap(function))
