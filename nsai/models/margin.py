r"""The largest margin of a labelled data set, held between two bounds that check each other.

Paper: Novikoff, "On convergence proofs on perceptrons", Symposium on the Mathematical Theory
of Automata 12 (1962) 615–622, whose bound on the perceptron's mistakes is (R/γ)².

.. math:: \gamma = \max_{|u| = 1} \min_i\; y_i\, (u \cdot x_i)
          = \min_{\lambda \ge 0,\ \sum \lambda_i = 1} \Big|\sum_i \lambda_i y_i x_i\Big|

Shapes: x (samples, features), y (samples,) of −1 and +1, u (features + 1,); a constant 1 is
appended to every x, as the perceptron does. Any u bounds γ from below, any λ from above.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Margin:
    """The largest margin of a data set, held between two exact bounds.

    Attributes
    ----------
    lower
        What the unit vector `direction` achieves: no largest margin is less.
    upper
        The length of a convex mixture of the vectors y x: no margin is more.
    radius
        The largest length of a sample, constant included.
    direction
        A unit vector that attains `lower`, (features + 1,).
    """

    lower: float
    upper: float
    radius: float
    direction: Float[Tensor, " weights"]

    @property
    def mistakes(self) -> float:
        """Novikoff's bound (R/γ)², from the upper bound on γ: the strictest form."""
        return (self.radius / self.upper) ** 2


def maximum_margin(
    x: Float[Tensor, "samples features"], y: Float[Tensor, " samples"], *, accuracy: float = 1e-6
) -> Margin:
    r"""Find the largest margin of separable data by Lawson and Hanson's least-distance programme.

    With z = y (x, 1), the shortest w with :math:`z_i \cdot w \ge 1` has length 1/γ. The
    non-negative least-squares solution u of :math:`\sum_i u_i (z_i, 1) \approx (0, 1)` gives
    both it and, divided by its sum, the mixture of the z that lies closest to the origin.

    Parameters
    ----------
    x, y
        Samples and classes as in `Perceptron.learn`.
    accuracy
        Largest relative gap between the two bounds.

    Returns
    -------
    Margin
        Bounds that hold whatever the solver did: each is evaluated on the data.

    Raises
    ------
    ValueError
        If no hyperplane separates the classes, or the solver missed the accuracy.

    Examples
    --------
    >>> x = torch.tensor([[2.0], [-2.0]], dtype=torch.float64)
    >>> round(maximum_margin(x, torch.tensor([1.0, -1.0])).lower, 9)
    2.0

    References
    ----------
    Lawson and Hanson, *Solving Least Squares Problems*, Prentice-Hall 1974, chapter 23.
    """
    z = signed_samples(x, y).to(torch.float64)
    points = z.cpu().numpy()
    system = np.vstack([points.T, np.ones(len(points))])
    target = np.zeros(len(system))
    target[-1] = 1
    from scipy.optimize import nnls  # half a second that other models need not wait for

    mixture, _ = nnls(system, target, maxiter=50 * system.shape[1])
    rest = target - system @ mixture
    direction = -rest[:-1] / max(float(np.linalg.norm(rest[:-1])), 1e-300)
    lower = float((points @ direction).min())
    if lower <= 0:
        raise ValueError("no hyperplane separates the classes, so there is no margin")
    upper = float(np.linalg.norm(mixture @ points) / mixture.sum())
    if upper - lower > accuracy * upper:
        raise ValueError(f"the margin is only known to lie in [{lower:.6g}, {upper:.6g}]")
    radius = float(np.linalg.norm(points, axis=1).max())
    return Margin(lower, upper, radius, torch.from_numpy(direction))


def signed_samples(
    x: Float[Tensor, "samples features"], y: Float[Tensor, " samples"]
) -> Float[Tensor, "samples weights"]:
    """Return y (x, 1), which a separating w must meet with a positive product.

    Examples
    --------
    >>> signed_samples(torch.tensor([[2.0]]), torch.tensor([-1.0])).tolist()
    [[-2.0, -1.0]]
    """
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            f"x must be (samples, features) and y (samples,), got {tuple(x.shape)} and "
            f"{tuple(y.shape)}"
        )
    if not bool((y.abs() == 1).all()):
        raise ValueError(f"y must hold -1 and +1, got {y.unique().tolist()}")
    return y[:, None] * torch.cat([x, x.new_ones(len(x), 1)], 1)
