"""Images of digits, put together to two numbers of which only the sum is told."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.samples import Labelled


class Sums(NamedTuple):
    """Pairs of numbers written in images, and their sums.

    Attributes
    ----------
    x
        Images, (pairs, 2, digits, *image), the most significant digit first.
    total
        Digits of each sum, (pairs, digits + 1): what a learner is told.
    truth
        The digits that the images show, (pairs, 2, digits): for tests only.
    """

    x: Float[Tensor, "pairs 2 digits ..."]
    total: Int[Tensor, "pairs digits_and_carry"]
    truth: Int[Tensor, "pairs 2 digits"]


def add_digits(numbers: Int[Tensor, "pairs 2 digits"], base: int = 10) -> Int[Tensor, "pairs more"]:
    """Add two numbers of any length, digit by digit as at school.

    Parameters
    ----------
    numbers
        Digits, the most significant first.
    base
        Of the notation.

    Returns
    -------
    Tensor
        Digits of each sum, one more than a number has.

    Examples
    --------
    >>> add_digits(torch.tensor([[[9, 5], [0, 7]]]))
    tensor([[1, 0, 2]])
    """
    column = numbers.sum(1)
    carry, written = torch.zeros_like(column[:, 0]), []
    for k in reversed(range(column.shape[1])):
        written.append((column[:, k] + carry) % base)
        carry = (column[:, k] + carry) // base
    return torch.stack([carry, *reversed(written)], 1)


def sums_of_images(images: Labelled, digits: int, generator: torch.Generator | None = None) -> Sums:
    """Group images at random into pairs of numbers; each image is used at most once.

    Parameters
    ----------
    images
        Digits and their classes; len(images.y) // (2 * digits) pairs are made of them.
    digits
        Digits of each number.
    generator
        Source of the order, on the CPU; None keeps the order of the images.

    Raises
    ------
    ValueError
        If the images do not suffice for one pair.

    References
    ----------
    Manhaeve, Dumančić, Kimmig, Demeester and De Raedt, "DeepProbLog: neural probabilistic logic
    programming", NeurIPS 2018, section 5: 30,000 sums of the 60,000 training images.

    Examples
    --------
    >>> images = Labelled(torch.arange(5.0), torch.tensor([1, 9, 2, 3, 0]))
    >>> made = sums_of_images(images, digits=2)
    >>> made.truth.tolist(), made.total.tolist()
    ([[[1, 9], [2, 3]]], [[0, 4, 2]])
    """
    x, y = images
    pairs = len(y) // (2 * digits) if digits > 0 else 0
    if not pairs:
        raise ValueError(f"expected digits >= 1 and 2 * digits images, got {digits} and {len(y)}")
    order = (
        torch.arange(len(y)) if generator is None else torch.randperm(len(y), generator=generator)
    )
    chosen = order[: pairs * 2 * digits].view(pairs, 2, digits).to(y.device)
    return Sums(x[chosen], add_digits(y[chosen]), y[chosen])
