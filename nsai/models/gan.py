r"""Generative adversarial networks: for points, for images, and the smallest one of all.

Paper: Goodfellow et al., "Generative adversarial nets", NIPS 2014, arXiv:1406.2661. A generator G
turns noise z into samples, a discriminator D says whether a sample is real, and they play

.. math:: \min_G \max_D V(D, G) = E_{x \sim p}[\ln D(x)] + E_z[\ln(1 - D(G(z)))]

If q is the density of G(z), the best discriminator and its value are (eq. 2 and theorem 1)

.. math:: D^*(x) = \frac{p(x)}{p(x) + q(x)}, \qquad
          V(D^*, G) = -\ln 4 + 2\,\mathrm{JSD}(p \,\|\, q)

Shapes: points (nets, batch, features), images (batch, 1, size, size), noise (batch, latent) or
(nets, batch, latent). A discriminator here returns logits l with D = sigmoid(l), one a sample.
How the two take turns is in `nsai.training.adversarial`.
"""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class PointNets(nn.Module):
    """Several small networks side by side, each with inputs of its own: G and D for points.

    Parameters
    ----------
    sizes
        Units of each layer, from the inputs to the outputs; at least two.
    nets
        Number of independent networks.
    statistics
        Whether every sample is shown with the standard deviations of its batch, one a feature
        (Salimans et al. 2016 and Karras et al. 2018 in their simplest form): a discriminator so
        equipped sees that a batch is all alike, which no single sample tells.
    generator
        Source of the initial weights, N(0, 2 / inputs); None takes torch's global one.

    Raises
    ------
    ValueError
        If a size or the number of nets is none, or a batch has another shape.

    Examples
    --------
    >>> model = PointNets([2, 32, 1], nets=3)
    >>> model(torch.zeros(3, 10, 2)).shape
    torch.Size([3, 10, 1])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        nets: int = 1,
        *,
        statistics: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1 or nets < 1:
            raise ValueError(f"expected two sizes or more and nets >= 1, got {sizes} and {nets}")
        self.features, self.nets, self.statistics = sizes[0], nets, statistics
        widths = [sizes[0] * (1 + statistics), *sizes[1:]]
        pairs = list(itertools.pairwise(widths))

        def draw(i: int, o: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(nets, i, o, generator=generator) * (2 / i) ** 0.5)

        self.weights = nn.ParameterList(draw(i, o) for i, o in pairs)
        self.biases = nn.ParameterList(torch.zeros(nets, 1, o) for _, o in pairs)

    def forward(
        self, x: Float[Tensor, "nets batch features"]
    ) -> Float[Tensor, "nets batch outputs"]:
        """Return what each network says of its own batch."""
        if x.ndim != 3 or x.shape[0] != self.nets or x.shape[2] != self.features:
            expected = f"({self.nets}, batch, {self.features})"
            raise ValueError(f"x must have shape {expected}, got {tuple(x.shape)}")
        if self.statistics:
            spread = (x.var(1, keepdim=True, unbiased=False) + 1e-8).sqrt()
            x = torch.cat([x, spread.expand_as(x)], 2)
        for k, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(b, x if k == 0 else x.relu(), W)
        return x


class ImageGenerator(nn.Module):
    """Noise to a grey image: a linear layer to a quarter of the side, then doubled twice.

    Parameters
    ----------
    size
        Side of the images in pixels, a multiple of 4.
    latent
        Numbers of noise.
    width
        Channels of the last hidden layer; the first has twice as many.

    Raises
    ------
    ValueError
        If the size is no multiple of 4.

    References
    ----------
    Radford, Metz and Chintala 2016, arXiv:1511.06434 (convolutions, no pooling); here maps are
    doubled by repetition, which leaves no checkerboard (Odena, Dumoulin and Olah 2016).

    Examples
    --------
    >>> ImageGenerator(8, latent=16, width=4)(torch.zeros(3, 16)).shape
    torch.Size([3, 1, 8, 8])
    """

    def __init__(self, size: int, *, latent: int = 32, width: int = 32) -> None:
        super().__init__()
        if size < 4 or size % 4:
            raise ValueError(f"size must be a multiple of 4, got {size}")
        self.side, self.latent, self.width = size // 4, latent, width
        self.stem = nn.Linear(latent, 2 * width * self.side**2)
        self.conv1 = nn.Conv2d(2 * width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.head = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch 1 size size"]:
        """Return images in (0, 1)."""
        x = F.leaky_relu(self.stem(z), 0.2).view(len(z), 2 * self.width, self.side, self.side)
        x = F.leaky_relu(self.conv1(F.interpolate(x, scale_factor=2.0)), 0.2)
        x = F.leaky_relu(self.conv2(F.interpolate(x, scale_factor=2.0)), 0.2)
        return self.head(x).sigmoid()


class ImageDiscriminator(nn.Module):
    """A grey image to one logit, positive for real: two halvings, then a linear layer.

    Parameters
    ----------
    size
        Side of the images in pixels, a multiple of 4.
    width
        Channels of the first layer; the second has twice as many.

    Raises
    ------
    ValueError
        If the size is no multiple of 4.

    Examples
    --------
    >>> ImageDiscriminator(8, width=4)(torch.zeros(3, 1, 8, 8)).shape
    torch.Size([3])
    """

    def __init__(self, size: int, *, width: int = 32) -> None:
        super().__init__()
        if size < 4 or size % 4:
            raise ValueError(f"size must be a multiple of 4, got {size}")
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)
        self.conv3 = nn.Conv2d(2 * width, 2 * width, 4, stride=2, padding=1)
        self.head = nn.Linear(2 * width * (size // 4) ** 2 + 1, 1)

    def forward(self, x: Float[Tensor, "batch 1 size size"]) -> Float[Tensor, " batch"]:
        """Return a logit an image; the last feature is the mean spread of the batch."""
        maps = 2 * x - 1
        for conv in (self.conv1, self.conv2, self.conv3):
            maps = F.leaky_relu(conv(maps), 0.2)
        flat = maps.flatten(1)
        spread = (flat.var(0, unbiased=False) + 1e-8).sqrt().mean().expand(len(x), 1)
        return self.head(torch.cat([flat, spread], 1))[:, 0]


class DiracGenerator(nn.Module):
    """The Dirac-GAN's generator: all its mass is at one number theta.

    Parameters
    ----------
    theta
        Where it starts; the data are all at 0.

    References
    ----------
    Mescheder, Geiger and Nowozin 2018, arXiv:1801.04406, definition 2.1.

    Examples
    --------
    >>> DiracGenerator(0.5)(torch.zeros(2, 1)).tolist()
    [[0.5], [0.5]]
    """

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))

    def forward(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch 1"]:
        """Return theta for every row of z."""
        return self.theta.expand(len(z), 1)


class DiracDiscriminator(nn.Module):
    """The Dirac-GAN's discriminator: a line through the origin with slope psi.

    Parameters
    ----------
    psi
        The slope at the start.

    Examples
    --------
    >>> DiracDiscriminator(2.0)(torch.ones(1, 1, dtype=torch.float64)).item()
    2.0
    """

    def __init__(self, psi: float) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(psi, dtype=torch.float64))

    def forward(self, x: Float[Tensor, "batch 1"]) -> Float[Tensor, " batch"]:
        """Return the logit psi · x of each sample."""
        return self.psi * x[:, 0]


def dirac_eigenvalues(rate: float, *, r1: float = 0.0, alternating: bool = True) -> list[complex]:
    r"""Return the eigenvalues of one update of the Dirac-GAN at its equilibrium (0, 0).

    Linearised there, the gradients are −θ/2 + γψ for ψ and ψ/2 for θ, with R1 of weight γ. With
    the rate h, an alternating update moves ψ first and θ by the new ψ:

    .. math:: J = \begin{pmatrix} 1 - h^2/4 & -\tfrac h2 (1 - h\gamma) \\
                                  \tfrac h2 & 1 - h\gamma \end{pmatrix}, \qquad
              J_{\text{simultaneous}} = \begin{pmatrix} 1 & -\tfrac h2 \\
                                  \tfrac h2 & 1 - h\gamma \end{pmatrix}

    on (θ, ψ). Without R1 the first has determinant 1 and modulus 1, the second modulus
    :math:`\sqrt{1 + h^2/4} > 1`.

    Parameters
    ----------
    rate
        Learning rate h of both.
    r1
        Weight γ of the penalty γ/2 · |D'|² at the data.
    alternating
        Whether the discriminator moves first, or both at once.

    References
    ----------
    Mescheder, Geiger and Nowozin 2018, arXiv:1801.04406, lemmas 2.3 and 2.4, and section 4.1.

    Examples
    --------
    >>> [round(abs(v), 6) for v in dirac_eigenvalues(0.2)]
    [1.0, 1.0]
    >>> max(abs(v) for v in dirac_eigenvalues(0.2, r1=1.0)) < 1
    True
    """
    h, keep = rate, 1 - rate * r1
    top = [1 - h * h / 4, -h / 2 * keep] if alternating else [1.0, -h / 2]
    jacobian = torch.tensor([top, [h / 2, keep]], dtype=torch.float64)
    return torch.linalg.eigvals(jacobian).tolist()
