"""Which parameters decay."""

from typing import Any

from torch import nn


def weight_decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return parameter groups in which matrices decay, and biases and norms do not.

    As in nanoGPT: whatever has two axes or more decays, embeddings among it.

    Parameters
    ----------
    model
        The module whose parameters are learned.
    weight_decay
        Decay of the matrices.

    Examples
    --------
    >>> groups = weight_decay_groups(nn.Linear(2, 2), 0.1)
    >>> [(len(group["params"]), group["weight_decay"]) for group in groups]
    [(1, 0.1), (1, 0.0)]
    """
    learned = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in learned if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in learned if p.ndim < 2], "weight_decay": 0.0},
    ]
