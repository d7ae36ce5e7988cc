"""What density matrices and probabilities say, with gradients that are finite everywhere."""

from collections.abc import Sequence

import torch
from torch import Tensor

from quantum.simulation.instructions import Word


def word_values(matrices: Tensor, words: Sequence[Word]) -> Tensor:
    r"""Return expectation values of words of Pauli matrices, (batch, words).

    A word is :math:`i^y X^f Z^s`, so that
    :math:`\operatorname{tr} P\rho = i^y\sum_b (-1)^{|b\wedge s|}\rho_{b,\,b\oplus f}`.

    Parameters
    ----------
    matrices
        (batch, 2^n, 2^n), density matrices.
    words
        To measure.
    """
    size = matrices.shape[-1]
    n = size.bit_length() - 1
    flat, b = matrices.flatten(1), torch.arange(size, device=matrices.device)
    found = []
    for word in words:
        flips = sum(1 << (n - 1 - wire) for wire, letter in word.letters if letter in "XY")
        odd = torch.zeros_like(b)
        for wire, letter in word.letters:
            if letter in "YZ":
                odd ^= b >> (n - 1 - wire) & 1
        terms = flat[:, b * size + (b ^ flips)] * (1 - 2 * odd)
        y = sum(letter == "Y" for _, letter in word.letters)
        found.append((1j**y * terms.sum(1)).real)
    return torch.stack(found, 1) if found else matrices.real.new_zeros((len(matrices), 0))
