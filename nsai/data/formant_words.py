r"""Made speech: words of three vowels that differ only in their order."""

from itertools import permutations
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.journal import record_load

SAMPLE_RATE = 8000  # hertz
VOWELS = {"i": (270.0, 2290.0), "a": (730.0, 1090.0), "u": (300.0, 870.0)}  # formants, hertz
WORDS = tuple("".join(order) for order in permutations(VOWELS))
WIDTHS = (90.0, 130.0)  # of the formants, hertz
HARMONICS = 30
GLIDE = 0.03  # seconds from a vowel to the next


class FormantWords(NamedTuple):
    """Made recordings.

    Attributes
    ----------
    sound
        Samples between −1 and 1, zeros after the end, (n, samples).
    length
        Samples of each before the zeros, (n,).
    label
        Index in `WORDS`, (n,).
    """

    sound: Float[Tensor, "n samples"]
    length: Int[Tensor, " n"]
    label: Int[Tensor, " n"]


def formant_words(n: int, generator: torch.Generator) -> FormantWords:
    r"""Return words of three vowels, each said by a voice and at a pace of its own.

    The six words are the orders of i, a and u. So all sounds, and on average all spectra, are the
    same; what tells the words apart is when. A voice has a pitch of 90 to 220 Hz, which rises or
    falls by up to a fifth, and a vocal tract that scales the formants by 0.9 to 1.15; each vowel
    takes 80 to 160 ms and is up to 10 dB softer than the loudest.
    A sound is the sum of the pitch's harmonics with the gain of two resonances,

    .. math:: \prod_{j=1}^{2} \left[1 + \left(\frac{f - F_j}{B_j / 2}\right)^2\right]^{-1/2},

    whose centres glide from vowel to vowel, and a little noise.

    Parameters
    ----------
    n
        Number of words.
    generator
        Source of randomness, on the CPU.

    Raises
    ------
    ValueError
        If n is not positive.

    References
    ----------
    Peterson and Barney, "Control methods used in a study of the vowels", Journal of the Acoustical
    Society of America 24, 1952, table II, for the formants of men.

    Examples
    --------
    >>> words = formant_words(4, torch.Generator().manual_seed(0))
    >>> words.sound.shape, [WORDS[i] for i in words.label]
    (torch.Size([4, 3840]), ['aiu', 'aui', 'uai', 'iau'])
    """
    if n < 1:
        raise ValueError(f"n must be positive, got {n}")
    record_load("formant_words", "generated")
    label = torch.randint(len(WORDS), (n,), generator=generator)
    lasts = 0.08 + 0.08 * torch.rand(n, 3, generator=generator)
    pitch = 90 + 130 * torch.rand(n, 1, generator=generator)
    tract = 0.9 + 0.25 * torch.rand(n, 1, generator=generator)
    time = torch.arange(round(3 * 0.16 * SAMPLE_RATE)) / SAMPLE_RATE
    ends = lasts.cumsum(1)
    length = (ends[:, -1] * SAMPLE_RATE).long()
    slope = 0.4 * torch.rand(n, 1, generator=generator) - 0.2
    moving = pitch * (1 + slope * time / ends[:, -1:])
    phase = 2 * torch.pi * moving.cumsum(1) / SAMPLE_RATE
    loud = 10 ** (-0.5 * torch.rand(n, 3, generator=generator))
    centres = _formants(label, tract, ends, time)
    sound = torch.zeros(n, len(time))
    for k in range(1, HARMONICS + 1):
        f = k * moving
        gain = torch.ones_like(f)
        for centre, width in zip(centres, WIDTHS, strict=True):
            gain = gain / (1 + ((f - centre) / (width / 2)).square()).sqrt()
        sound += gain * (f < SAMPLE_RATE / 2) * (k * phase).sin()
    rise = 0.01  # seconds
    envelope = (time / rise).clamp(max=1) * ((ends[:, -1:] - time) / rise).clamp(0, 1)
    noise = 0.02 * torch.randn(sound.shape, generator=generator)
    sound = _glide(loud, ends, time) * sound
    sound = envelope * (sound / sound.abs().amax(1, keepdim=True) + noise)
    return FormantWords(sound.clamp(-1, 1), length, label)


def _formants(label: Tensor, tract: Tensor, ends: Tensor, time: Tensor) -> list[Tensor]:
    """Return the centres of both formants, each (n, samples)."""
    spoken = torch.tensor([[VOWELS[v] for v in word] for word in WORDS])[label]  # (n, 3, 2)
    return [tract * _glide(spoken[:, :, j], ends, time) for j in range(2)]


def _glide(values: Tensor, ends: Tensor, time: Tensor) -> Tensor:
    """Return what goes from one vowel's value to the next, (n, samples)."""
    found = values[:, :1].expand(len(values), len(time))
    for v in (1, 2):
        begun = ((time - ends[:, v - 1 : v]) / GLIDE + 0.5).clamp(0, 1)
        found = found + begun * (values[:, v : v + 1] - found)
    return found
