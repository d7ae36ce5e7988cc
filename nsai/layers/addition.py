r"""The sum of two numbers whose digits are uncertain: exact, in time linear in their length.

Digits are counted from the right, k = 0 the units. With independent digits a_k and b_k, the digit
s_k of the sum and the carries c_0 = 0, …, c_N = s_N,

.. math:: a_k + b_k + c_k = s_k + B\,c_{k+1}

so two sums with the same carry c_k and the same digits from k on look alike from there: the carry
is all that the left need know about the right. The probability of a sum is a product of N
matrices of two rows and two columns,

.. math:: P(s) = \big(T_0 T_1 \cdots T_{N-1}\big)_{0,\,s_N}, \qquad
          T_k[c, c'] = \sum_{d} p(a_k = d)\; p(b_k = s_k + B c' - c - d) .

Shapes: B base, N digits, ``(batch, 2, N, B)`` probabilities of the digits of both numbers,
``(batch, N + 1)`` digits of the sum, all with the most significant digit first.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


def digits_of(
    numbers: Int[Tensor, " batch"] | Sequence[int], digits: int, base: int = 10
) -> Int[Tensor, "batch digits"]:
    """Write numbers with a fixed count of digits, the most significant first.

    Parameters
    ----------
    numbers
        Non-negative; Python's integers may be of any size, a tensor's end below 2**63.
    digits
        Digits of each.
    base
        Of the notation.

    Raises
    ------
    ValueError
        If a number is negative or has more digits.

    Examples
    --------
    >>> digits_of([7, 10**20 + 3], 21)[:, -2:].tolist()
    [[0, 7], [0, 3]]
    """
    values = numbers.tolist() if isinstance(numbers, Tensor) else list(numbers)
    for value in values:
        if not 0 <= value < base**digits:
            raise ValueError(f"expected 0 <= number < {base}**{digits}, got {value}")
    powers = [base**k for k in reversed(range(digits))]
    rows = [[value // power % base for power in powers] for value in values]
    device = numbers.device if isinstance(numbers, Tensor) else None
    return torch.tensor(rows, dtype=torch.int64, device=device).reshape(len(values), digits)


class SumDistribution:
    """The sum of two numbers with independent digits.

    Everything is exact up to rounding, in float64 and with logarithms, so that probabilities far
    below 1e-300 keep their digits. Where a sum is impossible its logarithm is −∞ and the gradient
    0.

    Parameters
    ----------
    log_p
        Logarithms of the probabilities of each digit, (batch, 2, digits, base).
    """

    def __init__(self, log_p: Float[Tensor, "batch 2 digits base"]) -> None:
        self.log_p = log_p

    @property
    def digits(self) -> int:
        """Digits of each number; the sum has one more."""
        return self.log_p.shape[2]

    @property
    def base(self) -> int:
        """Of the notation."""
        return self.log_p.shape[3]

    def log_prob(self, total: Tensor) -> Float[Tensor, " batch"]:
        r"""Return the logarithm of the probability of a sum; differentiable.

        Its gradient by log p is the posterior of each digit, and by the logits of a softmax
        posterior minus prior: cross-entropy with labels that addition infers.

        Parameters
        ----------
        total
            One sum a row, as digits (batch, digits + 1), or as whole numbers (batch,) while the
            numbers have at most 18 decimal digits: int64 overflows beyond.
        """
        found = _carried(self.log_p.double(), self._checked(total), _log_sum)
        return found.to(self.log_p.dtype)

    def marginals(self, total: Tensor) -> Float[Tensor, "batch 2 digits base"]:
        """Return the probability of each digit given the sum, by one backward pass; detached.

        Parameters
        ----------
        total
            As in `log_prob`.

        Raises
        ------
        ValueError
            If a sum is impossible.
        """
        return self._slope(total, _log_sum).to(self.log_p.dtype)

    def mpe(self, total: Tensor) -> Int[Tensor, "batch 2 digits"]:
        """Return the most probable digits given the sum (most probable explanation; Viterbi).

        Parameters
        ----------
        total
            As in `log_prob`.

        Raises
        ------
        ValueError
            If a sum is impossible.
        """
        return self._slope(total, _largest).argmax(-1)

    @torch.no_grad()
    def mode(self) -> Int[Tensor, "batch digits_and_carry"]:
        """Return the most probable sum, as digits.

        This need not be the sum of the most probable digits. From the right, each beginning of a
        sum leaves two numbers, the probabilities of carry 0 and 1, and whatever follows weighs
        them by non-negative factors; so only the vertices of the upper right convex hull can lead
        to the best sum, and the others are dropped. That is exact. Their number is small in
        practice, but no polynomial bound on it is known to us.
        """
        rows = self.log_p.double().cpu().numpy()
        found = [_most_probable(row) for row in rows]
        made = torch.tensor(found, dtype=torch.int64, device=self.log_p.device)
        return made.reshape(len(rows), self.digits + 1)

    def _slope(self, total: Tensor, add: Callable[[Tensor, int], Tensor]) -> Tensor:
        leaf = self.log_p.detach().double().requires_grad_()
        with torch.enable_grad():
            value = _carried(leaf, self._checked(total), add)
            whole = value.sum()
        impossible = value.isneginf().nonzero()
        if len(impossible):
            raise ValueError(f"the sum of row {int(impossible[0])} is impossible")
        return torch.autograd.grad(whole, leaf)[0]

    def _checked(self, total: Tensor) -> Tensor:
        batch, base = len(self.log_p), self.base
        if total.is_floating_point() or total.is_complex():
            raise TypeError(f"a sum must be whole numbers, got {total.dtype}")
        if total.shape == (batch,):
            return digits_of(total, self.digits + 1, base)
        if total.shape != (batch, self.digits + 1):
            expected = f"({batch},) or ({batch}, {self.digits + 1})"
            raise ValueError(f"total must have shape {expected}, got {tuple(total.shape)}")
        if total.numel() and not (total.min() >= 0 and total.max() < base):
            raise ValueError(f"digits must lie in [0, {base}), got {total.unique().tolist()}")
        return total.long()


class DigitSum(nn.Module):
    """Turns scores of digits into the distribution of the sum of two numbers.

    Parameters
    ----------
    digits
        Digits of each number.
    base
        Of the notation, at least 2.

    References
    ----------
    Manhaeve, Dumančić, Kimmig, Demeester and De Raedt, "DeepProbLog: neural probabilistic logic
    programming", NeurIPS 2018, section 5 (the task). van Krieken et al., "A-NeSI: a scalable
    approximate method for probabilistic neurosymbolic inference", NeurIPS 2023 (up to 15 digits).

    Examples
    --------
    >>> layer = DigitSum(digits=1)
    >>> d = layer(torch.zeros(1, 2, 1, 10))
    >>> d.log_prob(torch.tensor([9])).exp(), d.mode()
    (tensor([0.1000]), tensor([[0, 9]]))
    """

    def __init__(self, digits: int, base: int = 10) -> None:
        super().__init__()
        if digits < 1 or base < 2:
            raise ValueError(f"expected digits >= 1 and base >= 2, got {digits} and {base}")
        self.digits, self.base = digits, base

    def forward(self, logits: Float[Tensor, "batch two digits base"]) -> SumDistribution:
        """Return the distribution of the sum.

        Parameters
        ----------
        logits
            (batch, 2, digits, base), up to a constant the logarithms of the probabilities of the
            digits, most significant first; −∞ excludes a digit.
        """
        if logits.ndim != 4 or tuple(logits.shape[1:]) != (2, self.digits, self.base):
            expected = f"(batch, 2, {self.digits}, {self.base})"
            raise ValueError(f"logits must have shape {expected}, got {tuple(logits.shape)}")
        return SumDistribution(logits.log_softmax(-1))

    def extra_repr(self) -> str:
        """Return the arguments."""
        return f"digits={self.digits}, base={self.base}"


def _partners(base: int) -> Tensor:
    """Return which b goes with s, c, c' and a, (base, 2, 2, base); `base` stands for none."""
    s, carry, out, a = torch.meshgrid(
        torch.arange(base), torch.arange(2), torch.arange(2), torch.arange(base), indexing="ij"
    )
    b = s + base * out - carry - a
    return torch.where((b >= 0) & (b < base), b, base)


def _log_sum(x: Tensor, dim: int) -> Tensor:
    """Return log Σ exp x, with gradient 0 where all terms are −∞ (torch's has NaN there)."""
    top = x.detach().amax(dim, keepdim=True)
    top = top.where(top > -torch.inf, 0.0)
    total = (x - top).exp().sum(dim)
    possible = total > 0
    return total.where(possible, 1.0).log().where(possible, -torch.inf) + top.squeeze(dim)


def _largest(x: Tensor, dim: int) -> Tensor:
    return x.max(dim).values


def _transfers(log_p: Tensor, total: Tensor, add: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Return log T_k, (batch, N, 2, 2), the most significant position first."""
    base = log_p.shape[-1]
    partner = _partners(base).to(log_p.device)[total]  # batch, N, 2, 2, base
    a, b = log_p.unbind(1)
    none = b.new_full((*b.shape[:-1], 1), -torch.inf)
    b = torch.cat([b, none], -1).gather(-1, partner.flatten(2)).view(partner.shape)
    return add(a[:, :, None, None] + b, -1)


def _carried(log_p: Tensor, total: Tensor, add: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Multiply the transfer matrices from the right; `add` is the semiring's sum."""
    transfers = _transfers(log_p, total[:, 1:], add)
    message = transfers[:, -1, 0]  # nothing is carried into the units
    for k in reversed(range(transfers.shape[1] - 1)):
        message = add(message[:, :, None] + transfers[:, k], 1)
    return (
        message.gather(1, total[:, :1].clamp(max=1)).squeeze(1).where(total[:, 0] < 2, -torch.inf)
    )


def _most_probable(log_p: np.ndarray) -> list[int]:
    """Return the digits of the most probable sum of one row, (2, N, base)."""
    _, digits, base = log_p.shape
    every = torch.arange(base)[:, None].expand(base, digits)
    rows = torch.from_numpy(log_p).expand(base, -1, -1, -1)
    transfers = _transfers(rows, every, _log_sum).numpy()  # base, N, 2, 2
    front = np.array([[0.0, -np.inf]])
    sums: list[list[int]] = [[]]
    for k in reversed(range(digits)):
        moved = np.logaddexp.reduce(front[:, None, :, None] + transfers[None, :, k], axis=2)
        candidates = moved.reshape(-1, 2)
        kept = _upper_right_hull(candidates)
        front = candidates[kept]
        sums = [[int(i) % base, *sums[int(i) // base]] for i in kept]
    best, carry = np.unravel_index(front.argmax(), front.shape)
    return [int(carry), *sums[best]]


def _upper_right_hull(logs: np.ndarray) -> list[int]:
    """Return the points, given by logarithms, that some non-negative weights make the best."""
    top = logs.max(0)
    x, y = np.exp(logs - np.where(top > -np.inf, top, 0)).T  # scaling an axis keeps the hull
    hull: list[int] = []
    for i in np.lexsort((-y, -x)).tolist():
        if hull and y[i] <= y[hull[-1]]:
            continue
        while len(hull) > 1:
            j, h = hull[-2], hull[-1]
            if (x[j] - x[h]) * (y[i] - y[j]) < (x[j] - x[i]) * (y[h] - y[j]):
                break
            hull.pop()
        hull.append(i)
    return hull
