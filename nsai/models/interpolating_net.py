r"""A network of n rectified linear units that fits any n labels, without training.

Paper: Zhang, Bengio, Hardt, Recht and Vinyals, "Understanding deep learning requires rethinking
generalization", ICLR 2017, theorem 1 (its proof is in the appendix).

.. math:: c(x) = \sum_{j=1}^{n} w_j \max(0,\ a\cdot x - b_j), \qquad
          b_1 < a\cdot x_1 < b_2 < a\cdot x_2 < \dots < b_n < a\cdot x_n

A projection a puts the samples in a row; a unit starts just before each. So
:math:`A_{ij} = \max(0, a\cdot x_i - b_j)` is lower triangular with a positive diagonal, and
:math:`Aw = y` has a solution for *every* y.

Shapes: x (batch, d), a (d,), b (n,), w (n,): 2n + d weights, one number out.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class InterpolatingNet(nn.Module):
    """The construction of Zhang et al.'s theorem 1.

    Parameters
    ----------
    a
        The projection, (d,).
    b
        Where each unit starts, (n,).
    w
        How much it counts, (n,).

    Raises
    ------
    ValueError
        If the shapes are not those.

    Examples
    --------
    >>> x = torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    >>> g = torch.Generator().manual_seed(0)
    >>> net = InterpolatingNet.fit(x, torch.tensor([3.0, 1.0, 4.0]), generator=g)
    >>> net(x).round(decimals=9).tolist(), sum(p.numel() for p in net.parameters())
    ([3.0, 1.0, 4.0], 8)
    """

    def __init__(
        self, a: Float[Tensor, " inputs"], b: Float[Tensor, " units"], w: Float[Tensor, " sizes"]
    ) -> None:
        super().__init__()
        if not a.ndim == b.ndim == w.ndim == 1 or len(b) != len(w):
            shapes = [tuple(part.shape) for part in (a, b, w)]
            raise ValueError(f"expected shapes (d,), (n,) and (n,), got {shapes}")
        self.a, self.b, self.w = (nn.Parameter(part.detach().clone()) for part in (a, b, w))

    def forward(self, x: Float[Tensor, " batch *inputs"]) -> Float[Tensor, " batch"]:
        """Return c(x), (batch,); images are flattened."""
        flat = x.flatten(1).to(self.a.dtype)
        if flat.shape[1] != len(self.a):
            raise ValueError(f"x must have {len(self.a)} numbers a sample, got {tuple(x.shape)}")
        return torch.relu((flat @ self.a)[:, None] - self.b) @ self.w

    @classmethod
    def fit(
        cls,
        x: Float[Tensor, " samples *inputs"],
        y: Float[Tensor, " targets"],
        *,
        generator: torch.Generator | None = None,
        draws: int = 20,
    ) -> "InterpolatingNet":
        """Build the network that takes the values y at x, in double precision.

        Parameters
        ----------
        x
            Samples, no two alike; images are flattened.
        y
            Any numbers.
        generator
            Source of the projection; None takes torch's global one.
        draws
            Projections to draw; the one that keeps the samples farthest apart is taken, as
            samples that nearly meet need steep slopes.

        Raises
        ------
        ValueError
            If there are no samples or as many targets, or two samples meet in every projection.
        """
        if y.ndim != 1 or len(x) != len(y) or not len(x) or draws < 1:
            shapes = f"{tuple(x.shape)} and {tuple(y.shape)}"
            raise ValueError(f"expected samples, a target each and draws >= 1, got {shapes}")
        flat = x.flatten(1).double()
        drawn = torch.randn(draws, flat.shape[1], generator=generator, dtype=torch.float64)
        places, order = (flat @ drawn.T.to(flat)).sort(dim=0)
        gaps = places.diff(dim=0)
        nearest = gaps.amin(0) / (places[-1] - places[0]) if len(x) > 1 else gaps.sum(0)
        best = int(nearest.argmax())
        if len(x) > 1 and not float(nearest[best]) > 1e-13:  # what rounding may do to twins
            raise ValueError("two samples meet in every projection: are they the same?")
        row, gap = places[:, best], gaps[:, best]
        first = row[:1] - (gap.mean() if len(x) > 1 else 1.0)
        b = torch.cat([first, row[:-1] + gap / 2])
        triangular = torch.relu(row[:, None] - b)
        target = y.to(flat)[order[:, best], None]
        w = torch.linalg.solve_triangular(triangular, target, upper=False)[:, 0]
        return cls(drawn[best].to(flat), b, w)
