r"""Spike-timing-dependent plasticity of pairs of spikes."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from spiking.kernels import plasticity
from spiking.operations.arrays import as_array
from spiking.plasticity.traces import (
    Pairing,
    follow,
    numbers,
    require_bounds,
    require_rule,
    require_spikes,
    start,
)


class STDPState(NamedTuple):
    """Traces of the inputs' and of the neurons' spikes, (batch, pre) and (batch, post)."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class STDP:
    r"""A pair of spikes changes a weight by how far they are apart.

    The neuron after its input strengthens the weight, the input after the neuron weakens it,

    .. math:: \Delta w = A_+ (w_{max} - w)^\mu e^{-\Delta t / \tau_{pre}}, \qquad
              \Delta w = -A_- (w - w_{min})^\mu e^{-\Delta t / \tau_{post}}.

    With :math:`\mu = 0` the bounds are hard, with 1 soft; in between lies the rule of Gütig et al.
    Weights never leave their bounds.

    Parameters
    ----------
    tau_pre, tau_post
        Time constants of the traces, in seconds.
    a_plus, a_minus
        Change by a pair in the same step. Such a pair does both.
    dt
        Time step, in seconds.
    pairing
        "all" spikes pair with all; "nearest", each with the last one of the other side.
    w_min, w_max
        Bounds; may be infinite where mu is 0.
    mu
        Power of the distance to a bound.

    Raises
    ------
    ValueError
        For a parameter out of range.

    References
    ----------
    Song, Miller and Abbott, "Competitive Hebbian learning through spike-timing-dependent synaptic
    plasticity", Nature Neuroscience 3, 2000. Gütig, Aharonov, Rotter and Sompolinsky, "Learning
    input correlations through nonlinear temporally asymmetric Hebbian plasticity", Journal of
    Neuroscience 23, 2003, eq. 1. Morrison, Diesmann and Gerstner, "Phenomenological models of
    synaptic plasticity based on spike timing", Biological Cybernetics 98, 2008, section 4.1.

    Examples
    --------
    A neuron fires 10 ms after its first input and 10 ms before its second:

    >>> import torch
    >>> pre, post = torch.zeros(30, 1, 2), torch.zeros(30, 1, 1)
    >>> pre[5, 0, 0] = pre[25, 0, 1] = post[15, 0, 0] = 1
    >>> weight, _ = STDP(a_plus=0.1, a_minus=0.2)(torch.full((1, 2), 0.5), pre, post)
    >>> weight
    tensor([[0.5607, 0.3787]])
    """

    tau_pre: float = 20e-3
    tau_post: float = 20e-3
    a_plus: float = 0.01
    a_minus: float = 0.01
    dt: float = 1e-3
    pairing: Pairing = "all"
    w_min: float = 0.0
    w_max: float = 1.0
    mu: float = 0.0

    def __post_init__(self) -> None:
        require_rule(self, positive=("tau_pre", "tau_post", "dt"), pairing=self.pairing)
        require_bounds(self.w_min, self.w_max, self.mu)

    def __call__(
        self,
        weight: Float[Tensor, "post pre"],
        pre: Float[Tensor, "time batch pre"],
        post: Float[Tensor, "time batch post"],
        state: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Float[Tensor, "post pre"], STDPState]:
        """Return new weights and the state to go on from, after all steps; see `step`.

        Only what spikes is touched. Changes of a batch add up.

        Parameters
        ----------
        weight
            Of inputs to neurons, as in a linear layer; not changed.
        pre, post
            Spikes of the inputs and of the neurons.
        state
            Of an earlier call; without spikes before unless given.

        Raises
        ------
        ValueError
            If a shape is wrong, something else than spikes is given, or a weight is out of bounds.
        """
        _, batch, targets, sources = require_spikes(weight, pre, post, self.w_min, self.w_max)
        x, y = start(state, (batch, sources), (batch, targets), like=weight)
        across = weight.detach().T.contiguous().clone()
        low, high, mu = numbers(weight, self.w_min, self.w_max, self.mu)
        spikes = [as_array(s.to(weight.dtype)) for s in (pre, post)]
        decays, gains = numbers(weight, *_decays(self)), numbers(weight, self.a_plus, self.a_minus)
        how = (decays, self.pairing == "nearest", gains, low, high, mu)
        plasticity.pairs(*spikes, x.numpy(), y.numpy(), *how, across.numpy())
        return across.T.contiguous(), STDPState(x, y)


def step(
    weight: Float[Tensor, "post pre"],
    pre: Float[Tensor, "batch pre"],
    post: Float[Tensor, "batch post"],
    state: STDPState,
    rule: STDP,
) -> tuple[Float[Tensor, "post pre"], STDPState]:
    r"""Move on by one time step.

    Traces first, then weights: with :math:`x_t = d_x x_{t-1} + s^{pre}_t` and
    :math:`y_t = d_y y_{t-1} + s^{post}_t` (all pairs),

    .. math:: w_t = w_{t-1} + A_+ (w_{max} - w_{t-1})^\mu \sum_b s^{post}_t x_t
                    - A_- (w_{t-1} - w_{min})^\mu \sum_b s^{pre}_t y_t,

    then clipped to the bounds.

    Parameters
    ----------
    weight
        Before the step.
    pre, post
        Spikes of the step, 0 or 1.
    state
        Traces after the step before.
    rule
        Its parameters.

    Returns
    -------
    Tensor, STDPState
        Weights and traces after this step.
    """
    decay_pre, decay_post = _decays(rule)
    x = follow(state.x, pre, decay_pre, rule.pairing)
    y = follow(state.y, post, decay_post, rule.pairing)
    up = rule.a_plus * post.T @ x * (rule.w_max - weight) ** rule.mu
    down = rule.a_minus * y.T @ pre * (weight - rule.w_min) ** rule.mu
    return (weight + up - down).clamp(rule.w_min, rule.w_max), STDPState(x, y)


def _decays(rule: STDP) -> tuple[float, float]:
    return math.exp(-rule.dt / rule.tau_pre), math.exp(-rule.dt / rule.tau_post)
