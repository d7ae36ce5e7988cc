r"""Regression on random features, from few of them to far more than samples.

Papers: Belkin, Hsu, Ma and Mandal, PNAS 116 (2019), for the double descent of the test error;
Hastie, Montanari, Rosset and Tibshirani, Annals of Statistics 50 (2022), for its closed form.

.. math:: \varphi_j(x) = \max(0,\ w_j\cdot x), \qquad
          \hat\beta_\lambda = (\Phi^\top\Phi + \lambda I)^{-1}\Phi^\top y, \qquad
          \hat\beta_0 = \lim_{\lambda\to 0}\hat\beta_\lambda = \Phi^+ y

With :math:`\Phi = U S V^\top` all of them are :math:`V\,\frac{s}{s^2+\lambda}\,U^\top y`: one
decomposition gives a whole path of penalties, down to the least squares of smallest norm.

Shapes: x (batch, inputs), Φ (samples, features), y (samples, outputs), β (features, outputs).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn


class RandomFeatures(nn.Module):
    """Rectified linear units with weights that are drawn once and never learned.

    Parameters
    ----------
    inputs
        Numbers of an input.
    features
        Units; the first p of them are themselves a draw of p.
    generator
        Source of the directions, uniform on the unit sphere; None takes torch's global one.
    dtype
        Type of the weights.

    Raises
    ------
    ValueError
        If there are no inputs or no features.

    Examples
    --------
    >>> RandomFeatures(784, 500)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 500])
    """

    directions: Tensor

    def __init__(
        self,
        inputs: int,
        features: int,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        if min(inputs, features) < 1:
            raise ValueError(f"inputs and features must be positive, got {inputs} and {features}")
        drawn = torch.randn(features, inputs, generator=generator, dtype=dtype)
        self.register_buffer("directions", drawn / drawn.norm(dim=1, keepdim=True))

    def forward(self, x: Float[Tensor, " batch *inputs"]) -> Float[Tensor, "batch features"]:
        """Return φ(x), (batch, features); images are flattened."""
        flat = x.flatten(1).to(self.directions.dtype)
        if flat.shape[1] != self.directions.shape[1]:
            expected = self.directions.shape[1]
            raise ValueError(f"x must have {expected} numbers a sample, got {tuple(x.shape)}")
        return torch.relu(flat @ self.directions.T)


def ridge_path(
    features: Float[Tensor, "*sets samples features"],
    targets: Float[Tensor, "*sets rows outputs"],
    penalties: Sequence[float] = (0.0,),
) -> Float[Tensor, "*sets penalties features outputs"]:
    r"""Return the minimisers of :math:`|y - \Phi\beta|^2 + \lambda|\beta|^2`, one a penalty.

    Penalty 0 is the limit λ → 0: of all least-squares solutions, the one of smallest norm.
    Singular values that rounding cannot tell from 0 count as 0.

    Parameters
    ----------
    features, targets
        Φ and y; leading axes are data sets side by side.
    penalties
        The λ, none of them negative.

    Raises
    ------
    ValueError
        If a penalty is negative or there is none, or the samples do not agree.

    Examples
    --------
    Two unknowns, one equation: the shortest solution shares equally.

    >>> ridge_path(torch.ones(1, 2).double(), torch.tensor([[2.0]]).double()).round(decimals=9)
    tensor([[[1.],
             [1.]]], dtype=torch.float64)
    """
    if not penalties or min(penalties) < 0:
        raise ValueError(f"penalties must be one or more numbers >= 0, got {list(penalties)}")
    if features.shape[:-1] != targets.shape[:-1]:
        shapes = f"{tuple(features.shape)} and {tuple(targets.shape)}"
        raise ValueError(f"features and targets must have the same samples, got {shapes}")
    u, s, vt = torch.linalg.svd(features, full_matrices=False)
    tiny = torch.finfo(s.dtype).eps * max(features.shape[-2:]) * s[..., :1]
    lam = torch.tensor(list(penalties), dtype=s.dtype, device=s.device)[:, None]
    kept, s = (s > tiny)[..., None, :], s[..., None, :]
    shrunk = torch.where(kept, s / (s.square() + lam), 0)  # of shape (*sets, penalties, rank)
    inner = u.mT @ targets
    return vt.mT[..., None, :, :] @ (shrunk[..., None] * inner[..., None, :, :])


class Risk(NamedTuple):
    """Expected squared error on new samples, beyond their own noise, in two parts.

    Attributes
    ----------
    bias
        Squared: what is lost of the signal.
    variance
        What the noise of the training targets does.
    """

    bias: float
    variance: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.bias + self.variance


def expected_risk(samples: int, features: int, *, signal: float, noise: float) -> Risk:
    r"""Return the risk of the minimum-norm fit, exactly, for isotropic Gaussian features.

    For :math:`y = \beta\cdot x + \varepsilon`, n samples and p features, averaged over X and ε:

    .. math:: p \le n-2:\quad 0 + \sigma^2\frac{p}{n-p-1}, \qquad\qquad
              p \ge n+2:\quad r^2\Big(1-\frac np\Big) + \sigma^2\frac{n}{p-n-1}

    from the mean of an inverse Wishart matrix. In between the variance has no finite mean.

    Parameters
    ----------
    samples, features
        n and p.
    signal
        r² = \|β\|².
    noise
        σ², the variance of ε.

    Examples
    --------
    >>> expected_risk(100, 50, signal=1.0, noise=0.49)
    Risk(bias=0.0, variance=0.5)
    >>> expected_risk(100, 100, signal=1.0, noise=0.49).variance
    inf

    References
    ----------
    Breiman and Freedman, JASA 78 (1983) 131–136, for p < n. Belkin, Hsu and Xu, SIAM Journal on
    Mathematics of Data Science 2 (2020), theorem 1, for both.
    """
    n, p = samples, features
    if min(n, p) < 1:
        raise ValueError(f"samples and features must be positive, got {n} and {p}")
    bias = signal * max(0.0, 1 - n / p)
    if abs(n - p) <= 1:
        return Risk(bias, noise * math.inf if noise else 0.0)
    return Risk(bias, noise * min(n, p) / (abs(n - p) - 1))


def limiting_risk(ratio: float, *, signal: float, noise: float, penalty: float = 0.0) -> Risk:
    r"""Return the risk of ridge regression as n and p grow at a fixed ratio γ = p/n.

    With m the Stieltjes transform of the Marchenko–Pastur law, for the minimiser of
    :math:`\frac1n|y - X\beta|^2 + \lambda|\beta|^2`:

    .. math:: r^2\lambda^2 m'(-\lambda) + \sigma^2\gamma\,\big(m(-\lambda)-\lambda m'(-\lambda)\big)

    The best penalty is :math:`\lambda^* = \sigma^2\gamma/r^2`. For λ → 0 the two parts become
    :math:`0 + \sigma^2\frac{\gamma}{1-\gamma}` below γ = 1 and
    :math:`r^2(1-\frac1\gamma) + \frac{\sigma^2}{\gamma-1}` above.

    Parameters
    ----------
    ratio
        γ, positive.
    signal, noise
        As in `expected_risk`.
    penalty
        λ; in `ridge_path` this is nλ.

    Examples
    --------
    >>> limiting_risk(2.0, signal=1.0, noise=0.5)
    Risk(bias=0.5, variance=0.5)

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani, Annals of Statistics 50 (2022) 949–986, theorem 1 and
    the section on ridge regression. Dobriban and Wager, Annals of Statistics 46 (2018) 247–279.
    """
    if ratio <= 0 or penalty < 0:
        raise ValueError(f"expected ratio > 0 and penalty >= 0, got {ratio} and {penalty}")
    if penalty == 0:
        bias = signal * max(0.0, 1 - 1 / ratio)
        if ratio == 1:
            return Risk(bias, noise * math.inf if noise else 0.0)
        return Risk(bias, noise * min(ratio, 1) / abs(ratio - 1))
    # m solves γλm² + bm − 1 = 0; each form of the root is free of cancellation on its side.
    b = 1 - ratio + penalty
    root = math.sqrt(b * b + 4 * ratio * penalty)
    m = 2 / (b + root) if b > 0 else (root - b) / (2 * ratio * penalty)
    slope = m * (1 + ratio * m) / root
    return Risk(signal * penalty**2 * slope, noise * ratio * (m - penalty * slope))
