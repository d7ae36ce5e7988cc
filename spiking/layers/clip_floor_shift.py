r"""An activation that counts as a spiking neuron does."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ClipFloorShift(nn.Module):
    r"""An activation with as many levels as a spiking neuron has counts.

    .. math:: a = \lambda\, \text{clip}\big(\tfrac{1}{L} \lfloor \tfrac{z L}{\lambda} +
              \tfrac12 \rfloor, 0, 1\big)

    A network that is trained with it has been trained for what conversion does to it: with "half"
    the threshold as the initial potential, a neuron with a constant input counts exactly that in L
    steps. The gradient passes the floor as it is.

    Parameters
    ----------
    levels
        L.
    scale
        λ at first; it learns.

    References
    ----------
    Bu et al., "Optimal ANN-SNN conversion for high-accuracy and ultra-low-latency spiking neural
    networks", ICLR 2022, section 4.

    Examples
    --------
    >>> ClipFloorShift(levels=4)(torch.tensor([-1.0, 0.1, 0.4, 9.0]))
    tensor([0.0000, 0.0000, 0.5000, 1.0000], grad_fn=<MulBackward0>)
    """

    def __init__(self, levels: int, scale: float = 1.0) -> None:
        super().__init__()
        if levels < 1:
            raise ValueError(f"levels must be at least 1, got {levels}")
        if not (scale > 0 and math.isfinite(scale)):
            raise ValueError(f"scale must be positive and finite, got {scale}")
        self.levels = levels
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, z: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the activations."""
        share = (z / self.scale).clamp(0, 1)
        step = (share * self.levels + 0.5).floor() / self.levels
        return self.scale * (share + (step - share).detach())
