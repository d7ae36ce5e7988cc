r"""Layers that act on each number: `Scale` and `Threshold`."""

from collections.abc import Callable, Collection

from jaxtyping import Float
from torch import Tensor, nn

from spiking.surrogates import FastSigmoid, Surrogate, as_surrogate


class Scale(nn.Module):
    r"""Multiply each number by its own factor, :math:`y = s \odot x`.

    Parameters
    ----------
    scale
        Factors, of a shape that fits the end of the input's.
    learn
        ("scale",) for factors that learn.

    Examples
    --------
    >>> import torch
    >>> Scale(torch.tensor([1.0, 2.0]))(torch.ones(3, 2))[0].tolist()
    [1.0, 2.0]
    """

    scale: Tensor

    def __init__(self, scale: Float[Tensor, "..."], learn: Collection[str] = ()) -> None:
        super().__init__()
        _register(self, "scale", scale, learn)

    def forward(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the products, in the dtype of the input."""
        return x * self.scale.to(x.dtype)

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{tuple(self.scale.shape)}"


class Threshold(nn.Module):
    r"""Fire where a number is above its threshold, :math:`s = [x > \theta]`, without a state.

    Parameters
    ----------
    threshold
        θ, of a shape that fits the end of the input's.
    surrogate
        Derivative of the spike, see `spiking.surrogates`.
    learn
        ("threshold",) for thresholds that learn.

    Examples
    --------
    >>> import torch
    >>> Threshold(torch.tensor([0.5, 2.0]))(torch.ones(1, 2)).tolist()
    [[1.0, 0.0]]
    """

    threshold: Tensor

    def __init__(
        self,
        threshold: Float[Tensor, "..."],
        surrogate: Surrogate | Callable[[Tensor], Tensor] | None = None,
        learn: Collection[str] = (),
    ) -> None:
        super().__init__()
        _register(self, "threshold", threshold, learn)
        self.surrogate = FastSigmoid() if surrogate is None else as_surrogate(surrogate)

    def forward(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return 1 above the threshold, 0 elsewhere."""
        return self.surrogate(x - self.threshold.to(x.dtype))

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{tuple(self.threshold.shape)}"


def _register(layer: nn.Module, name: str, value: Tensor, learn: Collection[str]) -> None:
    """Keep a copy of a tensor, as a parameter if it learns."""
    if isinstance(learn, str) or not set(learn) <= {name}:
        raise ValueError(f"learn must be () or ({name!r},); got {learn!r}")
    if not bool(value.isfinite().all()):
        raise ValueError(f"{name} must be finite, got {value[~value.isfinite()][0].item():g}")
    own = value.detach().clone()
    if learn:
        layer.register_parameter(name, nn.Parameter(own))
    else:
        layer.register_buffer(name, own)
