r"""STDP that waits for a reward."""

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


class RewardState(NamedTuple):
    """Traces (batch, pre) and (batch, post), and eligibilities (batch, post, pre)."""

    x: Tensor
    y: Tensor
    c: Tensor


@dataclass(frozen=True)
class RewardSTDP:
    r"""Pairs of spikes make a weight eligible; a reward that comes later changes it.

    .. math:: \tau_c \dot c = -c + \tau_c\, \text{STDP}, \qquad \dot w = d(t)\, c(t)

    A pair leaves what STDP would have done in the eligibility c, which fades within about a second;
    the reward d, dopamine in the model, says what becomes of it. So credit reaches back.

    Parameters
    ----------
    tau_pre, tau_post
        Time constants of the traces, in seconds.
    tau_eligibility
        τ_c, in seconds.
    a_plus, a_minus
        What a pair in the same step adds to and takes from the eligibility.
    dt
        Time step, in seconds.
    pairing
        "all" spikes pair with all; "nearest", each with the last one of the other side.
    w_min, w_max
        Hard bounds; may be infinite.

    Raises
    ------
    ValueError
        For a parameter out of range.

    References
    ----------
    Izhikevich, "Solving the distal reward problem through linkage of STDP and dopamine signaling",
    Cerebral Cortex 17, 2007, eqs. 1 and 2. Frémaux and Gerstner, "Neuromodulated
    spike-timing-dependent plasticity, and theory of three-factor learning rules", Frontiers in
    Neural Circuits 9, 2016.

    Examples
    --------
    A pair at 10 and 15 ms, a reward at 0.5 s:

    >>> import torch
    >>> pre, post, reward = torch.zeros(501, 1, 1), torch.zeros(501, 1, 1), torch.zeros(501, 1)
    >>> pre[10] = post[15] = reward[500] = 1
    >>> weight, _ = RewardSTDP(a_plus=0.1)(torch.full((1, 1), 0.5), pre, post, reward)
    >>> round(weight.item(), 4), round(0.5 + 0.1 * math.exp(-5 / 20 - 485 / 1000), 4)
    (0.548, 0.548)
    """

    tau_pre: float = 20e-3
    tau_post: float = 20e-3
    tau_eligibility: float = 1.0
    a_plus: float = 0.01
    a_minus: float = 0.01
    dt: float = 1e-3
    pairing: Pairing = "all"
    w_min: float = 0.0
    w_max: float = 1.0

    def __post_init__(self) -> None:
        positive = ("tau_pre", "tau_post", "tau_eligibility", "dt")
        require_rule(self, positive=positive, pairing=self.pairing)
        require_bounds(self.w_min, self.w_max, 0.0)

    def __call__(
        self,
        weight: Float[Tensor, "post pre"],
        pre: Float[Tensor, "time batch pre"],
        post: Float[Tensor, "time batch post"],
        reward: Float[Tensor, "time batch"],
        state: tuple[Tensor, Tensor, Tensor] | None = None,
    ) -> tuple[Float[Tensor, "post pre"], RewardState]:
        """Return new weights and the state to go on from, after all steps; see `step`.

        All weights are touched at a reward; without one, only those of spikes. Changes of a batch
        add up.

        Parameters
        ----------
        weight
            Of inputs to neurons, as in a linear layer; not changed.
        pre, post
            Spikes of the inputs and of the neurons.
        reward
            Of either sign.
        state
            Of an earlier call; without spikes before unless given.

        Raises
        ------
        ValueError
            If a shape is wrong, something else than spikes is given, or a weight is out of bounds.
        """
        bounds = (self.w_min, self.w_max)
        steps, batch, targets, sources = require_spikes(weight, pre, post, *bounds)
        if reward.shape != (steps, batch):
            raise ValueError(f"expected reward ({steps}, {batch}), got {tuple(reward.shape)}")
        shapes = ((batch, sources), (batch, targets), (batch, targets, sources))
        x, y, c = start(state, *shapes, like=weight)
        c, across = c.transpose(1, 2).contiguous(), weight.detach().T.contiguous().clone()
        decay_pre, decay_post, fade = _decays(self)
        decays = numbers(weight, decay_pre, decay_post)
        gains = numbers(weight, self.a_plus, self.a_minus)
        spikes = [as_array(s.to(weight.dtype)) for s in (pre, post, reward)]
        how = (decays, self.pairing == "nearest", gains, *numbers(weight, fade, *bounds))
        plasticity.rewarded(*spikes, x.numpy(), y.numpy(), *how, c.numpy(), across.numpy())
        return across.T.contiguous(), RewardState(x, y, c.transpose(1, 2).contiguous())


def step(
    weight: Float[Tensor, "post pre"],
    pre: Float[Tensor, "batch pre"],
    post: Float[Tensor, "batch post"],
    reward: Float[Tensor, " batch"],
    state: RewardState,
    rule: RewardSTDP,
) -> tuple[Float[Tensor, "post pre"], RewardState]:
    r"""Move on by one time step.

    Traces first, as in `spiking.plasticity.stdp.step`, then eligibilities, then weights,

    .. math:: c_t = e^{-dt/\tau_c}\, c_{t-1} + A_+ s^{post}_t x_t - A_- s^{pre}_t y_t, \qquad
              w_t = w_{t-1} + \sum_b d_t\, c_t,

    then clipped to the bounds.

    Parameters
    ----------
    weight
        Before the step.
    pre, post
        Spikes of the step, 0 or 1.
    reward
        d, times the length of a step.
    state
        After the step before.
    rule
        Its parameters.

    Returns
    -------
    Tensor, RewardState
        Weights, traces and eligibilities after this step.
    """
    decay_pre, decay_post, fade = _decays(rule)
    x = follow(state.x, pre, decay_pre, rule.pairing)
    y = follow(state.y, post, decay_post, rule.pairing)
    pairs = (
        rule.a_plus * post[:, :, None] * x[:, None] - rule.a_minus * y[:, :, None] * pre[:, None]
    )
    c = fade * state.c + pairs
    changed = weight + (reward[:, None, None] * c).sum(0)
    return changed.clamp(rule.w_min, rule.w_max), RewardState(x, y, c)


def _decays(rule: RewardSTDP) -> tuple[float, float, float]:
    pre, post, fade = (rule.tau_pre, rule.tau_post, rule.tau_eligibility)
    return math.exp(-rule.dt / pre), math.exp(-rule.dt / post), math.exp(-rule.dt / fade)
