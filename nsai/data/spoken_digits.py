"""Spoken digits: six people say zero to nine."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import npz
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
8dd0e736fc2e484be14628225cd824d89b2012be12c45fb41571ca7557c20742 15407837 fsdd_8khz.npz
"""

SPOKEN_DIGITS = DataSet(
    name="spoken_digits",
    title="Free Spoken Digit Dataset: 3,000 recordings, 6 speakers, 8 kHz",
    licence="CC BY-SA 4.0",
    citation="Jackson et al. 2018, Jakobovski/free-spoken-digit-dataset, Zenodo 1342401",
    shape="x float32 (n, 1, samples) in [-1, 1], y and speaker int64 (n,); 2,700 train, 300 test",
    splits=("train", "test"),
    homepage="https://github.com/Jakobovski/free-spoken-digit-dataset",
    files=listed(CHECKSUMS),
)


class Spoken(NamedTuple):
    """Recordings.

    Attributes
    ----------
    x
        Sound pressure in [-1, 1], float32, shape (n, 1, samples), zeros after the end.
    y
        Digit, int64, shape (n,).
    speaker
        0 … 5: george, jackson, lucas, nicolas, theo, yweweler; int64, shape (n,).
    length
        Samples before the padding, int64, shape (n,).
    """

    x: Float[Tensor, "n 1 samples"]
    y: Int[Tensor, " n"]
    speaker: Int[Tensor, " n"]
    length: Int[Tensor, " n"]


def spoken_digits(split: str = "train", samples: int = 8000) -> Spoken:
    """Load the recordings, cut or padded with zeros to one length.

    Parameters
    ----------
    split
        ``"train"`` (takes 5 to 49, 2,700) or ``"test"`` (takes 0 to 4, 300), the official split.
        Every speaker is in both.
    samples
        Length, at 8,000 a second. One second cuts 20 of the 3,000 recordings.

    Returns
    -------
    Spoken
        Waveforms, digits, speakers and lengths.

    Raises
    ------
    ValueError
        If `samples` is not positive.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(SPOKEN_DIGITS, split)
    if samples < 1:
        raise ValueError(f"samples must be positive, got {samples}")
    (content,) = read(SPOKEN_DIGITS, "fsdd_8khz.npz")
    arrays = npz(content)
    rows = np.flatnonzero((arrays["take"] < 5) == (split == "test"))
    starts, ends = arrays["offsets"][rows], arrays["offsets"][rows + 1]
    lengths = np.minimum(ends - starts, samples)
    x = np.zeros((len(rows), 1, samples), np.float32)
    for row, start, length in zip(x, starts, lengths, strict=True):
        row[0, :length] = arrays["audio"][start : start + length]
    return Spoken(
        torch.from_numpy(x).div_(32768),
        torch.from_numpy(arrays["label"][rows].astype(np.int64)),
        torch.from_numpy(arrays["speaker"][rows].astype(np.int64)),
        torch.from_numpy(lengths.astype(np.int64)),
    )
