r"""A variational autoencoder for black-and-white images, and how to measure its likelihood.

Papers: Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, arXiv:1312.6114. Burda,
Grosse and Salakhutdinov, "Importance weighted autoencoders", ICLR 2016, arXiv:1509.00519. A code z
is drawn, a network turns it into the log odds of every pixel, and the pixels are drawn,

.. math:: z \sim N(0, I), \qquad x_j \sim \mathrm{Bernoulli}\bigl(\sigma(\ell_j(z))\bigr)

and a second network proposes codes for an image, :math:`q(z \mid x) = N(\mu(x), \mathrm{diag}\,
s(x)^2)`. With k proposals the *importance-weighted bound* is

.. math:: L_k(x) = E_{z_1 \dots z_k \sim q}\,\ln \frac1k \sum_i
          \frac{p(x \mid z_i)\,p(z_i)}{q(z_i \mid x)}, \qquad L_1 \le L_2 \le \dots \le \ln p(x)

whose first, the *evidence lower bound*, is :math:`E_q \ln p(x \mid z) - KL(q \,\|\, p)`.

Shapes: x (batch, ...), flattened to (batch, pixels) of 0 and 1; z (batch, latent); every bound is
(batch,), in nats an image. In `nsai.models.vae` is the sibling for columns of real numbers.
"""

import itertools
import math
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import softplus


class ImageVAE(nn.Module):
    """Learns binary images: proposes codes, draws images, bounds and computes ln p(x).

    Parameters
    ----------
    pixels
        Pixels of an image.
    latent
        Numbers in a code.
    hidden
        Units of the hidden layers of the encoder; the decoder has them in reverse order.
    mean
        Mean image, (...) of `pixels` numbers in [0, 1]; the decoder's bias starts at its log odds,
        as in Burda's code. None starts at even odds.
    generator
        Source of the initial weights; None takes torch's global one.

    Raises
    ------
    ValueError
        If a size is not positive, or the mean has another number of pixels.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> model = ImageVAE(784, latent=2, generator=g)
    >>> x = binarise(torch.rand(5, 1, 28, 28, generator=g), g)
    >>> model.loss(x, g).shape, model.bound(x, 10, g).shape, model.sample(3, g).shape
    (torch.Size([]), torch.Size([5]), torch.Size([3, 784]))
    """

    def __init__(
        self,
        pixels: int,
        latent: int,
        hidden: Sequence[int] = (200, 200),
        *,
        mean: Float[Tensor, "..."] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if min(pixels, latent, *hidden) < 1:
            sizes = f"{pixels}, {latent}, {list(hidden)}"
            raise ValueError(f"pixels, latent and hidden must be positive, got {sizes}")
        if mean is not None and mean.numel() != pixels:
            raise ValueError(f"mean must have {pixels} pixels, got shape {tuple(mean.shape)}")
        self.pixels, self.latent = pixels, latent
        self.encoder = _tanh_layers([pixels, *hidden, 2 * latent], generator)
        self.decoder = _tanh_layers([latent, *reversed(hidden), pixels], generator)
        if mean is not None:
            odds = mean.flatten().clamp(1e-3, 1 - 1e-3).logit()
            self.decoder[-1].bias = nn.Parameter(odds.detach().clone())

    def encode(
        self, x: Float[Tensor, " batch *image"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Return mean and standard deviation of the proposed codes of each image."""
        if x[0].numel() != self.pixels:
            raise ValueError(f"x must have {self.pixels} pixels an image, got {tuple(x.shape)}")
        mean, log_variance = self.encoder(x.flatten(1)).chunk(2, 1)
        return mean, (log_variance / 2).exp()

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch pixels"]:
        """Return the log odds of every pixel."""
        logits: Tensor = self.decoder(z)
        return logits

    def divergence(self, x: Float[Tensor, " batch *image"]) -> Float[Tensor, "batch latent"]:
        """Return KL(q(z|x) ‖ p(z)) of each number in the code: ½ (μ² + s² − 1 − ln s²)."""
        return _divergence(*self.encode(x))

    def loss(
        self,
        x: Float[Tensor, " batch *image"],
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Float[Tensor, ""]:
        """Return minus the mean bound, to be minimised, in nats an image.

        Parameters
        ----------
        x
            Images of 0 and 1, (batch, ...).
        generator
            Source of the proposals, on the CPU; None takes torch's global one.
        samples
            Proposals k an image. One gives the evidence lower bound with its divergence in closed
            form, more give the loss of the importance-weighted autoencoder.
        """
        if samples > 1:
            return -self.bound(x, samples, generator).mean()
        mean, s = self.encode(x)
        z = mean + s * _noise(mean, mean.shape, generator)
        return (_divergence(mean, s).sum(1) - _log_bernoulli(x.flatten(1), self.decode(z))).mean()

    def log_weights(
        self, x: Float[Tensor, " batch *image"], k: int, generator: torch.Generator | None = None
    ) -> Float[Tensor, "k batch"]:
        """Return ln p(x, z) − ln q(z|x) of k proposals an image.

        Parameters
        ----------
        x
            Images of 0 and 1, (batch, ...).
        k
            Proposals an image.
        generator
            Source of the proposals, on the CPU; None takes torch's global one.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        mean, s = self.encode(x)
        noise = _noise(mean, (k, *mean.shape), generator)
        z = mean + s * noise
        # The constants ½ ln 2π of prior and proposal cancel.
        away = (noise.square() - z.square()).sum(-1) / 2 + s.log().sum(-1)
        return away + _log_bernoulli(x.flatten(1), self.decode(z))

    def bound(
        self, x: Float[Tensor, " batch *image"], k: int, generator: torch.Generator | None = None
    ) -> Float[Tensor, " batch"]:
        """Estimate L_k of each image from k proposals (eq. 8 of Burda et al.); L₁ is the ELBO."""
        return self.log_weights(x, k, generator).logsumexp(0) - math.log(k)

    @torch.no_grad()
    def exact_log_likelihood(
        self, x: Float[Tensor, " batch *image"], *, reach: float = 6.5, points: int = 521
    ) -> Float[Tensor, " batch"]:
        """Return ln p(x) by summing over a grid of codes; for codes of one or two numbers.

        The trapezoid rule is exact to many digits once the step 2·reach/(points − 1) is below the
        width of the posterior, since the integrand is smooth and vanishes at the ends.

        Parameters
        ----------
        x
            Images of 0 and 1, (batch, ...).
        reach
            The grid covers ±reach in either direction.
        points
            Grid points along an axis.

        Raises
        ------
        ValueError
            If the codes have more than two numbers.
        """
        z, area = code_grid(self.latent, reach=reach, points=points)
        joint = self.log_joint(x, z)
        return joint.logsumexp(1) + math.log(area)

    @torch.no_grad()
    def log_joint(
        self, x: Float[Tensor, " batch *image"], z: Float[Tensor, "codes latent"]
    ) -> Float[Tensor, "batch codes"]:
        """Return ln p(x, z) of every image with every code."""
        flat, parts = x.flatten(1), []
        for part in z.to(x).split(4096):
            logits = self.decode(part)
            prior = -part.square().sum(1) / 2 - self.latent / 2 * math.log(2 * math.pi)
            parts.append(flat @ logits.T + prior - softplus(logits).sum(1))
        return torch.cat(parts, 1)

    @torch.no_grad()
    def activity(self, x: Float[Tensor, " batch *image"]) -> Float[Tensor, " latent"]:
        """Return how much each number of the code tells: the variance over x of its mean μ(x).

        Burda et al. call a number *active* above 0.01; the others have collapsed to the prior.
        """
        return self.encode(x)[0].var(0)

    @torch.no_grad()
    def silenced(
        self,
        x: Float[Tensor, " batch *image"],
        keep: Bool[Tensor, " latent"],
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, " batch"]:
        """Estimate the ELBO of the model in which the other numbers of the code are always 0.

        Parameters
        ----------
        x
            Images of 0 and 1, (batch, ...).
        keep
            Which numbers of the code stay, (latent,).
        generator
            Source of the proposals, on the CPU; None takes torch's global one.
        """
        mean, s = self.encode(x)
        z = (mean + s * _noise(mean, mean.shape, generator)) * keep
        divergence = (_divergence(mean, s) * keep).sum(1)
        return _log_bernoulli(x.flatten(1), self.decode(z)) - divergence

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "n pixels"]:
        """Return the pixels' probabilities of n images whose codes are drawn from the prior."""
        like = next(self.parameters())
        return self.decode(_noise(like, (n, self.latent), generator)).sigmoid()


def binarise(
    x: Float[Tensor, "..."], generator: torch.Generator | None = None
) -> Float[Tensor, "..."]:
    """Draw black-and-white images whose pixels are 1 with the probabilities x.

    Drawn anew for every batch, this is the stochastic binarisation of Salakhutdinov and Murray
    2008 that Burda et al. train and test on.

    Examples
    --------
    >>> binarise(torch.tensor([0.0, 1.0])).tolist()
    [0.0, 1.0]
    """
    return (torch.rand(x.shape, generator=generator).to(x) < x).to(x.dtype)


def code_grid(
    latent: int, *, reach: float = 6.5, points: int = 521
) -> tuple[Float[Tensor, "codes latent"], float]:
    """Return a regular grid of codes (float64) in one or two dimensions, and the area of a cell.

    Parameters
    ----------
    latent
        One or two.
    reach
        The grid covers ±reach along an axis.
    points
        Points along an axis.

    Examples
    --------
    >>> z, area = code_grid(2, reach=1.0, points=3)
    >>> z.shape, area
    (torch.Size([9, 2]), 1.0)
    """
    if latent not in (1, 2):
        raise ValueError(f"a grid of codes needs latent = 1 or 2, got {latent}")
    if points < 2 or reach <= 0:
        raise ValueError(f"expected points >= 2 and reach > 0, got {points} and {reach}")
    axis = torch.linspace(-reach, reach, points, dtype=torch.float64)
    z = torch.cartesian_prod(*[axis] * latent).reshape(-1, latent)
    return z, (2 * reach / (points - 1)) ** latent


def _tanh_layers(sizes: Sequence[int], generator: torch.Generator | None) -> nn.Sequential:
    """Return linear layers with tanh between them; Glorot and Bengio's weights, biases 0."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        linear = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(linear.weight, generator=generator)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def _noise(like: Tensor, shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    return torch.randn(tuple(shape), generator=generator).to(like)


def _divergence(mean: Tensor, s: Tensor) -> Tensor:
    return (mean.square() + s.square() - 1 - 2 * s.log()) / 2


def _log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """Return ln p(x|z) = Σ x ℓ − ln(1 + e^ℓ), over the pixels."""
    return (x * logits - softplus(logits)).sum(-1)
