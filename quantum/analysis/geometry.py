"""The geometry of a circuit's states: quantum Fisher information and the natural gradient."""

from collections.abc import Callable, Iterable
from math import log, pi
from typing import Any

import torch
from torch import Tensor

from quantum.errors import InputError


def state_jacobian(states: Callable[..., Tensor], weights: Tensor, *inputs: Tensor) -> Tensor:
    r"""Return the derivatives of states by weights, (samples, weights, 2^n), complex.

    All come from one backward pass over a batch that has each sample once for each real and
    imaginary part of its state.

    Parameters
    ----------
    states
        Takes weights and inputs, the batch first, and returns states, (samples, 2^n).
    weights
        (samples, ...), of which the derivatives are taken.
    inputs
        (samples, ...) each, as data.

    Examples
    --------
    >>> half = state_jacobian(lambda w: torch.polar(torch.ones_like(w), w), torch.zeros(1, 1))
    >>> half.tolist()
    [[[1j]]]
    """
    with torch.enable_grad():
        size = states(weights, *inputs).shape[1]
        copies = [part.repeat_interleave(2 * size, 0) for part in (weights.detach(), *inputs)]
        copies[0].requires_grad_()
        out = torch.view_as_real(states(*copies)).flatten(1)
        of_each = torch.eye(2 * size, dtype=out.dtype, device=out.device)
        (found,) = torch.autograd.grad(out, copies[0], of_each.repeat(len(weights), 1))
    parts = found.reshape(len(weights), size, 2, -1)
    return torch.complex(parts[:, :, 0], parts[:, :, 1]).transpose(1, 2)


def quantum_fisher(states: Callable[..., Tensor], weights: Tensor, *inputs: Tensor) -> Tensor:
    r"""Return the quantum Fisher information of pure states, (samples, weights, weights).

    .. math:: F_{ij} = 4\,\mathrm{Re}\big(\langle\partial_i\psi|\partial_j\psi\rangle
              - \langle\partial_i\psi|\psi\rangle\langle\psi|\partial_j\psi\rangle\big)

    A quarter of it is the Fubini–Study metric: the squared angle between states of weights that
    are close.

    Parameters
    ----------
    states
        Takes weights and inputs, the batch first, and returns states, (samples, 2^n), such as
        `state_circuit`.
    weights
        (samples, ...).
    inputs
        (samples, ...) each, as data.

    References
    ----------
    Stokes, Izaac, Killoran and Carleo, "Quantum natural gradient", Quantum 4, 269, 2020.
    Meyer, "Fisher information in noisy intermediate-scale quantum applications", Quantum 5, 2021.

    Examples
    --------
    >>> import pennylane as qml
    >>> from quantum import state_circuit
    >>> states = state_circuit(lambda w, wires: qml.RY(w[0], wires[0]), 1)
    >>> quantum_fisher(states, torch.zeros(1, 1)).tolist()
    [[[1.0]]]
    """
    jacobian = state_jacobian(states, weights, *inputs)
    with torch.no_grad():
        here = states(weights, *inputs).to(jacobian.dtype)
        along = jacobian.conj() @ here[:, :, None]
        return 4 * (jacobian.conj() @ jacobian.mT - along @ along.mH).real


class NaturalGradient(torch.optim.Optimizer):
    r"""Descent along the gradient as seen in the space of states.

    .. math:: \theta \leftarrow \theta - \eta\,(g + \lambda 1)^{-1}\nabla L

    with the Fubini–Study metric g, a quarter of the quantum Fisher information.

    Parameters
    ----------
    params
        Weights of one circuit; all share one metric, in their order.
    metric
        Returns g at the present weights, (weights, weights).
    lr
        η.
    damping
        λ, which keeps the solution small along weights that change no state.

    Raises
    ------
    InputError
        If the metric does not fit the weights.

    References
    ----------
    Stokes, Izaac, Killoran and Carleo, "Quantum natural gradient", Quantum 4, 269, 2020.

    Examples
    --------
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    >>> optimizer = NaturalGradient([w], lambda: torch.diag(torch.tensor([1.0, 4.0])), lr=1.0,
    ...                             damping=0.0)
    >>> (w[0] ** 2 / 2 + 2 * w[1] ** 2).backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.0, 0.0]
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        metric: Callable[[], Tensor],
        lr: float = 0.01,
        damping: float = 1e-3,
    ) -> None:
        if lr < 0 or damping < 0:
            raise InputError(f"lr and damping must not be negative, got {lr} and {damping}")
        super().__init__(params, {"lr": lr, "damping": damping})
        if len(self.param_groups) > 1:
            raise InputError("all weights share one metric: give them as one group")
        self.metric = metric

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step by the gradients that the weights have."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        group = self.param_groups[0]
        chosen = group["params"]
        slopes = [torch.zeros_like(p) if p.grad is None else p.grad for p in chosen]
        slope = torch.cat([part.flatten() for part in slopes])
        metric = self.metric().to(slope)
        if metric.shape != (len(slope), len(slope)):
            raise InputError(f"{len(slope)} weights do not fit a metric {tuple(metric.shape)}")
        metric = metric + group["damping"] * torch.eye(len(slope)).to(slope)
        step = torch.linalg.solve(metric, slope)
        for p, part in zip(chosen, step.split([p.numel() for p in chosen]), strict=True):
            p.sub_(part.view_as(p), alpha=group["lr"])
        return loss


def effective_dimension(fishers: Tensor, data: int, gamma: float = 1.0) -> Tensor:
    r"""Return how many directions of the weights a model tells apart, given so many data.

    .. math:: d_{\gamma,n} = \frac{2}{\ln\kappa}
              \ln\Big(\mathbb{E}_\theta\sqrt{\det(1+\kappa\hat F(\theta))}\Big),
              \qquad \kappa = \frac{\gamma n}{2\pi\ln n}

    with Fisher information scaled so that the mean trace is the number of weights.

    Parameters
    ----------
    fishers
        (draws, weights, weights), of weights drawn uniformly.
    data
        n.
    gamma
        γ, above 0 to 1.

    Raises
    ------
    InputError
        If γ is not in its range, or κ is not above 1.

    References
    ----------
    Abbas et al., "The power of quantum neural networks", Nature Computational Science 1, 2021.

    Examples
    --------
    >>> round(effective_dimension(torch.eye(3)[None], 10**9).item(), 3)
    3.0
    """
    if not 0 < gamma <= 1 or data < 2 or (kappa := gamma * data / (2 * pi * log(data))) <= 1:
        raise InputError(f"expected 0 < gamma <= 1 and data enough for kappa > 1, got {data}")
    size = fishers.shape[-1]
    scale = size / fishers.diagonal(dim1=1, dim2=2).sum(1).mean()
    eye = torch.eye(size).to(fishers)
    halves = torch.logdet(eye + kappa * scale * fishers) / 2
    return 2 * (torch.logsumexp(halves, 0) - log(len(fishers))) / log(kappa)
