r"""A long short-term memory that forecasts a series from a window of its last values.

The window is normalised, goes through an LSTM, and its rectified state through a linear layer,

.. math:: h_t = \mathrm{LSTM}(\mathrm{LN}(u_{t-L+1}, \dots, u_t), h_{t-1}), \qquad
          \hat y_t = w^\top \max(h_t, 0) + b

Papers: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997. Window and
layers are those of NeuroBench's baseline for Mackey–Glass (Yik et al., Nature Communications 16,
2025); 100 units are what its published footprint, 490 kB, and its 60,300 operations come from.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

State = tuple[Tensor, Tensor, Tensor]


class LSTMForecaster(nn.Module):
    """One LSTM layer over windows of a series.

    Parameters
    ----------
    units
        Size of the LSTM.
    window
        L, values seen at once; zeros before the first.

    Examples
    --------
    >>> model = LSTMForecaster(units=8, window=5)
    >>> forecast, state = model(torch.zeros(10, 2, 1))
    >>> forecast.shape
    torch.Size([10, 2, 1])
    """

    def __init__(self, units: int = 100, window: int = 50) -> None:
        super().__init__()
        if units < 1 or window < 2:
            raise ValueError(f"expected at least one unit and a window of 2, got {units}, {window}")
        self.window = window
        self.norm = nn.LayerNorm(window)
        self.lstm = nn.LSTM(window, units)
        self.out = nn.Linear(units, 1)

    def forward(
        self, x: Float[Tensor, "time batch 1"], state: State | None = None
    ) -> tuple[Float[Tensor, "time batch 1"], State]:
        """Return what is forecast after each step, and the state to go on from.

        Parameters
        ----------
        x
            Series.
        state
            Last values, hidden state and cell; zero unless given.
        """
        before, hidden = x.new_zeros(self.window - 1, x.shape[1], 1), None
        if state is not None:
            before, hidden = state[0], state[1:]
        held = torch.cat((before, x))
        seen = self.norm(held[..., 0].unfold(0, self.window, 1))
        h, (last, cell) = self.lstm(seen, hidden)
        return self.out(h.relu()), (held[len(x) :], last, cell)
