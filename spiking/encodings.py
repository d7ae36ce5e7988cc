"""Numbers as spikes, (time, batch, ...)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def encode_rate(
    x: Float[Tensor, "batch ..."], steps: int, *, generator: torch.Generator | None = None
) -> Float[Tensor, "steps batch ..."]:
    """Return spikes that come at random, each number's share of the steps on average.

    Parameters
    ----------
    x
        Chance of a spike in a step, in [0, 1].
    steps
        Number of time steps.
    generator
        Source of randomness, on the device of x.

    Raises
    ------
    ValueError
        If a number is outside [0, 1], or there are no steps.

    Examples
    --------
    >>> encode_rate(torch.tensor([[0.0, 1.0]]), steps=2).flatten().tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    _require_steps(steps)
    _require_shares(x)
    chances = x.flatten()
    at = chances.nonzero().flatten()  # nothing is drawn for what never spikes
    drawn = torch.rand((steps, len(at)), generator=generator, device=x.device)
    spikes = x.new_zeros((steps, len(chances)))
    spikes[:, at] = (drawn < chances[at]).to(x.dtype)
    return spikes.view(steps, *x.shape)


def encode_latency(
    x: Float[Tensor, "batch ..."],
    steps: int,
    *,
    tau: float | None = None,
    threshold: float = 0.01,
) -> Float[Tensor, "steps batch ..."]:
    r"""Return one spike a number, the earlier the larger it is; none below the threshold.

    Linear, at the step nearest to :math:`(1 - x)(T - 1)`. With a time constant, at the step nearest
    to the time at which a leaky integrator that is charged by x reaches the threshold,
    :math:`\tau \ln \frac{x}{x - \theta}`; what would come after the last step comes in it.

    Parameters
    ----------
    x
        Numbers in [0, 1].
    steps
        Number of time steps T.
    tau
        Time constant, in steps; None for linear.
    threshold
        θ, in (0, 1).

    Raises
    ------
    ValueError
        If a number is outside [0, 1], or a parameter out of range.

    Examples
    --------
    >>> encode_latency(torch.tensor([[1.0, 0.5, 0.0]]), steps=3)[:, 0].T.tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    _require_steps(steps)
    _require_shares(x)
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be between 0 and 1, got {threshold}")
    if tau is None:
        times = (1 - x) * (steps - 1)
    elif tau > 0:
        times = tau * (x / (x - threshold).clamp(min=torch.finfo(x.dtype).tiny)).log()
    else:
        raise ValueError(f"tau must be a positive number of steps, got {tau}")
    place = times.round().clamp(0, steps - 1).long()
    spikes = torch.zeros((steps, *x.shape), dtype=x.dtype, device=x.device)
    return spikes.scatter_(0, place[None], (x > threshold).to(x.dtype)[None])


def encode_delta(
    x: Float[Tensor, "time batch ..."], threshold: float
) -> Float[Tensor, "time batch ... 2"]:
    """Return spikes where a signal has moved by a threshold since the last one, up or down.

    As an event camera does: a spike moves the level that is compared by the threshold, so that
    the running sum of ups minus downs, times the threshold, follows the signal. The first step
    sets the level.

    Parameters
    ----------
    x
        Signal.
    threshold
        Height of a step, positive; a signal that moves by more in a step falls behind.

    Returns
    -------
    Tensor
        Spikes up and down in the last axis.

    Raises
    ------
    ValueError
        If the threshold is not positive.

    Examples
    --------
    >>> x = torch.tensor([0.0, 0.6, 1.2, 0.1]).view(4, 1, 1)
    >>> (encode_delta(x, 0.5) @ torch.tensor([1.0, -1.0])).flatten().tolist()
    [0.0, 1.0, 1.0, -1.0]
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    level, found = x[0], []
    for row in x.unbind(0):
        up, down = row - level >= threshold, level - row >= threshold
        level = level + threshold * (up.to(x.dtype) - down.to(x.dtype))
        found.append(torch.stack((up, down), -1))
    return torch.stack(found).to(x.dtype)


def encode_population(
    x: Float[Tensor, "batch ..."],
    neurons: int,
    *,
    low: float = 0.0,
    high: float = 1.0,
    overlap: float = 1.5,
) -> Float[Tensor, "batch ... neurons"]:
    r"""Return how strongly neurons with Gaussian receptive fields answer to a number.

    Neuron i of n has its centre at :math:`c_i = low + i\,(high - low)/(n - 1)` and the width
    :math:`\sigma = (high - low) / (\beta\,(n - 1))`. The answers, in (0, 1], go on to
    `encode_rate` or `encode_latency`.

    Parameters
    ----------
    x
        Numbers.
    neurons
        n, at least 2.
    low, high
        Centres of the first and the last neuron.
    overlap
        β; the smaller, the wider the fields.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    References
    ----------
    Bohte, Kok and La Poutré, "Error-backpropagation in temporally encoded networks of spiking
    neurons", Neurocomputing 48, 2002.

    Examples
    --------
    >>> encode_population(torch.tensor([[0.5]]), 3).argmax(-1).item()
    1
    """
    if neurons < 2:
        raise ValueError(f"neurons must be at least 2, got {neurons}")
    if not (low < high and overlap > 0 and math.isfinite(high - low)):
        raise ValueError(
            f"expected low < high and a positive overlap, got {low}, {high} and {overlap}"
        )
    centres = torch.linspace(low, high, neurons, dtype=x.dtype, device=x.device)
    width = (high - low) / (overlap * (neurons - 1))
    return (-((x[..., None] - centres) ** 2) / (2 * width**2)).exp()


def _require_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")


def _require_shares(x: Tensor) -> None:
    wrong = ~((x >= 0) & (x <= 1))
    if wrong.any():
        value = x[wrong][0].item()
        raise ValueError(f"numbers to encode must be in [0, 1], got {value:g}; scale them first")
