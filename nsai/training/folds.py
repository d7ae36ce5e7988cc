"""Cross-validation: every sample is tested once, by a model that never saw it."""

import torch
from jaxtyping import Int
from torch import Tensor


def folds(
    samples: int, count: int, *, generator: torch.Generator
) -> list[tuple[Int[Tensor, " train"], Int[Tensor, " test"]]]:
    """Divide samples at random into disjoint test sets of equal size, up to one.

    Parameters
    ----------
    samples
        Number of samples.
    count
        Number of folds.
    generator
        Source of the division, on the CPU.

    Returns
    -------
    list of pairs of Tensor
        Indices to train on and to test on, one pair a fold.

    Raises
    ------
    ValueError
        If there are fewer than two folds, or more folds than samples.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> [(len(train), len(test)) for train, test in folds(208, 13, generator=g)][:2]
    [(192, 16), (192, 16)]
    """
    if not 2 <= count <= samples:
        raise ValueError(f"count must lie in 2 … {samples} (the samples), got {count}")
    parts = torch.randperm(samples, generator=generator).tensor_split(count)
    return [(torch.cat([*parts[:i], *parts[i + 1 :]]), parts[i]) for i in range(count)]
