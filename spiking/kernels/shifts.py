"""Shifts that stay in the type of what is shifted; numba's own give 64 bits.

A loop whose widest type is of 32 bits is one that a CPU takes eight at once.
"""

from inspect import unwrap
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic


def _shift(builder: ir.IRBuilder, method: str, x: ir.Value, by: ir.Value) -> ir.Value:
    wide, given = x.type.width, by.type.width
    by = builder.trunc(by, x.type) if given > wide else by
    by = builder.zext(by, x.type) if given < wide else by
    return getattr(builder, method)(x, by)


def _left(_context: Any, x: Any, by: Any) -> Any:
    """Return x · 2^by, without the bits that do not fit."""
    return x(x, by), lambda _, builder, __, given: _shift(builder, "shl", *given)


def _right(_context: Any, x: Any, by: Any) -> Any:
    """Return ⌊x / 2^by⌋."""
    return x(x, by), lambda _, builder, __, given: _shift(builder, "ashr", *given)


left: Any = intrinsic(unwrap(_left))
right: Any = intrinsic(unwrap(_right))  # type checkers of the tests may wrap them
