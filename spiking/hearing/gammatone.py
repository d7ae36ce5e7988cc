r"""The gammatone filter bank of the ear, each filter as four second-order sections.

The filter at frequency f has the impulse response
:math:`t^3 e^{-2 \pi b t} \cos(2 \pi f t)` with :math:`b = 1.019\, ERB(f)`, and

.. math:: ERB(f) = 24.7\,(4.37 \cdot 10^{-3} f + 1)

is the width, in hertz, of the rectangle that lets as much noise through as the ear's filter at f.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Gammatone(NamedTuple):
    r"""Coefficients of a filter bank: four sections a channel, that share their poles.

    Attributes
    ----------
    gain
        (channels,), times the input; the gain at the centre is 1.
    zeros
        (4, channels), coefficient of z⁻¹ in the numerators :math:`1 + \beta_i z^{-1}`.
    poles
        (2, channels), coefficients of z⁻¹ and z⁻² in the denominator
        :math:`1 + \alpha_1 z^{-1} + \alpha_2 z^{-2}`.
    """

    gain: Tensor
    zeros: Tensor
    poles: Tensor


def erb(frequency: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return the equivalent rectangular bandwidth of the ear's filter, in hertz.

    Parameters
    ----------
    frequency
        Centre, in hertz.

    References
    ----------
    Glasberg and Moore, "Derivation of auditory filter shapes from notched-noise data", Hearing
    Research 47, 1990, eq. 3.

    Examples
    --------
    >>> round(erb(torch.tensor(1000.0)).item(), 1)
    132.6
    """
    return 24.7 * (4.37e-3 * frequency + 1)


def erb_spaced(channels: int, low: float, high: float) -> Float[Tensor, " channels"]:
    """Return frequencies that are equally far apart on the scale of the ear's bandwidths.

    Parameters
    ----------
    channels
        Their number.
    low, high
        The first and the last, in hertz.

    Raises
    ------
    ValueError
        If there are fewer than two, or they do not rise from above 0.

    Examples
    --------
    >>> erb_spaced(3, 100.0, 4000.0).round().tolist()
    [100.0, 950.0, 4000.0]
    """
    if channels < 2 or not 0 < low < high:
        raise ValueError(
            f"expected two or more channels and 0 < low < high, got {channels}, {low} and {high}"
        )
    ends = torch.tensor([low, high], dtype=torch.float64)
    first, last = (4.37e-3 * ends + 1).log()
    rising = torch.linspace(0, 1, channels, dtype=torch.float64)
    return ((first + (last - first) * rising).exp() - 1) / 4.37e-3


def gammatone(centres: Float[Tensor, " channels"], sample_rate: int) -> Gammatone:
    r"""Return the coefficients of filters at some frequencies.

    Parameters
    ----------
    centres
        In hertz, below half the sample rate.
    sample_rate
        In hertz.

    Raises
    ------
    ValueError
        If a frequency is out of range.

    References
    ----------
    Slaney, "An efficient implementation of the Patterson–Holdsworth auditory filter bank", Apple
    Computer technical report 35, 1993.

    Examples
    --------
    >>> gammatone(torch.tensor([440.0], dtype=torch.float64), 8000).zeros.shape
    torch.Size([4, 1])
    """
    f = centres.double()
    if not ((f > 0) & (f < sample_rate / 2)).all():
        raise ValueError(
            f"expected frequencies between 0 and {sample_rate / 2:g} Hz, half the sample rate, "
            f"got {f.min().item():g} to {f.max().item():g}"
        )
    step = 1 / sample_rate
    angle = 2 * math.pi * f * step
    decay = torch.exp(-2 * math.pi * 1.019 * erb(f) * step)
    roots = [sign * math.sqrt(3 + other * 2**1.5) for other in (1, -1) for sign in (1, -1)]
    zeros = torch.stack([-decay * (angle.cos() + root * angle.sin()) for root in roots])
    poles = torch.stack((-2 * decay * angle.cos(), decay * decay))
    z = torch.exp(-1j * angle)
    above = (1 + zeros * z).prod(0)
    below = (1 + poles[0] * z + poles[1] * z * z) ** 4
    return Gammatone((below / above).abs(), zeros, poles)
