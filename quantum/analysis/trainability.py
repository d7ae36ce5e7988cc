"""How gradients of random circuits shrink with the number of qubits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from quantum.analysis.expressiveness import Circuit
from quantum.compiling import CompiledCircuit
from quantum.errors import InputError
from quantum.measures import expval_first


def gradients(
    circuit: Circuit,
    n_qubits: int,
    weights: Tensor,
    measure: Callable[[Any], Any] = expval_first,
    *,
    cost: Callable[[Tensor], Tensor] | None = None,
    batch: int = 512,
) -> Tensor:
    """Return the derivatives of a circuit's cost at many weights, of the shape of the weights.

    Each batch is one forward and one backward pass of the engine.

    Parameters
    ----------
    circuit
        Function of weights and wires, such as an ansatz.
    n_qubits
        Number of wires.
    weights
        (samples, ...), such as `uniform_angles`.
    measure
        Function of wires that returns measurements.
    cost
        From measurements, (batch, outputs), to costs, (batch,); their sum unless given.
    batch
        Samples that are simulated at a time.

    Examples
    --------
    >>> import pennylane as qml
    >>> w = torch.tensor([[0.0], [torch.pi / 2]], dtype=torch.float64)
    >>> slopes = gradients(lambda w, wires: qml.RY(w[0], wires[0]), 1, w)
    >>> slopes.round(decimals=6).abs().tolist()
    [[0.0], [1.0]]
    """

    def function(w: Any) -> Any:
        circuit(w, range(n_qubits))
        return measure(range(n_qubits))

    module = CompiledCircuit(function, {}, wires=n_qubits, init={})
    found = []
    for part in weights.split(batch):
        own = part.detach().requires_grad_()
        with torch.enable_grad():
            out = module(own)
            total = out.sum() if cost is None else cost(out).sum()
            found.append(torch.autograd.grad(total, own)[0])
    return torch.cat(found)


def two_design_variance(n_qubits: int) -> float:
    r"""Return the variance of a derivative between two halves that are random to second order.

    .. math:: \mathrm{Var}\,\partial_\theta\langle O\rangle = \frac{N^2}{2(N^2-1)(N+1)},
              \qquad N = 2^n

    for a rotation :math:`e^{-i\theta P/2}` by a word P, halves before and behind it that are
    independent unitary 2-designs, and a word O to measure. It halves with each qubit.

    Parameters
    ----------
    n_qubits
        n.

    References
    ----------
    McClean, Boixo, Smelyanskiy, Babbush and Neven, "Barren plateaus in quantum neural network
    training landscapes", Nature Communications 9, 2018, for large N; here with no term left out.

    Examples
    --------
    >>> round(1 / two_design_variance(1), 6)
    4.5
    """
    if n_qubits < 1:
        raise InputError(f"expected qubits, got {n_qubits}")
    size = 2.0**n_qubits
    return size**2 / (2 * (size**2 - 1) * (size + 1))


@dataclass(frozen=True)
class Decay:
    """A straight line through logarithms of variances by numbers of qubits.

    Attributes
    ----------
    rate
        Its slope, in factors of two a qubit.
    low, high
        Ends of the interval of confidence of the slope.
    """

    rate: float
    low: float
    high: float


def decay_rate(
    qubits: Sequence[int],
    slopes: Sequence[Tensor],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    generator: torch.Generator | None = None,
) -> Decay:
    r"""Return how fast the variance of derivatives falls, by :math:`\log_2 \mathrm{Var} = a + bn`.

    The interval is that of percentiles of lines through variances of samples that are drawn anew
    from those given.

    Parameters
    ----------
    qubits
        n, at least two different ones.
    slopes
        For each n, derivatives at random weights, (samples,), of mean 0.
    confidence
        Of the interval.
    resamples
        Number of lines.
    generator
        Source of the draws.

    Raises
    ------
    InputError
        For fewer numbers of qubits, or others than of derivatives.

    References
    ----------
    Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> slopes = [torch.randn(1000, generator=g) * 2 ** (-n / 2) for n in range(1, 6)]
    >>> found = decay_rate(range(1, 6), slopes, generator=g)
    >>> found.low < -1 < found.high
    True
    """
    if len(set(qubits)) < 2 or len(qubits) != len(slopes):
        raise InputError(f"{len(slopes)} sets of derivatives do not fit a line by {list(qubits)}")
    n = torch.tensor([float(k) for k in qubits], dtype=torch.float64)
    centred = n - n.mean()
    squares = [part.detach().double().flatten() ** 2 for part in slopes]

    def rate(means: Tensor) -> Tensor:
        return means.log2() @ centred / (centred @ centred)

    drawn = [
        part[torch.randint(len(part), (resamples, len(part)), generator=generator)].mean(1)
        for part in squares
    ]
    ends = torch.tensor([(1 - confidence) / 2, (1 + confidence) / 2], dtype=torch.float64)
    low, high = rate(torch.stack(drawn, 1)).quantile(ends).tolist()
    return Decay(rate(torch.stack([part.mean() for part in squares])).item(), low, high)
