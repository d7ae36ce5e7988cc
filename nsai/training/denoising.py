"""Train an autoencoder, plain or denoising."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nsai.models.autoencoder import Autoencoder
from nsai.training.batches import minibatches
from nsai.training.fit import fit
from nsai.training.history import History


def train_autoencoder(
    model: Autoencoder,
    x: Float[Tensor, "samples features"],
    *,
    steps: int,
    rate: float,
    generator: torch.Generator,
    noise: float = 0.0,
    batch_size: int = 400,
) -> History:
    """Train in place with Adam under a one-cycle schedule, on noise that is fresh at each step.

    Parameters
    ----------
    model
        On the device of `x`.
    x
        Clean samples.
    steps
        Training steps, rounded up to whole passes over the samples.
    rate
        Highest learning rate, reached after 30 % of the steps.
    generator
        Source of the shuffles and of the noise, on the CPU.
    noise
        Standard deviation of what is added to every feature; 0 for a plain autoencoder.
    batch_size
        Samples a step, fewer if there are not so many.

    References
    ----------
    Vincent et al. 2008, ICML; Smith and Topin 2018, arXiv:1708.07120.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> line = torch.randn(200, 1, generator=g) @ torch.tensor([[1.0, 2.0]])
    >>> model = Autoencoder([2, 1], activation="linear", generator=g)
    >>> _ = train_autoencoder(model, line, steps=400, rate=0.05, batch_size=50, generator=g)
    >>> bool(model.error(line).mean() < 1e-3)
    True
    """
    size = min(batch_size, len(x))
    each = math.ceil(len(x) / size)
    passes = math.ceil(steps / each)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=passes * each)
    batches = minibatches(x, batch_size=size, epochs=passes, generator=generator)

    def loss(_: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        return model.loss(batch[0], noise=noise, generator=generator)

    return fit(model, batches, loss, optimizer, schedule=schedule)
