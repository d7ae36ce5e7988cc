r"""A linear readout of a fixed reservoir, in closed form, that forecasts one step.

.. math:: \hat y_t = w^\top \phi_t, \qquad
          w = \arg\min_w \sum_t (y_t - w^\top \phi_t)^2 + \sum_i \lambda_i w_i^2
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def ridge(
    features: Float[Tensor, "batch rows features"],
    targets: Float[Tensor, "batch rows"],
    penalty: float | Float[Tensor, " features"],
) -> Float[Tensor, "batch features"]:
    """Return the weights of ridge regressions side by side.

    Solved as least squares of the penalised system, which does not square its condition.

    Parameters
    ----------
    features, targets
        What is seen, and what is to be said.
    penalty
        λ, positive; one number, or one a feature.

    Raises
    ------
    ValueError
        If a penalty is not positive.

    Examples
    --------
    >>> x = torch.tensor([[[1.0], [2.0]]])
    >>> ridge(x, torch.tensor([[1.0, 2.0]]), 5.0)
    tensor([[0.5000]])
    """
    lam = torch.as_tensor(penalty, dtype=features.dtype).expand(features.shape[-1])
    if not (lam > 0).all():
        raise ValueError(f"penalty must be positive, got {lam.min().item():g}")
    held = lam.sqrt().diag().expand(len(features), -1, -1)
    left = torch.cat((features, held), 1)
    right = torch.cat((targets, targets.new_zeros(len(targets), len(lam))), 1)
    return torch.linalg.lstsq(left, right[..., None], driver="gels").solution[..., 0]


class Readout(nn.Module):
    """A reservoir and what is read from it: the next value of a series.

    Parameters
    ----------
    reservoir
        ``reservoir(x, state)`` gives features (time, batch, features) and either a state or a
        record that has one as attribute ``state``.
    weights
        One row a series of the batch.
    centre, scale
        What is taken from each series, and what it is divided by, before the reservoir.
    increments
        Whether the readout says the next step, not the next value.

    Examples
    --------
    A reservoir that shows its input, and a readout that doubles it:

    >>> class Show(nn.Module):
    ...     def forward(self, x, state=None):
    ...         return x, state
    >>> double = Readout(Show(), torch.full((1, 1), 2.0))
    >>> double(torch.ones(1, 1, 1))[0].item()
    2.0
    """

    weights: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        reservoir: nn.Module,
        weights: Float[Tensor, "batch features"],
        *,
        centre: Float[Tensor, " batch"] | None = None,
        scale: Float[Tensor, " batch"] | None = None,
        increments: bool = False,
    ) -> None:
        super().__init__()
        self.reservoir, self.increments = reservoir, increments
        count = len(weights)
        self.register_buffer("weights", weights)
        self.register_buffer("centre", weights.new_zeros(count) if centre is None else centre)
        self.register_buffer("scale", weights.new_ones(count) if scale is None else scale)

    def forward(
        self, x: Float[Tensor, "time batch 1"], state: object = None
    ) -> tuple[Float[Tensor, "time batch 1"], object]:
        """Return what is forecast after each step, and the state to go on from.

        Parameters
        ----------
        x
            Series.
        state
            State of the reservoir.
        """
        z = (x - self.centre[:, None]) / self.scale[:, None]
        features, after = self.reservoir(z, state)
        y = torch.einsum("tbf,bf->tb", features.to(self.weights.dtype), self.weights)[..., None]
        y = y + z if self.increments else y
        return y * self.scale[:, None] + self.centre[:, None], getattr(after, "state", after)
