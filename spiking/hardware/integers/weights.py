"""Weights as the hardware stores them: a mantissa of some bits, and one exponent for many."""

from typing import Literal, get_args

import numpy as np

from spiking.hardware.errors import NetworkError

SignMode = Literal["mixed", "excitatory", "inhibitory"]
SIZE = 8  # bits of a mantissa without its sign


def sign_mode_of(weights: np.ndarray) -> SignMode:
    """Return the sign mode that fits: of one sign only where all weights are.

    Parameters
    ----------
    weights
        Of any shape.

    Examples
    --------
    >>> sign_mode_of(np.array([0, 3])), sign_mode_of(np.array([-1, 3]))
    ('excitatory', 'mixed')
    """
    if weights.size == 0 or weights.min() >= 0:
        return "excitatory"
    return "inhibitory" if weights.max() <= 0 else "mixed"


def as_mantissas(
    weights: np.ndarray, sign_mode: SignMode | None = None, bits: int = SIZE
) -> np.ndarray:
    """Return weights as the hardware rounds them.

    They are clipped to the range of the sign mode, and the lowest bits are cut off: 8 less `bits`,
    and one more where signs are mixed, since the sign takes its place. Cut bits of negative weights
    make them smaller where signs are mixed, and larger where all are inhibitory.

    Parameters
    ----------
    weights
        Integers, of any shape.
    sign_mode
        "mixed", −256 to 255, "excitatory", 0 to 255, or "inhibitory", −255 to 0; the one that fits
        unless given.
    bits
        Size of a weight in memory, 1 to 8.

    Returns
    -------
    ndarray
        Of the same shape.

    Raises
    ------
    NetworkError
        For weights that are no integers, or another mode or size.

    Examples
    --------
    >>> as_mantissas(np.array([-3, 3, 300])).tolist()
    [-4, 2, 254]
    >>> as_mantissas(np.array([3, 300]), bits=7).tolist()
    [2, 254]
    """
    weights = np.asarray(weights)
    if not np.issubdtype(weights.dtype, np.integer):
        raise NetworkError(f"weights must be integers, got {weights.dtype}")
    if not 1 <= bits <= SIZE:
        raise NetworkError(f"bits must be from 1 to {SIZE}, got {bits}")
    mode = sign_mode or sign_mode_of(weights)
    if mode not in get_args(SignMode):
        raise NetworkError(f"sign_mode must be one of {get_args(SignMode)}, got {mode!r}")
    sign, cut = (-1 if mode == "inhibitory" else 1), SIZE - bits + (mode == "mixed")
    least, most = (-(2**SIZE) if mode == "mixed" else 0), 2**SIZE - 1
    return sign * ((np.clip(sign * weights.astype(np.int64), least, most) >> cut) << cut)
