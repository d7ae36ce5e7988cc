"""Seeds and devices, said once at the top of an experiment."""

import random

import numpy as np
import torch


def seed_everything(seed: int) -> torch.Generator:
    """Seed Python, numpy and torch, and return a CPU generator for explicit draws.

    Parameters
    ----------
    seed
        A non-negative integer below 2**32.

    Returns
    -------
    torch.Generator
        A generator on the CPU seeded alike; hand it to whatever draws data.

    Examples
    --------
    >>> float(torch.rand((), generator=seed_everything(0))) == float(
    ...     torch.rand((), generator=seed_everything(0)))
    True
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must lie in [0, 2**32), got {seed}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


def resolve_device(device: str) -> torch.device:
    """Turn ``"auto"``, ``"cpu"`` or ``"cuda"`` into a device that is there.

    Raises
    ------
    ValueError
        If the name is unknown, or CUDA is asked for and torch sees none.

    Examples
    --------
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {device!r}")
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise ValueError("device 'cuda' was asked for, but torch sees no CUDA GPU; try 'auto'")
    return torch.device("cuda" if available and device != "cpu" else "cpu")
