"""What loaders return: named tuples of tensors."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor


class Labelled(NamedTuple):
    """Samples and their classes.

    Attributes
    ----------
    x
        float32, shape (n, ...).
    y
        Class of each sample, int64, shape (n,).
    """

    x: Float[Tensor, "n ..."]
    y: Int[Tensor, " n"]


def labelled(x: NDArray, y: NDArray) -> Labelled:
    """Copy arrays into tensors of the documented types.

    Parameters
    ----------
    x
        Samples, shape (n, ...).
    y
        Classes, shape (n,).

    Raises
    ------
    ValueError
        If the two differ in length.

    Examples
    --------
    >>> labelled(np.zeros((2, 3)), np.array([0, 1])).x.dtype
    torch.float32
    """
    if len(x) != len(y):
        raise ValueError(f"x and y must be equally long, got {len(x)} and {len(y)}")
    return Labelled(
        torch.from_numpy(np.array(x, dtype=np.float32)), torch.from_numpy(np.array(y, np.int64))
    )


def pixels(x: NDArray[np.uint8], y: NDArray) -> Labelled:
    """Turn grey images with values 0 … 255 into one channel in [0, 1].

    Parameters
    ----------
    x
        Images, shape (n, height, width).
    y
        Classes, shape (n,).

    Returns
    -------
    Labelled
        x of shape (n, 1, height, width).
    """
    made = labelled(x[:, None], y)
    made.x.div_(255)
    return made
