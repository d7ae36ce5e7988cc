r"""The autoencoder: a network that must say again what it was told, through a narrow middle.

Papers: Rumelhart, Hinton and Williams, "Learning internal representations by error propagation",
PDP I (1986), chapter 8. Baldi and Hornik, "Neural networks and principal component analysis:
learning from examples without local minima", Neural Networks 2 (1989) 53–58. Vincent, "A connection
between score matching and denoising autoencoders", Neural Computation 23 (2011) 1661–1674.

.. math:: z = e(x), \qquad r(x) = d(z), \qquad E = \frac1n \sum_i |r(x_i + \sigma\nu_i) - x_i|^2

with :math:`\nu \sim N(0, I)`; a plain autoencoder has σ = 0. If e and d are linear and x has mean
0, the best r projects onto the leading eigenvectors of the covariance, and E is the sum of the
eigenvalues left out. If σ > 0 and the middle is wide enough, the best r is the posterior mean, and
:math:`(r(x) - x)/\sigma^2 = \nabla \ln p_\sigma(x)`, the *score* of the blurred density.

Shapes: x (batch, features), z (batch, code).
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.functional import hessian
from torch.func import functional_call
from torch.nn.utils import parameters_to_vector

from nsai.models.mlp import MLP, Activation


class Autoencoder(nn.Module):
    """An encoder to a code and its mirror image back.

    Parameters
    ----------
    sizes
        Units of each layer, from the features to the code; the decoder has them in reverse.
    activation
        Nonlinearity between the layers; the code and the output are linear. With ``"linear"`` the
        whole map is linear.
    generator
        Source of the initial weights; None takes torch's global one.
    dtype
        Type of the weights.

    Examples
    --------
    >>> model = Autoencoder([784, 128, 16])
    >>> x = torch.rand(5, 784)
    >>> model.encode(x).shape, model(x).shape, model.error(x).shape
    (torch.Size([5, 16]), torch.Size([5, 784]), torch.Size([5]))
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: Activation = "relu",
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        options = {"activation": activation, "generator": generator, "dtype": dtype}
        self.encoder = MLP(sizes, **options)  # type: ignore[arg-type]
        self.decoder = MLP(list(reversed(sizes)), **options)  # type: ignore[arg-type]

    def encode(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch code"]:
        """Return the codes, (batch, code)."""
        code: Tensor = self.encoder(x)
        return code

    def forward(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch features"]:
        """Return the reconstructions, (batch, features)."""
        out: Tensor = self.decoder(self.encode(x))
        return out

    def error(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, " batch"]:
        """Return the squared distance of each sample from its reconstruction."""
        return (self(x) - x).square().sum(1)

    def loss(
        self,
        x: Float[Tensor, "batch features"],
        *,
        noise: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, ""]:
        """Return E: the mean squared distance of clean samples from r of the noisy ones.

        Parameters
        ----------
        x
            Clean samples, (batch, features).
        noise
            Standard deviation σ of the noise that is added to every feature.
        generator
            Source of the noise, on the CPU; None takes torch's global one.
        """
        if noise < 0:
            raise ValueError(f"noise must not be negative, got {noise}")
        if noise == 0:
            return self.error(x).mean()
        seen = x + noise * torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x)
        return (self(seen) - x).square().sum(1).mean()

    def score(
        self, x: Float[Tensor, "batch features"], noise: float
    ) -> Float[Tensor, "batch features"]:
        """Return (r(x) − x)/σ²: after training with this noise, ∇ ln p of the blurred density."""
        if noise <= 0:
            raise ValueError(f"noise must be positive, got {noise}")
        return (self(x) - x) / noise**2

    @torch.no_grad()
    def set_projection(self, basis: Float[Tensor, "features code"]) -> None:
        """Make a linear autoencoder of two layers the projection on orthonormal columns.

        Raises
        ------
        ValueError
            If the basis has another shape than the decoder's weights, or is not orthonormal.
        """
        weights = [*self.encoder.weights, *self.decoder.weights]
        if len(weights) != 2 or basis.shape != weights[1].shape:
            wanted = tuple(self.decoder.weights[0].shape)
            raise ValueError(f"basis must have shape {wanted}, got {tuple(basis.shape)}")
        unit = torch.eye(basis.shape[1]).to(basis)
        if not torch.allclose(basis.T @ basis, unit, atol=1e-5):
            raise ValueError("basis must have orthonormal columns")
        weights[0].copy_(basis.T)
        weights[1].copy_(basis)
        self.encoder.biases[0].zero_()
        self.decoder.biases[0].zero_()


def principal_components(
    x: Float[Tensor, "samples features"],
) -> tuple[Float[Tensor, " features"], Float[Tensor, "features features"]]:
    """Return eigenvalues of the covariance (divided by n), largest first, and eigenvectors.

    Examples
    --------
    >>> values, vectors = principal_components(torch.tensor([[2.0, 0], [-2, 0], [0, 1], [0, -1]]))
    >>> values.tolist()
    [2.0, 0.5]
    """
    centred = x.double() - x.double().mean(0)  # pixels that never vary need the precision
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    return values.flip(0).to(x), vectors.flip(1).to(x)


def principal_angles(
    a: Float[Tensor, "features first"], b: Float[Tensor, "features second"]
) -> Float[Tensor, " angles"]:
    """Return the angles between the spans of the columns, in radians, largest first.

    Small angles are taken from their sines, so that they are exact far below 1e-8 (Björck and
    Golub, Mathematics of Computation 27 (1973) 579–594). Both must have the same rank.

    Examples
    --------
    >>> plane, tilted = torch.eye(3)[:, :2], torch.tensor([[1.0, 0], [0, 1], [0, 1]])
    >>> [round(math.degrees(v), 3) for v in principal_angles(plane, tilted).tolist()]
    [45.0, 0.0]
    """
    if a.shape != b.shape:
        raise ValueError(f"the bases must have one shape, got {tuple(a.shape)}, {tuple(b.shape)}")
    one, two = (torch.linalg.qr(v).Q for v in (a, b))
    sines = torch.linalg.svdvals(two - one @ (one.T @ two)).clamp(max=1)
    cosines = torch.linalg.svdvals(one.T @ two).clamp(max=1).flip(0)
    return torch.where(sines < math.sqrt(0.5), sines.asin(), cosines.acos())


def curvatures(
    model: Autoencoder, x: Float[Tensor, "samples features"]
) -> Float[Tensor, " parameters"]:
    """Return the eigenvalues of the Hessian of the loss by all parameters, smallest first.

    A critical point with a negative one is a saddle: from there a step down leads out.

    Examples
    --------
    >>> x = torch.tensor([[2.0, 0], [-2, 0], [0, 1], [0, -1]])
    >>> model = Autoencoder([2, 1], activation="linear")
    >>> model.set_projection(torch.tensor([[0.0], [1.0]]))  # the lesser of two eigenvectors
    >>> bool(curvatures(model, x)[0] < -0.1)
    True
    """
    names = {name: p.shape for name, p in model.named_parameters()}

    def loss(flat: Tensor) -> Tensor:
        parts = flat.split([shape.numel() for shape in names.values()])
        given = {n: p.view(s) for (n, s), p in zip(names.items(), parts, strict=True)}
        answer: Tensor = functional_call(model, given, (x,))
        return (answer - x).square().sum(1).mean()

    here = parameters_to_vector(model.parameters()).detach()
    return torch.linalg.eigvalsh(hessian(loss, here))


def posterior_mean(
    seen: Float[Tensor, "batch features"],
    samples: Float[Tensor, "samples features"],
    noise: float,
) -> Float[Tensor, "batch features"]:
    r"""Return the best denoiser there is, if the clean data are these samples and no others.

    .. math:: r^*(\tilde x) = E[x \mid \tilde x] = \frac{\sum_i w_i x_i}{\sum_i w_i}, \qquad
              w_i = e^{-|\tilde x - x_i|^2 / 2\sigma^2}

    Parameters
    ----------
    seen
        Noisy points, (batch, features).
    samples
        The clean data, (samples, features), each as likely as any other.
    noise
        Standard deviation σ of the noise.

    Examples
    --------
    >>> clean = torch.tensor([[-1.0], [1.0]])
    >>> posterior_mean(torch.tensor([[0.0], [0.5]]), clean, noise=0.5)  # tanh(x / σ²)
    tensor([[0.0000],
            [0.9640]])
    """
    if noise <= 0:
        raise ValueError(f"noise must be positive, got {noise}")
    away = torch.cdist(seen, samples).square() / (2 * noise**2)
    return (-away).softmax(1) @ samples


def wiener(
    x: Float[Tensor, "samples features"], noise: float
) -> tuple[Float[Tensor, "features features"], Float[Tensor, " features"]]:
    r"""Return the best affine denoiser of these samples: W and b of r(x) = W x + b.

    .. math:: W = \Sigma\,(\Sigma + \sigma^2 I)^{-1}, \qquad b = (I - W)\,\mu

    Parameters
    ----------
    x
        Clean samples, (samples, features), with mean μ and covariance Σ (divided by n).
    noise
        Standard deviation σ of the noise.

    References
    ----------
    Wiener, "Extrapolation, interpolation and smoothing of stationary time series", MIT Press 1949.

    Examples
    --------
    >>> weights, bias = wiener(torch.tensor([[1.0], [-1.0]]), noise=1.0)
    >>> weights.item(), bias.item()
    (0.5, 0.0)
    """
    if noise <= 0:
        raise ValueError(f"noise must be positive, got {noise}")
    centre = x.mean(0)
    covariance = (x - centre).T @ (x - centre) / len(x)
    unit = torch.eye(len(centre)).to(x)
    weights = torch.linalg.solve(covariance + noise**2 * unit, covariance).T
    return weights, (unit - weights) @ centre
