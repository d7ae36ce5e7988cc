r"""Diffusion: noise is added in many small steps, and a network learns to take it away.

Papers: Sohl-Dickstein et al., ICML 2015, arXiv:1503.03585; Ho, Jain and Abbeel, "Denoising
diffusion probabilistic models" (DDPM), NeurIPS 2020, arXiv:2006.11239; Song, Meng and Ermon,
"Denoising diffusion implicit models" (DDIM), ICLR 2021, arXiv:2010.02502; Ho and Salimans,
"Classifier-free diffusion guidance", arXiv:2207.12598.

.. math:: q(x_t \mid x_{t-1}) = N(\sqrt{1 - \beta_t}\, x_{t-1},\ \beta_t I), \qquad
          q(x_t \mid x_0) = N(\sqrt{\bar\alpha_t}\, x_0,\ (1 - \bar\alpha_t) I), \qquad
          \bar\alpha_t = \prod_{s \le t} (1 - \beta_s)

A denoiser gives the noise that it expects in x_t; the best one is the score of the noisy density,

.. math:: \epsilon^*(x, t) = E[\epsilon \mid x_t = x]
          = -\sqrt{1 - \bar\alpha_t}\ \nabla_x \ln q_t(x)

For a mixture of Gaussians ε* is known in closed form: see `nsai.models.mixture`.

Steps t run from 1 to T; `Schedule.kept[t]` is ᾱ_t with ᾱ_0 = 1.

Shapes: x (batch, ...), t (batch,) int64, labels (batch,) int64 or None.
"""

import itertools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

Noise = Callable[[Tensor, Tensor], Tensor]  # (x, t) to the noise expected in x


class Schedule:
    """How much of the signal is kept after each step: ᾱ_0 = 1 down to ᾱ_T.

    Parameters
    ----------
    betas
        Variance that each step adds, in (0, 1), (steps,).

    Raises
    ------
    ValueError
        If a variance is not in (0, 1).

    Examples
    --------
    >>> schedule = Schedule.linear(1000)
    >>> schedule.steps, bool(schedule.kept[1000] < 1e-4)
    (1000, True)
    """

    def __init__(self, betas: Float[Tensor, " steps"]) -> None:
        betas = betas.double()
        if betas.ndim != 1 or not bool(((betas > 0) & (betas < 1)).all()):
            raise ValueError(f"betas must be numbers in (0, 1), got {betas}")
        self.betas, self.steps = betas, len(betas)
        self.kept = torch.cat([betas.new_ones(1), (1 - betas).cumprod(0)])

    @classmethod
    def linear(cls, steps: int) -> "Schedule":
        """Return that of Ho et al. 2020: betas from 1e-4 to 0.02, times 1,000 / steps."""
        betas = torch.linspace(1e-4, 0.02, steps, dtype=torch.float64) * 1000 / steps
        return cls(betas.clamp(max=0.999))

    @classmethod
    def cosine(cls, steps: int) -> "Schedule":
        """Return that of Nichol and Dhariwal 2021 (arXiv:2102.09672, eq. 17)."""
        s = torch.arange(steps + 1, dtype=torch.float64) / steps
        f = ((s + 0.008) / 1.008 * math.pi / 2).cos().square()
        return cls((1 - f[1:] / f[:-1]).clamp(max=0.999))

    def signal(self, t: Int[Tensor, " batch"], like: Tensor) -> Tensor:
        """Return √ᾱ_t, ready to multiply samples like `like`."""
        return _spread(self.kept.to(t.device)[t].sqrt(), like)

    def noise(self, t: Int[Tensor, " batch"], like: Tensor) -> Tensor:
        """Return √(1 − ᾱ_t), ready to multiply samples like `like`."""
        return _spread((1 - self.kept.to(t.device)[t]).sqrt(), like)

    def diffuse(
        self,
        x: Float[Tensor, "batch ..."],
        t: Int[Tensor, " batch"],
        noise: Float[Tensor, "batch ..."],
    ) -> Float[Tensor, "batch ..."]:
        """Return x_t in one leap: √ᾱ_t x + √(1 − ᾱ_t) noise.

        Examples
        --------
        >>> x = torch.ones(1, 2)
        >>> Schedule.linear(10).diffuse(x, torch.tensor([0]), torch.randn(1, 2))
        tensor([[1., 1.]])
        """
        return self.signal(t, x) * x + self.noise(t, x) * noise


def _spread(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like).view(-1, *[1] * (like.ndim - 1))


def stepping(schedule: Schedule, count: int) -> list[int]:
    """Return `count` + 1 steps from T down to 0, evenly spaced.

    Examples
    --------
    >>> stepping(Schedule.linear(1000), 4)
    [1000, 750, 500, 250, 0]
    """
    if not 1 <= count <= schedule.steps:
        raise ValueError(f"count must lie in [1, {schedule.steps}], got {count}")
    return torch.linspace(schedule.steps, 0, count + 1).round().long().tolist()


@torch.no_grad()
def sample(
    noise: Noise,
    schedule: Schedule,
    x: Float[Tensor, "batch ..."],
    *,
    count: int,
    eta: float = 0.0,
    bound: float | None = None,
    generator: torch.Generator | None = None,
) -> list[Float[Tensor, "batch ..."]]:
    r"""Walk from noise at step T to samples at step 0, and return all stations on the way.

    From t to s < t, with x̂_0 read off the expected noise (Song et al. 2021, eq. 12 and 16),

    .. math:: x_s = \sqrt{\bar\alpha_s}\, \hat x_0 + \sqrt{1 - \bar\alpha_s - \sigma^2}\ \epsilon
              + \sigma \xi, \qquad
              \sigma^2 = \eta^2\, \frac{1 - \bar\alpha_s}{1 - \bar\alpha_t}
              \Bigl(1 - \frac{\bar\alpha_t}{\bar\alpha_s}\Bigr)

    with fresh noise ξ. η = 1 is DDPM (ancestral sampling), η = 0 is DDIM, which is deterministic.

    Parameters
    ----------
    noise
        The denoiser, (x, t) to the expected noise.
    schedule
        The schedule that it was trained with.
    x
        Where to begin, N(0, I).
    count
        Steps to take.
    eta
        Share of fresh noise, in [0, 1].
    bound
        If given, x̂_0 is kept within ±bound, for images.
    generator
        Source of fresh noise, on the CPU.

    Returns
    -------
    list of Tensor
        count + 1 stations, the first is `x`.

    Raises
    ------
    ValueError
        If `count` is not in 1 … T or `eta` not in [0, 1].

    Examples
    --------
    >>> from nsai.models.mixture import Mixture
    >>> one = Mixture(torch.full((1, 1), 5.0), torch.ones(1), sigma=0.1)
    >>> schedule = Schedule.linear(100)
    >>> sample(one.exact_noise(schedule), schedule, torch.zeros(1, 1), count=20)[-1].round()
    tensor([[5.]])
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie in [0, 1], got {eta}")
    path, stops = [x], stepping(schedule, count)
    for t, s in itertools.pairwise(stops):
        at, to = float(schedule.kept[t]), float(schedule.kept[s])
        expected = noise(x, torch.full((len(x),), t, device=x.device))
        start = (x - math.sqrt(1 - at) * expected) / math.sqrt(at)
        if bound is not None:
            start = start.clamp(-bound, bound)
            expected = (x - math.sqrt(at) * start) / math.sqrt(1 - at)
        fresh = eta * math.sqrt((1 - to) / (1 - at) * (1 - at / to))
        x = math.sqrt(to) * start + math.sqrt(max(0.0, 1 - to - fresh**2)) * expected
        if fresh:
            x = x + fresh * torch.randn(x.shape, generator=generator).to(x)
        path.append(x)
    return path


@torch.no_grad()
def encode(
    noise: Noise, schedule: Schedule, x: Float[Tensor, "batch ..."], *, count: int
) -> Float[Tensor, "batch ..."]:
    """Walk DDIM backwards: the noise from which `sample` would make x.

    The expected noise of a step is taken where the step begins, so that the round trip is exact
    only in the limit of many steps (Song et al. 2021, section 4.3).

    Parameters
    ----------
    noise, schedule, count
        As in `sample`.
    x
        Samples at step 0.

    Examples
    --------
    >>> from nsai.models.mixture import Mixture
    >>> one = Mixture(torch.full((1, 1), 5.0), torch.ones(1), sigma=0.1)
    >>> schedule = Schedule.linear(100)
    >>> encode(one.exact_noise(schedule), schedule, torch.full((1, 1), 5.0), count=100).abs() < 0.1
    tensor([[True]])
    """
    stops = stepping(schedule, count)[::-1]
    for s, t in itertools.pairwise(stops):
        near, far = float(schedule.kept[s]), float(schedule.kept[t])
        expected = noise(x, torch.full((len(x),), max(s, 1), device=x.device))
        start = (x - math.sqrt(1 - near) * expected) / math.sqrt(near)
        x = math.sqrt(far) * start + math.sqrt(1 - far) * expected
    return x


def noise_loss(
    model: nn.Module,
    schedule: Schedule,
    x: Float[Tensor, "batch ..."],
    labels: Int[Tensor, " batch"] | None = None,
    *,
    hide: float = 0.1,
    generator: torch.Generator | None = None,
) -> Float[Tensor, ""]:
    """Return the mean squared error of the noise at random steps (Ho et al. 2020, eq. 14).

    Parameters
    ----------
    model
        Takes (x, t) or (x, t, labels) and returns the expected noise.
    schedule
        The schedule.
    x
        Clean samples.
    labels
        Their classes, 0 to `model.classes` − 1, for a conditional model.
    hide
        Share of labels that are replaced by the label "none", `model.classes`, so that one network
        learns both with and without (Ho and Salimans 2022, algorithm 1).
    generator
        Source of steps and noise, on the CPU.

    Examples
    --------
    >>> model = PointDenoiser(2, steps=10)
    >>> noise_loss(model, Schedule.linear(10), torch.zeros(5, 2)).shape
    torch.Size([])
    """
    t = torch.randint(1, schedule.steps + 1, (len(x),), generator=generator).to(x.device)
    drawn = torch.randn(x.shape, generator=generator).to(x)
    seen = schedule.diffuse(x, t, drawn)
    if labels is None:
        return F.mse_loss(model(seen, t), drawn)
    hidden = (torch.rand(len(x), generator=generator) < hide).to(x.device)
    shown = labels.masked_fill(hidden, int(model.classes))  # type: ignore[arg-type]
    return F.mse_loss(model(seen, t, shown), drawn)


def guided(model: nn.Module, labels: Int[Tensor, " batch"], strength: float) -> Noise:
    """Return (1 + w) ε(x, label) − w ε(x, none): classifier-free guidance of strength w.

    Parameters
    ----------
    model
        Conditional denoiser that takes the label `model.classes` for "none".
    labels
        The classes asked for.
    strength
        w; 0 is plain conditional sampling.

    References
    ----------
    Ho and Salimans 2022, arXiv:2207.12598, eq. 6.
    """
    none = torch.full_like(labels, int(model.classes))  # type: ignore[arg-type]

    def expected(x: Tensor, t: Tensor) -> Tensor:
        if strength == 0:
            return model(x, t, labels)
        both = model(torch.cat([x, x]), torch.cat([t, t]), torch.cat([labels, none]))
        asked, free = both.chunk(2)
        return asked + strength * (asked - free)

    return expected


def time_features(
    t: Int[Tensor, " batch"] | Float[Tensor, " batch"], width: int
) -> Float[Tensor, "batch width"]:
    """Return sines and cosines of t at wavelengths from 2π to 10,000 · 2π (Ho et al. 2020, B).

    Examples
    --------
    >>> time_features(torch.tensor([0]), 4)
    tensor([[0., 0., 1., 1.]])
    """
    rates = torch.exp(-math.log(10_000) * torch.arange(width // 2, device=t.device) / (width // 2))
    angles = t[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1)


class PointDenoiser(nn.Module):
    """A small network that expects noise in points: x and features of t to two hidden layers.

    Parameters
    ----------
    features
        Numbers in a point.
    steps
        T, the number of steps of the schedule.
    width
        Units of each hidden layer.

    Examples
    --------
    >>> PointDenoiser(2, steps=10)(torch.zeros(3, 2), torch.tensor([1, 5, 10])).shape
    torch.Size([3, 2])
    """

    def __init__(self, features: int, *, steps: int, width: int = 128) -> None:
        super().__init__()
        self.scale = 1000 / steps
        self.width = 32
        self.inward = nn.Linear(features + self.width, width)
        self.middle = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.outward = nn.Linear(width, features)

    def forward(
        self, x: Float[Tensor, "batch features"], t: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch features"]:
        """Return the expected noise."""
        h = F.silu(self.inward(torch.cat([x, time_features(self.scale * t, self.width)], 1)))
        for layer in self.middle:
            h = F.silu(layer(h))
        return self.outward(h)
