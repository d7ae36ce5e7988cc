r"""Hopfield networks: memories as the valleys of an energy, of 1982 and of 2020.

Papers: Hopfield, "Neural networks and physical systems with emergent collective computational
abilities", PNAS 79 (1982) 2554–2558. Ramsauer et al., "Hopfield networks is all you need",
ICLR 2021 (arXiv:2008.02217), equations 2 and 3.

.. math:: s_i \leftarrow \operatorname{sign}\Big(\sum_j w_{ij} s_j\Big), \qquad
          E = -\tfrac12\, s^\top W s, \qquad
          W = \tfrac1N \sum_\mu \xi^\mu {\xi^\mu}^\top \text{ off the diagonal}

and with continuous states, where stored patterns are keys and values of attention,

.. math:: s \leftarrow X^\top \operatorname{softmax}(\beta X s), \qquad
          E = -\beta^{-1} \log \sum_\mu e^{\beta x_\mu \cdot s} + \tfrac12\, s^\top s

Shapes: s (states, units) of −1 and +1, patterns ξ or X (patterns, units), W (units, units).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


@dataclass(frozen=True)
class Rest:
    """Where a network came to rest.

    Attributes
    ----------
    states
        Final states, (states, units).
    flips
        How many units changed on the way, (states,).
    energies
        Energy before each change and at the end, (steps + 1, states), if asked for.
    """

    states: Float[Tensor, "states units"]
    flips: Int[Tensor, " states"]
    energies: Float[Tensor, "steps states"] | None


class Hopfield(nn.Module):
    """A symmetric network of two-valued units, updated one at a time.

    Parameters
    ----------
    weights
        Symmetric, without self-connections, (units, units).

    Raises
    ------
    ValueError
        If the weights are not symmetric, or the diagonal is not zero.

    Examples
    --------
    >>> pattern = torch.tensor([[1.0, -1, 1, -1, 1]])
    >>> network = Hopfield(hebbian_weights(pattern))
    >>> network.settle(torch.tensor([[1.0, -1, 1, -1, -1]])).states.int().tolist()
    [[1, -1, 1, -1, 1]]
    """

    weights: Tensor

    def __init__(self, weights: Float[Tensor, "units units"]) -> None:
        super().__init__()
        if not torch.equal(weights, weights.T):
            raise ValueError("weights must be symmetric, or the energy can rise")
        if bool(weights.diagonal().any()):
            raise ValueError("weights must have a zero diagonal, got self-connections")
        self.register_buffer("weights", weights)

    def energy(self, s: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch"]:
        """Return −½ sᵀWs."""
        return -0.5 * ((s @ self.weights) * s).sum(-1)

    def forward(self, s: Float[Tensor, "*batch units"]) -> Float[Tensor, "*batch units"]:
        """Update all units at once; a unit without input keeps its value."""
        field = s @ self.weights
        return torch.where(field == 0, s, field.sign())

    def stable(self, s: Float[Tensor, "*batch units"]) -> Tensor:
        """Return whether no unit would change, (...)."""
        return ((s @ self.weights) * s >= 0).all(-1)

    def settle(
        self,
        s: Float[Tensor, "states units"],
        *,
        generator: torch.Generator | None = None,
        trace: bool = False,
    ) -> Rest:
        """Update single units in random order until none would change.

        Units that agree with their input do not change, so it is enough to draw, for each state,
        one of the others at a time. Every such step lowers the energy; the walk must end.

        Parameters
        ----------
        s
            States of −1 and +1, (states, units).
        generator
            Draws the units, on the CPU.
        trace
            Whether to keep the energies.

        Examples
        --------
        >>> network = Hopfield(hebbian_weights(torch.ones(1, 4)))
        >>> network.settle(torch.tensor([[1.0, 1, 1, -1]]), trace=True).energies[:, 0].tolist()
        [-0.0, -1.5]
        """
        s = s.clone()
        field = s @ self.weights
        flips = torch.zeros(len(s), dtype=torch.int64, device=s.device)
        walking = torch.arange(len(s), device=s.device)
        energies = [-0.5 * (s * field).sum(1)] if trace else []
        while True:
            wrong = s[walking] * field[walking] < 0
            count = wrong.sum(1)
            walking, wrong, count = walking[count > 0], wrong[count > 0], count[count > 0]
            if not len(walking):
                break
            drawn = torch.rand(len(walking), generator=generator).to(s.device)
            chosen = (drawn * count).long().clamp(max=count - 1)
            rank = wrong.cumsum(1, dtype=torch.int32)
            unit = torch.searchsorted(rank, (chosen + 1).int()[:, None])[:, 0]
            before = s[walking, unit]
            s[walking, unit] = -before
            field[walking] -= 2 * before[:, None] * self.weights[unit]
            flips[walking] += 1
            if trace:
                energies.append(-0.5 * (s * field).sum(1))
        return Rest(s, flips, torch.stack(energies) if trace else None)


def hebbian_weights(patterns: Float[Tensor, "patterns units"]) -> Float[Tensor, "units units"]:
    """Return Hebb's weights: how often two units agree, less how often they do not, over N.

    Examples
    --------
    >>> hebbian_weights(torch.tensor([[1.0, 1, -1]])) * 3
    tensor([[ 0.,  1., -1.],
            [ 1.,  0., -1.],
            [-1., -1.,  0.]])
    """
    return (patterns.T @ patterns / patterns.shape[1]).fill_diagonal_(0)


def projection_weights(patterns: Float[Tensor, "patterns units"]) -> Float[Tensor, "units units"]:
    """Return the pseudo-inverse rule's weights: the projection on the patterns' span.

    Linearly independent patterns, correlated or not, all become stable: ξ_i h_i = 1 − W_ii, which
    is above 0 unless the i-th axis itself lies in their span.

    References
    ----------
    Personnaz, Guyon and Dreyfus, Journal de Physique Lettres 46 (1985) 359–365. Without
    self-connections: Kanter and Sompolinsky, Physical Review A 35 (1987) 380–392.

    Examples
    --------
    >>> patterns = torch.tensor([[1.0, 1, 1, 1, 1], [1.0, 1, 1, -1, -1]])  # alike
    >>> Hopfield(projection_weights(patterns)).stable(patterns).tolist()
    [True, True]
    """
    exact = patterns.double()
    weights = torch.linalg.pinv(exact) @ exact
    weights = ((weights + weights.T) / 2).fill_diagonal_(0)
    return weights.to(patterns.dtype)


def modern_energy(
    s: Float[Tensor, "*batch units"], patterns: Float[Tensor, "patterns units"], beta: float
) -> Float[Tensor, "*batch"]:
    """Return the energy of Ramsauer et al., equation 2, without its constants."""
    scores = beta * s @ patterns.T
    return 0.5 * s.square().sum(-1) - scores.logsumexp(-1) / beta


def modern_update(
    s: Float[Tensor, "*batch units"], patterns: Float[Tensor, "patterns units"], beta: float
) -> Float[Tensor, "*batch units"]:
    """Return the mixture of stored patterns that the state is most like (equation 3).

    Parameters
    ----------
    s
        States, any real numbers, (..., units).
    patterns
        Stored patterns, (patterns, units).
    beta
        How sharply the most similar pattern is preferred, above 0.

    Examples
    --------
    >>> patterns = torch.tensor([[1.0, 1, -1, -1], [1.0, -1, 1, -1]])
    >>> modern_update(torch.tensor([1.0, 1, 0, 0]), patterns, beta=10.0).round().int().tolist()
    [1, 1, -1, -1]
    """
    if beta <= 0:
        raise ValueError(f"beta must be above 0, got {beta}")
    return (beta * s @ patterns.T).softmax(-1) @ patterns


def overlap_theory(
    y: Float[Tensor, " points"],
) -> tuple[Float[Tensor, " points"], Float[Tensor, " points"]]:
    r"""Return load α and overlap m of the mean-field theory, along its parameter y.

    .. math:: m = \operatorname{erf} y, \qquad
              \sqrt{2\alpha} = \frac{m}{y} - \frac{2}{\sqrt\pi}\, e^{-y^2}

    The equations of Amit, Gutfreund and Sompolinsky at temperature 0 with
    :math:`y = m / \sqrt{2 \alpha r}`. The largest α is the capacity. Beyond its y lie the states of
    retrieval, before it an unstable branch.

    Parameters
    ----------
    y
        Points above 0.

    References
    ----------
    Amit, Gutfreund and Sompolinsky, Physical Review Letters 55 (1985) 1530–1533.

    Examples
    --------
    >>> load, overlap = overlap_theory(torch.linspace(0.5, 3, 10_001).double())
    >>> top = load.argmax()
    >>> round(float(load[top]), 4), round(float(overlap[top]), 3)
    (0.1379, 0.967)
    """
    m = torch.erf(y)
    root = m / y - 2 / torch.pi**0.5 * torch.exp(-y.square())
    return root.square() / 2, m


def one_step_errors(load: Float[Tensor, " loads"]) -> Float[Tensor, " loads"]:
    r"""Return the share of a stored pattern's units that the first update would change.

    The other p − 1 patterns act as noise of variance α = p/N, so it is
    :math:`\tfrac12 \operatorname{erfc}(1/\sqrt{2\alpha})`.

    References
    ----------
    Hertz, Krogh and Palmer, *Introduction to the Theory of Neural Computation*, 1991, eq. 2.14.

    Examples
    --------
    >>> round(float(one_step_errors(torch.tensor([0.138]))), 4)
    0.0036
    """
    return 0.5 * torch.erfc((2 * load).rsqrt())
