r"""Numbers as spikes whose weight halves with each step: a binary fraction in time.

Step k of a cycle has the threshold :math:`\theta_k = 2^{-(k+1)}`. A neuron that holds a number
fires where it is at least the threshold, and loses the threshold,

.. math:: s_k = [v_k \ge \theta_k], \qquad v_{k+1} = v_k - \theta_k s_k, \qquad v_0 = x,

so that :math:`\sum_k \theta_k s_k` is x rounded down to T binary digits. All neurons must share
the clock that halves thresholds and weights.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def encode_phase(x: Float[Tensor, "batch ..."], steps: int) -> Float[Tensor, "steps batch ..."]:
    """Return the binary digits of numbers as spikes, the highest first.

    Parameters
    ----------
    x
        Numbers in [0, 1]; 1 becomes the largest that there are digits for.
    steps
        T, number of digits.

    Raises
    ------
    ValueError
        If a number is outside [0, 1], or there are no steps.

    References
    ----------
    Kim, Kim, Huh, Lee and Choi, "Deep neural networks with weighted spikes", Neurocomputing 311,
    2018.

    Stöckl and Maass, "Optimized spiking neurons can classify images with high accuracy through
    temporal coding with two spikes", Nature Machine Intelligence 3, 2021.

    Examples
    --------
    >>> encode_phase(torch.tensor([[0.625]]), steps=4).flatten().tolist()
    [1.0, 0.0, 1.0, 0.0]
    """
    _require_steps(steps)
    wrong = ~((x >= 0) & (x <= 1))
    if wrong.any():
        value = x[wrong][0].item()
        raise ValueError(f"numbers to encode must be in [0, 1], got {value:g}; scale them first")
    v, spikes = x, []
    for k in range(steps):
        threshold = 2.0 ** -(k + 1)
        fired = (v >= threshold).to(x.dtype)
        v = v - threshold * fired
        spikes.append(fired)
    return torch.stack(spikes)


def decode_phase(spikes: Float[Tensor, "steps batch ..."]) -> Float[Tensor, "batch ..."]:
    """Return the numbers that spikes are the binary digits of.

    Parameters
    ----------
    spikes
        0 or 1, the highest digit first.

    Examples
    --------
    >>> x = torch.tensor([[0.3, 0.8]])
    >>> bool((decode_phase(encode_phase(x, steps=10)) - x).abs().max() < 2**-10)
    True
    """
    _require_steps(len(spikes))
    places = torch.arange(1, len(spikes) + 1, dtype=spikes.dtype, device=spikes.device)
    return torch.tensordot(torch.exp2(-places), spikes, dims=1)


def _require_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
