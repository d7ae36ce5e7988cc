r"""An echo state network: a fixed random recurrent network, of which only the readout learns.

.. math:: r_t = (1 - a)\, r_{t-1} + a \tanh\!\big(W r_{t-1} + W_{in} (1, u_t)\big)

What a readout sees is (1, u_t, r_t).

Papers: Jaeger, "The echo state approach to analysing and training recurrent neural networks", GMD
report 148, 2001. Lukoševičius, "A practical guide to applying echo state networks", 2012. The
defaults are NeuroBench's network for Mackey–Glass (Yik et al., Nature Communications 16, 2025).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class EchoState(nn.Module):
    """A reservoir with random weights.

    Parameters
    ----------
    units
        Its size.
    connected
        Chance of a connection within a reservoir; weights are standard normal.
    radius
        Spectral radius of W.
    leak
        a, in (0, 1].
    bias_scale, input_scale
        Width of the interval around 0 from which the weights of constant and input are drawn.
    generator
        Source of the weights.
    dtype
        Of the weights.

    Raises
    ------
    ValueError
        If a parameter is out of range, or nothing is connected in a circle.

    Examples
    --------
    >>> reservoir = EchoState(50, generator=torch.Generator().manual_seed(0))
    >>> features, state = reservoir(torch.zeros(10, 3, 1, dtype=torch.float64))
    >>> features.shape
    torch.Size([10, 3, 52])
    """

    recurrent: Tensor
    inward: Tensor

    def __init__(
        self,
        units: int = 186,
        *,
        connected: float = 0.11,
        radius: float = 1.09,
        leak: float = 0.58,
        bias_scale: float = 0.68,
        input_scale: float = 0.85,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        if units < 1:
            raise ValueError(f"units must be at least 1, got {units}")
        if not (0 < connected <= 1 and 0 < leak <= 1 and radius > 0):
            raise ValueError(
                "expected connected and leak in (0, 1] and a positive radius, "
                f"got {connected}, {leak} and {radius}"
            )
        self.units, self.leak = units, leak
        uniform = torch.rand(units, 2, generator=generator, dtype=dtype) - 0.5
        chosen = torch.rand(units, units, generator=generator, dtype=dtype) <= connected
        weights = torch.randn(units, units, generator=generator, dtype=dtype) * chosen
        largest = torch.linalg.eigvals(weights).abs().max()
        if not largest > 1e-6:
            raise ValueError(
                f"{units} units with chance {connected} of a connection have no recurrence"
            )
        self.register_buffer("inward", uniform * torch.tensor([bias_scale, input_scale]).to(dtype))
        self.register_buffer("recurrent", weights * (radius / largest))

    def forward(
        self, x: Float[Tensor, "time batch 1"], state: Float[Tensor, "batch units"] | None = None
    ) -> tuple[Float[Tensor, "time batch features"], Float[Tensor, "batch units"]]:
        """Return what the readout sees at each step, and the reservoir to go on from.

        Parameters
        ----------
        x
            Input.
        state
            Reservoir before the first step; zero unless given.

        Returns
        -------
        Tensor, Tensor
            (time, batch, 2 + units): constant, input and reservoir; and the last reservoir.

        Raises
        ------
        ValueError
            If the shape is wrong.
        """
        if x.dim() != 3 or x.shape[2] != 1:
            raise ValueError(f"expected input (time, batch, 1), got {tuple(x.shape)}")
        r = x.new_zeros(x.shape[1], self.units) if state is None else state
        seen = torch.cat((torch.ones_like(x), x), -1)
        path = []
        for row in (seen @ self.inward.T).unbind(0):
            pushed = torch.addmm(row, r, self.recurrent.T).tanh()
            r = (1 - self.leak) * r + self.leak * pushed
            path.append(r)
        return torch.cat((seen, torch.stack(path)), -1), r

    def extra_repr(self) -> str:
        """Return the size and the leak."""
        return f"{self.units}, leak={self.leak}"
