r"""Surrogate derivatives of the spike.

A neuron fires where u = v − θ > 0. That step has no useful derivative; in the backward pass a
smooth or piecewise one stands in for it (Neftci, Mostafa and Zenke, "Surrogate gradient learning in
spiking neural networks", IEEE Signal Processing Magazine 36, 2019). Functions of u that return
spikes, such as those of snntorch, are taken as well.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.kernels import integrate


class Surrogate(ABC):
    """A spike with a derivative."""

    support: float = math.inf
    """The derivative is 0 where abs(u) is at least this."""

    def __call__(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return 1 where u is positive, 0 elsewhere; the gradient is that of `derivative`."""
        return _Spike.apply(u, self)

    @abstractmethod
    def derivative(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return what stands in for the derivative at u."""

    def formula(self) -> tuple[int, float, float] | None:
        """Return the kernel's formula and its two numbers, None where it has none."""
        return None


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, surrogate: Surrogate) -> Tensor:
        ctx.save_for_backward(u)
        ctx.surrogate = surrogate
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor, None]:
        (u,) = ctx.saved_tensors
        return above[0] * ctx.surrogate.derivative(u), None


@dataclass(frozen=True)
class FastSigmoid(Surrogate):
    r"""Derivative of a fast sigmoid, :math:`1 / (1 + k |u|)^2`.

    Parameters
    ----------
    slope
        k, in units of the inverse potential.

    References
    ----------
    Zenke and Ganguli, "SuperSpike", Neural Computation 30 (6), 2018, eq. 5.

    Examples
    --------
    >>> FastSigmoid(slope=1.0).derivative(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([0.2500, 1.0000, 0.2500])
    """

    slope: float = 25.0

    def __post_init__(self) -> None:
        _require_positive(self, "slope")

    def derivative(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the derivative at u."""
        return (1 + self.slope * u.abs()) ** -2

    def formula(self) -> tuple[int, float, float]:
        """Return the kernel's formula."""
        return integrate.FAST_SIGMOID, self.slope, 0.0


@dataclass(frozen=True)
class ArcTan(Surrogate):
    r"""Derivative of an arctangent, :math:`\frac{a}{2} / (1 + (\frac{\pi}{2} a u)^2)`.

    Parameters
    ----------
    alpha
        a, in units of the inverse potential.

    References
    ----------
    Fang et al., "Incorporating learnable membrane time constant to enhance learning of spiking
    neural networks", ICCV 2021.

    Examples
    --------
    >>> ArcTan().derivative(torch.tensor([0.0]))
    tensor([1.])
    """

    alpha: float = 2.0

    def __post_init__(self) -> None:
        _require_positive(self, "alpha")

    def derivative(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the derivative at u."""
        return self.alpha / 2 / (1 + (math.pi / 2 * self.alpha * u) ** 2)

    def formula(self) -> tuple[int, float, float]:
        """Return the kernel's formula."""
        return integrate.ARCTAN, self.alpha / 2, math.pi / 2 * self.alpha


@dataclass(frozen=True)
class Triangular(Surrogate):
    r"""A triangle around the threshold, :math:`\gamma\, \max(0, 1 - |u| / w)`.

    Parameters
    ----------
    width
        w, half the length of the base, in units of the potential.
    height
        γ, in units of the inverse potential.

    References
    ----------
    Bellec et al., "Long short-term memory and learning-to-learn in networks of spiking neurons",
    NeurIPS 2018, with w = θ and γ = 0.3 / θ.

    Examples
    --------
    >>> Triangular().derivative(torch.tensor([-2.0, 0.0, 0.5]))
    tensor([0.0000, 1.0000, 0.5000])
    """

    width: float = 1.0
    height: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, "width", "height")

    @property
    def support(self) -> float:  # type: ignore[override]
        """The derivative is 0 from here on."""
        return self.width

    def derivative(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the derivative at u."""
        return self.height * (1 - u.abs() / self.width).clamp(min=0)

    def formula(self) -> tuple[int, float, float]:
        """Return the kernel's formula."""
        return integrate.TRIANGULAR, 1 / self.width, self.height


@dataclass(frozen=True)
class Boxcar(Surrogate):
    r"""A constant around the threshold: γ where :math:`|u| < w`, 0 elsewhere.

    Parameters
    ----------
    width
        w, half the length, in units of the potential.
    height
        γ, in units of the inverse potential.

    References
    ----------
    Kaiser, Mostafa and Neftci, "Synaptic plasticity dynamics for deep continuous local learning
    (DECOLLE)", Frontiers in Neuroscience 14, 2020.

    Examples
    --------
    >>> Boxcar().derivative(torch.tensor([-0.75, 0.0, 0.25]))
    tensor([0., 1., 1.])
    """

    width: float = 0.5
    height: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self, "width", "height")

    @property
    def support(self) -> float:  # type: ignore[override]
        """The derivative is 0 from here on."""
        return self.width

    def derivative(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the derivative at u."""
        return self.height * (u.abs() < self.width).to(u.dtype)

    def formula(self) -> tuple[int, float, float]:
        """Return the kernel's formula."""
        return integrate.BOXCAR, self.width, self.height


@dataclass(frozen=True)
class Foreign(Surrogate):
    """A function of another library that returns spikes of u and has a gradient of its own.

    Parameters
    ----------
    function
        Takes u, returns spikes of the same shape, element by element.

    Examples
    --------
    >>> from snntorch import surrogate
    >>> Foreign(surrogate.fast_sigmoid(slope=1)).derivative(torch.tensor([1.0]))
    tensor([0.2500])
    """

    function: Callable[[Tensor], Tensor]

    def derivative(self, u: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the function's gradient at u, which itself has none."""
        with torch.enable_grad():
            inner = u.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.function(inner).sum(), inner)
        return slope


def as_surrogate(given: Surrogate | Callable[[Tensor], Tensor]) -> Surrogate:
    """Return a surrogate as it is, a function as `Foreign`."""
    if isinstance(given, Surrogate):
        return given
    if not callable(given) or isinstance(given, type):
        raise TypeError(f"expected a surrogate or a function of u, got {given!r}")
    return Foreign(given)


def _require_positive(surrogate: Surrogate, *names: str) -> None:
    for name in names:
        if not getattr(surrogate, name) > 0:
            raise ValueError(f"{name} must be positive, got {getattr(surrogate, name)}")
