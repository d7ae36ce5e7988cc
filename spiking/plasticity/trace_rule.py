r"""The rule of Diehl and Cook: weights change where the neuron spikes, and only there."""

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


class TraceState(NamedTuple):
    """Traces of the inputs' spikes, (batch, pre)."""

    x: Tensor


@dataclass(frozen=True)
class TraceRule:
    r"""A neuron that spikes moves its weights towards inputs that were active.

    .. math:: \Delta w = \eta\, (x_{pre} - x_{tar})\, (w_{max} - w)^\mu

    What was silent lately, with a trace below the target, loses weight. As nothing happens at the
    inputs' spikes, which are many, the rule is cheap.

    Parameters
    ----------
    tau_pre
        Time constant of the inputs' traces, in seconds.
    rate
        η.
    target
        x_tar.
    dt
        Time step, in seconds.
    pairing
        A spike adds 1 to the trace ("all"), or sets it to 1 ("nearest").
    w_min, w_max
        Bounds, kept at all times.
    mu
        μ.

    Raises
    ------
    ValueError
        For a parameter out of range.

    References
    ----------
    Diehl and Cook, "Unsupervised learning of digit recognition using spike-timing-dependent
    plasticity", Frontiers in Computational Neuroscience 9, 2015, section 2.3.

    Examples
    --------
    >>> import torch
    >>> pre, post = torch.tensor([1.0, 0.0]).expand(1, 1, 2), torch.ones(1, 1, 1)
    >>> weight, _ = TraceRule(rate=0.1, target=0.4)(torch.full((1, 2), 0.5), pre, post)
    >>> weight  # 0.5 + 0.1 (1 - 0.4) 0.5^0.2 and 0.5 - 0.1 · 0.4 · 0.5^0.2
    tensor([[0.5522, 0.4652]])
    """

    tau_pre: float = 20e-3
    rate: float = 0.01
    target: float = 0.4
    dt: float = 1e-3
    pairing: Pairing = "nearest"
    w_min: float = 0.0
    w_max: float = 1.0
    mu: float = 0.2

    def __post_init__(self) -> None:
        require_rule(self, positive=("tau_pre", "dt"), pairing=self.pairing)
        require_bounds(self.w_min, self.w_max, self.mu)

    def __call__(
        self,
        weight: Float[Tensor, "post pre"],
        pre: Float[Tensor, "time batch pre"],
        post: Float[Tensor, "time batch post"],
        state: tuple[Tensor] | None = None,
    ) -> tuple[Float[Tensor, "post pre"], TraceState]:
        """Return new weights and the state to go on from, after all steps; see `step`.

        Only weights of neurons that spike are touched. Changes of a batch add up.

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
        _, batch, _, sources = require_spikes(weight, pre, post, self.w_min, self.w_max)
        (x,) = start(state, (batch, sources), like=weight)
        changed = weight.detach().contiguous().clone()
        decay = math.exp(-self.dt / self.tau_pre)
        how = numbers(weight, decay, self.rate, self.target, self.w_min, self.w_max, self.mu)
        spikes = [as_array(s.to(weight.dtype)) for s in (pre, post)]
        nearest = self.pairing == "nearest"
        plasticity.after_posts(*spikes, x.numpy(), how[0], nearest, *how[1:], changed.numpy())
        return changed, TraceState(x)


def step(
    weight: Float[Tensor, "post pre"],
    pre: Float[Tensor, "batch pre"],
    post: Float[Tensor, "batch post"],
    state: TraceState,
    rule: TraceRule,
) -> tuple[Float[Tensor, "post pre"], TraceState]:
    r"""Move on by one time step.

    Traces first, then weights,

    .. math:: w_t = w_{t-1} + \eta\, (w_{max} - w_{t-1})^\mu
                    \sum_b s^{post}_t (x_t - x_{tar}),

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
    Tensor, TraceState
        Weights and traces after this step.
    """
    x = follow(state.x, pre, math.exp(-rule.dt / rule.tau_pre), rule.pairing)
    change = rule.rate * (post.T @ (x - rule.target)) * (rule.w_max - weight) ** rule.mu
    return (weight + change).clamp(rule.w_min, rule.w_max), TraceState(x)
