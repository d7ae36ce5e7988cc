r"""e-prop: gradients of recurrent networks from traces that only run forward in time."""

import math
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.kernels import eligibility
from spiking.operations.arrays import as_array
from spiking.plasticity.recurrent import RecurrentALIF, without_self
from spiking.plasticity.traces import numbers

Loss = Literal["cross_entropy", "squared"]


def eprop_loss(
    network: RecurrentALIF,
    x: Float[Tensor, "time batch inputs"],
    target: Float[Tensor, "time batch outputs"],
    importance: Float[Tensor, " time"],
    *,
    loss: Loss = "cross_entropy",
    feedback: Float[Tensor, "outputs neurons"] | None = None,
    rate_target: float = 10.0,
    rate_weight: float = 0.0,
) -> Float[Tensor, ""]:
    r"""Return the loss of `readout_loss`; its gradient is that of e-prop.

    Backpropagation through time sums :math:`\frac{dE}{dz_t} \frac{dz_t}{dW}` over paths that run
    back in time through all neurons. e-prop factors the gradient into what a synapse has seen and
    what its neuron is told,

    .. math:: \frac{dE}{dW_{ji}} \approx \sum_t L_j^t\, \bar e_{ji}^t, \qquad
              L_j^t = \sum_k B_{kj} \frac{\partial E}{\partial y_k^t}, \qquad
              \bar e^t = \kappa\, \bar e^{t-1} + e^t

    with traces that run forward beside the network,

    .. math:: \epsilon^{v,t}_i = \alpha\, \epsilon^{v,t-1}_i + x_i^t \;\;(\text{or } z_i^{t-1}),
              \qquad e_{ji}^t = \psi_j^t (\epsilon^{v,t}_i - \beta_j \epsilon^{a,t}_{ji}), \qquad
              \epsilon^{a,t+1}_{ji} = \rho\, \epsilon^{a,t}_{ji} + e_{ji}^t .

    The only terms left out are those through :math:`W^{rec} z`: that a spike changes other neurons,
    which change the output later. Without recurrent weights the gradient is exact for symmetric
    feedback, :math:`B = W^{out}`. Memory does not depend on the number of steps, nor on the batch.

    Parameters
    ----------
    network
        Whose parameters get gradients.
    x
        Input at each step.
    target
        Distributions over classes, or values.
    importance
        Weight of each step's loss.
    loss
        "cross_entropy", after a softmax, or half the "squared" distance.
    feedback
        B; the readout's weights unless given. If it requires a gradient it gets that of the
        readout's weights, so that both come to agree under weight decay (adaptive e-prop).
    rate_target, rate_weight
        Rate that neurons are drawn to, in hertz, and how strongly; see `readout_loss`.

    Raises
    ------
    ValueError
        If a shape is wrong.

    References
    ----------
    Bellec et al., "A solution to the learning dilemma for recurrent networks of spiking neurons",
    Nature Communications 11, 2020, Methods, "Eligibility traces" and "e-prop".

    Examples
    --------
    >>> network = RecurrentALIF(3, 8, 2, generator=torch.Generator().manual_seed(0))
    >>> target = torch.tensor([1.0, 0.0]).expand(20, 5, 2)
    >>> eprop_loss(network, torch.ones(20, 5, 3), target, torch.ones(20) / 20).backward()
    >>> network.recurrent.weight.grad.shape
    torch.Size([8, 8])
    """
    outputs, neurons = network.readout.weight.shape
    if x.dim() != 3 or x.shape[2] != network.input.in_features:
        n = network.input.in_features
        raise ValueError(f"expected x (time, batch, {n}), got {tuple(x.shape)}")
    if target.shape != (*x.shape[:2], outputs):
        shape = (*x.shape[:2], outputs)
        raise ValueError(f"expected target {shape}, got {tuple(target.shape)}")
    if importance.shape != (len(x),):
        raise ValueError(f"expected importance ({len(x)},), got {tuple(importance.shape)}")
    if feedback is not None and feedback.shape != (outputs, neurons):
        raise ValueError(f"expected feedback ({outputs}, {neurons}), got {tuple(feedback.shape)}")
    weights = (network.input.weight, network.recurrent.weight)
    readout = (network.readout.weight, network.readout.bias)
    how = (loss == "cross_entropy", rate_target, rate_weight)
    return _Eprop.apply(*weights, *readout, feedback, network, x, target, importance, how)


def readout_loss(
    readout: Float[Tensor, "time batch outputs"],
    spikes: Float[Tensor, "time batch neurons"],
    target: Float[Tensor, "time batch outputs"],
    importance: Float[Tensor, " time"],
    *,
    dt: float,
    loss: Loss = "cross_entropy",
    rate_target: float = 10.0,
    rate_weight: float = 0.0,
) -> Float[Tensor, ""]:
    r"""Return the loss that `eprop_loss` descends, for backpropagation through time.

    .. math:: E = \frac{1}{B} \sum_{t,b} w_t\, \ell(y_t, y^*_t)
                  + \frac{c}{2} \sum_j (\bar f_j - f^*)^2

    with the mean rate :math:`\bar f_j` over time and batch.

    Parameters
    ----------
    readout, spikes
        What the network returned.
    target, importance, loss, rate_target, rate_weight
        As in `eprop_loss`.
    dt
        Time step, in seconds.

    Examples
    --------
    >>> y, z = torch.zeros(1, 1, 2), torch.zeros(1, 1, 3)
    >>> target, one = torch.tensor([[[1.0, 0.0]]]), torch.ones(1)
    >>> round(readout_loss(y, z, target, one, dt=1e-3).item(), 4)  # log 2
    0.6931
    """
    if loss == "cross_entropy":
        each = -(target * readout.log_softmax(-1)).sum(-1)
    else:
        each = 0.5 * (readout - target).square().sum(-1)
    rates = spikes.mean((0, 1)) / dt
    return each.mean(1) @ importance + rate_weight / 2 * (rates - rate_target).square().sum()


class _Eprop(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        inward: Tensor,
        across: Tensor,
        outward: Tensor,
        bias: Tensor,
        feedback: Tensor | None,
        network: RecurrentALIF,
        x: Tensor,
        target: Tensor,
        importance: Tensor,
        how: tuple[bool, float, float],
    ) -> Tensor:
        classify, rate_target, rate_weight = how
        kind, inputs = inward.dtype, inward.shape[1]
        data = [as_array(part.to(kind)) for part in (x, target, importance)]
        matrices = [inward.T, without_self(across).T, outward, bias]
        matrices += [outward if feedback is None else feedback, network.rows(inward)]
        found = [inward.new_zeros(len(across), inputs + len(across)), torch.zeros_like(outward)]
        found += [torch.zeros_like(bias), torch.zeros_like(found[0]), inward.new_zeros(len(across))]
        kappa = numbers(inward, math.exp(-network.dt / network.tau_out))[0]
        value = eligibility.eprop(
            *data, *(as_array(m) for m in matrices), network.hold, kappa, classify,
            *(part.numpy() for part in found),
        )  # fmt: skip
        gradient, by_outward, by_bias, sums, counts = found
        drawn = x.shape[0] * x.shape[1] * network.dt
        off = counts / drawn - rate_target
        gradient += (rate_weight / drawn * off)[:, None] * sums
        by_across = without_self(gradient[:, inputs:])
        ctx.found = (gradient[:, :inputs], by_across, by_outward, by_bias)
        ctx.adapts = feedback is not None and ctx.needs_input_grad[4]
        return inward.new_tensor(value) + rate_weight / 2 * off.square().sum()

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        by_feedback = above[0] * ctx.found[2] if ctx.adapts else None
        return (*(above[0] * part for part in ctx.found), by_feedback, *[None] * 5)
