"""The adding problem: a sum of two numbers that are far apart in a long sequence."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Additions(NamedTuple):
    """Sequences with two marked numbers.

    Attributes
    ----------
    x
        Numbers in [0, 1), and marks that are 0 or 1, shape (samples, length, 2).
    y
        Sum of the two marked numbers, shape (samples, 1).
    """

    x: Float[Tensor, "samples length 2"]
    y: Float[Tensor, "samples 1"]


def adding_problem(
    samples: int, length: int, generator: torch.Generator | None = None
) -> Additions:
    """Draw sequences of numbers, one of each half of them marked.

    All is uniform. The best guess without memory is 1, wrong by 1/6 in the mean square: the
    variance of a sum of two uniform numbers.

    Parameters
    ----------
    samples
        Number of sequences.
    length
        Numbers in a sequence; the first half has ``length // 2``.
    generator
        Source of numbers and places, on the CPU.

    Returns
    -------
    Additions
        Sequences and sums, float32.

    Raises
    ------
    ValueError
        If `samples` is below 1 or `length` below 2.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), experiment 4,
    with other ranges. In this form: Arjovsky, Shah and Bengio, "Unitary evolution recurrent neural
    networks", ICML 2016.

    Examples
    --------
    >>> x, y = adding_problem(3, 50, torch.Generator().manual_seed(0))
    >>> x.shape, bool(((x[..., 0] * x[..., 1]).sum(1, keepdim=True) == y).all())
    (torch.Size([3, 50, 2]), True)
    """
    if samples < 1 or length < 2:
        raise ValueError(f"expected samples >= 1 and length >= 2, got {samples} and {length}")
    half = length // 2
    numbers = torch.rand(samples, length, generator=generator)
    first = torch.randint(half, (samples, 1), generator=generator)
    second = torch.randint(half, length, (samples, 1), generator=generator)
    marks = torch.zeros_like(numbers).scatter_(1, torch.cat((first, second), 1), 1.0)
    return Additions(torch.stack((numbers, marks), -1), (numbers * marks).sum(1, keepdim=True))
