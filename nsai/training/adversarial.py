r"""How a generator and a discriminator take turns, inside the one training loop.

With logits l(x) and D = sigmoid(l), the discriminator lowers −V, and the generator lowers the
non-saturating loss of Goodfellow et al. 2014 (section 3),

.. math:: L_D = E_x[\zeta(-l(x))] + E_z[\zeta(l(G(z)))] + \tfrac{\gamma}{2} E_x |\nabla_x l|^2,
          \qquad L_G = E_z[\zeta(-l(G(z)))], \qquad \zeta(a) = \ln(1 + e^a)

The term with γ is the penalty R1 of Mescheder et al. 2018. `fit` steps the generator; the loss
that it is given steps the discriminator first. Networks side by side, (nets, batch, ...), learn
each as if alone: losses are summed over them.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from nsai.training.fit import History, fit

Noise = Callable[[], Tensor]


def discriminator_loss(
    real: Float[Tensor, "*shape"], fake: Float[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return −V of the logits: the mean over the batch, the sum over nets.

    Parameters
    ----------
    real, fake
        Logits of real and of generated samples, (batch,) or (nets, batch, 1).

    Examples
    --------
    >>> discriminator_loss(torch.zeros(5), torch.zeros(5)).exp()
    tensor(4.)
    """
    return _mean(F.softplus(-real)) + _mean(F.softplus(fake))


def generator_loss(fake: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return −ln D of generated samples: the mean over the batch, the sum over nets.

    Examples
    --------
    >>> generator_loss(torch.zeros(5)).exp()
    tensor(2.)
    """
    return _mean(F.softplus(-fake))


def _mean(values: Tensor) -> Tensor:
    return values.mean() if values.ndim == 1 else values.mean((1, 2)).sum()


def gradient_penalty(discriminator: nn.Module, real: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return E|∇l|² at real samples (R1), to be differentiated once more.

    Parameters
    ----------
    discriminator
        Returns one logit a sample.
    real
        Points (nets, batch, features) or samples (batch, ...).

    References
    ----------
    Mescheder, Geiger and Nowozin 2018, arXiv:1801.04406, eq. 9.

    Examples
    --------
    >>> from nsai.models.gan import DiracDiscriminator
    >>> gradient_penalty(DiracDiscriminator(3.0), torch.zeros(4, 1, dtype=torch.float64)).item()
    9.0
    """
    x = real.detach().requires_grad_()
    logits = discriminator(x)
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    samples = real.shape[1] if logits.ndim == 3 else len(real)
    return slope.square().sum() / samples


def train_gan(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Iterable[Any],
    noise: Noise,
    optimizers: tuple[torch.optim.Optimizer, torch.optim.Optimizer],
    *,
    r1: float = 0.0,
    unroll: int = 0,
    unroll_rate: float = 0.1,
    simultaneous: bool = False,
    average: nn.Module | None = None,
    decay: float = 0.99,
    evaluate: Callable[[nn.Module], Any] | None = None,
    evaluate_every: int = 0,
    total: int | None = None,
) -> History:
    r"""Train both in turns, one step of the discriminator before each of the generator.

    Parameters
    ----------
    generator, discriminator
        The two modules, changed in place.
    real
        Batches of real samples, one a step.
    noise
        Returns fresh noise for one batch.
    optimizers
        That of the generator and that of the discriminator; different rates are the two time
        scales of Heusel et al. 2017.
    r1
        Weight γ of the gradient penalty.
    unroll
        Steps of gradient descent that the discriminator is imagined to take in answer; the
        generator descends through them (Metz et al. 2017, eq. 5 to 7). 0 for none.
    unroll_rate
        Rate of these imagined steps.
    simultaneous
        Whether the generator's gradient is taken before the discriminator has moved.
    average
        A copy of the generator that follows as a moving average of its weights, or None.
    decay
        Share of the average that stays at each step.
    evaluate, evaluate_every, total
        As in `fit`; `evaluate` is given the generator.

    Returns
    -------
    History
        The value V before each step of the discriminator (summed over nets), and the evaluations.

    Raises
    ------
    ValueError
        If there are no batches, or `unroll` is asked for with simultaneous steps.
    FloatingPointError
        If a loss is NaN or infinite.

    References
    ----------
    Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1. Heusel et al. 2017, arXiv:1706.08500.
    Metz et al. 2017, arXiv:1611.02163. Mescheder et al. 2018, arXiv:1801.04406.

    Examples
    --------
    >>> from nsai.models.gan import DiracDiscriminator, DiracGenerator
    >>> G, D = DiracGenerator(1.0), DiracDiscriminator(0.0)
    >>> steps = [torch.zeros(1, 1, dtype=torch.float64)] * 200
    >>> pair = (torch.optim.SGD(G.parameters(), 0.2), torch.optim.SGD(D.parameters(), 0.2))
    >>> _ = train_gan(G, D, steps, lambda: torch.zeros(1, 1), pair, r1=1.0)
    >>> abs(G.theta.item()) < 1e-3
    True
    """
    if simultaneous and unroll:
        raise ValueError("unroll imagines the discriminator's answer: not with simultaneous steps")
    for_generator, for_discriminator = optimizers
    values: list[Tensor] = []

    def loss(generator: nn.Module, x: Tensor) -> Tensor:
        if average is not None:
            follow(average, generator, decay)
        fake = generator(noise())
        early = _detached(discriminator) if simultaneous else None
        against = discriminator_loss(discriminator(x), discriminator(fake.detach()))
        values.append(-against.detach())
        penalty = r1 / 2 * gradient_penalty(discriminator, x) if r1 else 0.0
        for_discriminator.zero_grad(set_to_none=True)
        (against + penalty).backward()
        for_discriminator.step()
        weights = _detached(discriminator) if early is None else early
        for _ in range(unroll):
            weights = _answered(discriminator, weights, x, fake, unroll_rate)
        return generator_loss(functional_call(discriminator, weights, (fake,)))

    history = fit(
        generator,
        real,
        loss,
        for_generator,
        evaluate=evaluate,
        evaluate_every=evaluate_every,
        total=total,
    )
    history.loss = torch.stack(values).tolist()
    return history


def _detached(module: nn.Module) -> dict[str, Tensor]:
    """Copy the weights, so that they stay as they are and no gradient reaches the module."""
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def _answered(
    discriminator: nn.Module, weights: dict[str, Tensor], x: Tensor, fake: Tensor, rate: float
) -> dict[str, Tensor]:
    """Take one imagined step, differentiable in `fake`."""
    weights = {k: w if w.requires_grad else w.requires_grad_() for k, w in weights.items()}
    logits = [functional_call(discriminator, weights, (part,)) for part in (x, fake)]
    slopes = torch.autograd.grad(
        discriminator_loss(*logits), list(weights.values()), create_graph=True
    )
    return {k: w - rate * g for (k, w), g in zip(weights.items(), slopes, strict=True)}


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move a copy's weights towards a model's: ``average ← decay · average + (1 − decay) · model``.

    Parameters
    ----------
    average, model
        Modules of one kind; only the first is changed.
    decay
        Share of the average that stays.

    Examples
    --------
    >>> a, b = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    >>> for module, value in ((a, 0.0), (b, 1.0)):
    ...     _ = nn.init.constant_(module.weight, value)
    >>> follow(a, b, 0.75)
    >>> a.weight.item()
    0.25
    """
    for mean, weight in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(weight, 1 - decay)
