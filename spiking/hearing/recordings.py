"""Recordings of unequal length and loudness, and what a cochlea hears of them."""

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from spiking.hearing.cochlea import Cochlea


def equally_loud(
    sound: Float[Tensor, "batch samples"], length: Int[Tensor, " batch"], loudness: float = 0.1
) -> Float[Tensor, "batch samples"]:
    """Return recordings brought to one root mean square over their own length.

    Parameters
    ----------
    sound
        Recordings, zeros after the end.
    length
        Samples of each before the zeros.
    loudness
        Root mean square to bring them to; silence stays silent.

    Raises
    ------
    ValueError
        If the shapes do not fit, a length is not positive, or the loudness is not.

    Examples
    --------
    >>> sound = torch.tensor([[2.0, -2.0, 0.0], [0.0, 0.0, 0.0]])
    >>> equally_loud(sound, torch.tensor([2, 3]), loudness=0.5).tolist()
    [[0.5, -0.5, 0.0], [0.0, 0.0, 0.0]]
    """
    if sound.dim() != 2 or length.shape != sound.shape[:1]:
        raise ValueError(
            "expected sound (batch, samples) and length (batch,), got "
            f"{tuple(sound.shape)} and {tuple(length.shape)}"
        )
    if not (length > 0).all() or not loudness > 0:
        raise ValueError("expected positive lengths and a positive loudness")
    power = sound.square().sum(1) / length
    scale = torch.where(power > 0, loudness / power.sqrt(), 0.0)
    return sound * scale[:, None]


def hear(
    cochlea: Cochlea,
    sound: Float[Tensor, "batch samples"],
    length: Int[Tensor, " batch"],
    *,
    loudness: float = 0.1,
    at_once: int = 128,
) -> UInt8[Tensor, "time batch channels"]:
    """Return the spikes of many recordings, all brought to one loudness.

    Parameters
    ----------
    cochlea
        What hears; its `dt` is the width of a time bin.
    sound
        Recordings, padded with zeros to a common length.
    length
        Samples of each before the zeros.
    loudness
        As in `equally_loud`.
    at_once
        Recordings that are heard together, which limits memory.

    Returns
    -------
    Tensor
        Number of spikes, 255 at most, in a byte each; ``.float()`` what a network takes.

    Raises
    ------
    ValueError
        As `equally_loud` and `Cochlea`, or if nothing is taken at once.

    Examples
    --------
    >>> sound = torch.randn(3, 800, generator=torch.Generator().manual_seed(0))
    >>> spikes = hear(Cochlea(16, dt=5e-3), sound, torch.tensor([800, 800, 400]))
    >>> spikes.shape, spikes.dtype
    (torch.Size([20, 3, 16]), torch.uint8)
    """
    if at_once < 1:
        raise ValueError(f"at_once must be at least 1, got {at_once}")
    loud = equally_loud(sound, length, loudness)
    found = [cochlea(part).clamp(max=255).to(torch.uint8) for part in loud.split(at_once)]
    return torch.cat(found, 1)
