r"""A mixture of round Gaussians, whose score is known in closed form at every noise level.

Paper: Song et al., "Score-based generative modeling through stochastic differential equations",
ICLR 2021, arXiv:2011.13456, for scores by noise level; the formulas below are elementary.

.. math:: q(x) = \sum_k \pi_k\, N(x;\ \mu_k, \sigma^2 I), \qquad
          \nabla \ln q(x) = \sum_k r_k(x)\, \frac{\mu_k - x}{\sigma^2}, \qquad
          r_k(x) = \frac{\pi_k N(x;\ \mu_k, \sigma^2 I)}{q(x)}

Shapes: points (batch, features), centres (components, features), weights (components,).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from nsai.models.diffusion import Noise, Schedule


class Mixture:
    r"""A mixture of round Gaussians, and what is known of it in closed form at every step.

    A noisy mixture is a mixture: with s = √ᾱ_t, component k becomes
    N(s μ_k, (s² σ² + 1 − ᾱ_t) I), and the score is the mean of the components' scores by their
    shares r_k(x) of the density at x.

    Parameters
    ----------
    centres
        Means μ_k, (components, features).
    weights
        Shares, (components,), that sum to 1.
    sigma
        Standard deviation σ of every component along every axis.

    Raises
    ------
    ValueError
        If the weights are no distribution over the centres, or sigma is not positive.

    Examples
    --------
    >>> one = Mixture(torch.zeros(1, 2), torch.ones(1), sigma=1.0)
    >>> one.score(torch.tensor([[3.0, -1.0]]))
    tensor([[-3.,  1.]])
    """

    def __init__(
        self,
        centres: Float[Tensor, "components features"],
        weights: Float[Tensor, " components"],
        sigma: float,
    ) -> None:
        total = float(weights.sum())
        if len(weights) != len(centres) or weights.min() <= 0 or abs(total - 1) > 1e-6:
            raise ValueError(f"expected {len(centres)} positive weights of sum 1, got {weights}")
        if sigma <= 0:
            raise ValueError(f"sigma must be positive, got {sigma}")
        self.centres, self.weights, self.sigma = centres, weights, sigma

    def sample(
        self, n: int, generator: torch.Generator | None = None
    ) -> Float[Tensor, "n features"]:
        """Draw n points."""
        chosen = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        spread = torch.randn(n, self.centres.shape[1], generator=generator).to(self.centres)
        return self.centres[chosen] + self.sigma * spread

    def log_density(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, " batch"]:
        """Return ln q(x)."""
        constant = x.shape[1] / 2 * math.log(2 * math.pi * self.sigma**2)
        return torch.logsumexp(self._exponents(x), 1) - constant

    def _exponents(self, x: Tensor) -> Tensor:
        far = (x[:, None] - self.centres.to(x)).square().sum(2)
        return self.weights.to(x).log() - far / (2 * self.sigma**2)

    def cdf(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch features"]:
        """Return the distribution function of each coordinate by itself, Σ π_k Φ((x − μ_k)/σ)."""
        steps = torch.special.ndtr((x[:, None] - self.centres.to(x)) / self.sigma)
        return torch.einsum("k,bkf->bf", self.weights.to(x), steps)

    def kolmogorov_distance(self, x: Float[Tensor, "batch features"]) -> float:
        """Return how far the shares of samples below a value are from `cdf`, at most.

        The largest distance over all values and coordinates: Kolmogorov and Smirnov's statistic,
        below ``scipy.special.kolmogi(p / features) / sqrt(batch)`` with a chance of 1 − p at least
        if x are draws.

        Parameters
        ----------
        x
            Points.

        Examples
        --------
        >>> one = Mixture(torch.zeros(1, 1), torch.ones(1), sigma=1.0)
        >>> one.kolmogorov_distance(torch.zeros(1, 1))
        0.5
        """
        expected = self.cdf(x.double()).sort(dim=0).values
        shares = torch.arange(len(x) + 1, device=x.device).to(expected)[:, None] / len(x)
        return float(torch.maximum(shares[1:] - expected, expected - shares[:-1]).max())

    def score(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch features"]:
        """Return ∇ ln q(x)."""
        share = self._exponents(x).softmax(1)
        return (share @ self.centres.to(x) - x) / self.sigma**2

    def noisy(self, kept: float) -> "Mixture":
        """Return the mixture after noise, with kept = ᾱ_t."""
        sigma = math.sqrt(kept * self.sigma**2 + 1 - kept)
        return Mixture(math.sqrt(kept) * self.centres, self.weights, sigma)

    def exact_noise(self, schedule: Schedule) -> Noise:
        """Return ε*(x, t), for a batch in which all t are one."""

        def expected(x: Tensor, t: Tensor) -> Tensor:
            kept = float(schedule.kept[t[0]])
            return -math.sqrt(1 - kept) * self.noisy(kept).score(x)

        return expected
