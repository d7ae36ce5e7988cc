r"""Recurrent networks: Elman's cell, the LSTM and the GRU written out, and a network around them.

Papers: Elman, "Finding structure in time", Cognitive Science 14 (1990) 179–211. Hochreiter and
Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735–1780. Gers, Schmidhuber and
Cummins, "Learning to forget", Neural Computation 12 (2000) 2451–2471. Cho et al., "Learning phrase
representations using RNN encoder–decoder for statistical machine translation", EMNLP 2014.

.. math:: \text{Elman:}\quad & h_t = \tanh(W x_t + b + U h_{t-1} + d) \\
          \text{LSTM:}\quad & c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad
                              h_t = o_t \odot \tanh c_t \\
          \text{GRU:}\quad & h_t = z_t \odot h_{t-1} + (1 - z_t) \odot
              \tanh\big(W_n x_t + b_n + r_t \odot (U_n h_{t-1} + d_n)\big)

Gates i, f, o, r and z are :math:`\sigma(W x_t + b + U h_{t-1} + d)` with weights of their own, and
g the same with tanh. The bias d beside b is redundant but in the GRU; both are kept, as in torch,
whose names and layout the parameters have, so that a `state_dict` moves between the two.

Shapes: x (batch, time, inputs), h and c (batch, units), W (gates · units, inputs),
U (gates · units, units). A state is a tuple: (h,), or (h, c) in the LSTM. Its last part is the
memory m, what a step hands on to the next one most directly.
"""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

State = tuple[Tensor, ...]
Kind = Literal["rnn", "lstm", "gru"]
LAYERS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class Cell(nn.Module):
    """What the three cells share: their parameters, and how a state begins.

    Parameters
    ----------
    inputs, units
        Sizes of x and of h.
    forget_bias
        What the bias of the LSTM's forget gate begins with; the others begin with 0.
    generator
        Source of the weights, see `initialise`.
    dtype
        Of the parameters.

    Raises
    ------
    ValueError
        If a size is below 1.
    """

    gates = 1  # blocks of rows in W and U
    parts = 1  # tensors in a state

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        forget_bias: float = 1.0,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if inputs < 1 or units < 1:
            raise ValueError(f"inputs and units must be at least 1, got {inputs} and {units}")
        self.inputs, self.units = inputs, units
        rows = self.gates * units
        self.weight_ih = nn.Parameter(torch.empty(rows, inputs, dtype=dtype))
        self.weight_hh = nn.Parameter(torch.empty(rows, units, dtype=dtype))
        self.bias_ih = nn.Parameter(torch.empty(rows, dtype=dtype))
        self.bias_hh = nn.Parameter(torch.empty(rows, dtype=dtype))
        parameters = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        initialise(*parameters, forget_bias=forget_bias, generator=generator)

    def start(self, batch: int) -> State:
        """Return a state of zeros."""
        return (self.weight_hh.new_zeros(batch, self.units),) * self.parts

    def summed(self, x: Tensor, h: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return W x + b and U h + d, each cut into gates of shape (batch, units)."""
        inward = x @ self.weight_ih.T + self.bias_ih
        recurrent = h @ self.weight_hh.T + self.bias_hh
        return inward.chunk(self.gates, 1), recurrent.chunk(self.gates, 1)

    def forward(self, x: Float[Tensor, "batch inputs"], state: State) -> State:
        """Return the state after one more input."""
        raise NotImplementedError


class ElmanCell(Cell):
    """One layer that sees its own last activity.

    Parameters
    ----------
    inputs, units, generator, dtype
        As in `Cell`.
    activation
        Applied to the sum; ``torch.nn.Identity()`` makes the network linear.

    Examples
    --------
    >>> cell = ElmanCell(2, 3)
    >>> (h,) = cell(torch.zeros(5, 2), cell.start(5))
    >>> h.shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(inputs, units, generator=generator, dtype=dtype)
        self.activation = activation

    def forward(self, x: Float[Tensor, "batch inputs"], state: State) -> State:
        """Return (h,) after one more input."""
        (inward,), (recurrent,) = self.summed(x, state[0])
        return (self.activation(inward + recurrent),)


class LSTMCell(Cell):
    """A memory that is kept by multiplication with a gate, not by weights.

    Parameters
    ----------
    inputs, units, forget_bias, generator, dtype
        As in `Cell`.

    Examples
    --------
    >>> cell = LSTMCell(2, 3)
    >>> h, c = cell(torch.zeros(5, 2), cell.start(5))
    >>> c.shape
    torch.Size([5, 3])
    """

    gates = 4
    parts = 2

    def activities(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return i, f, g and o, each (batch, units)."""
        i, f, g, o = (a + b for a, b in zip(*self.summed(x, h), strict=True))
        return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()

    def forward(self, x: Float[Tensor, "batch inputs"], state: State) -> State:
        """Return (h, c) after one more input."""
        h, c = state
        i, f, g, o = self.activities(x, h)
        c = f * c + i * g
        return o * c.tanh(), c


class GRUCell(Cell):
    """A state that moves from its last value to a proposed one as far as a gate lets it.

    Parameters
    ----------
    inputs, units, generator, dtype
        As in `Cell`; there is no forget gate.

    Examples
    --------
    >>> cell = GRUCell(2, 3)
    >>> (h,) = cell(torch.zeros(5, 2), cell.start(5))
    >>> h.shape
    torch.Size([5, 3])
    """

    gates = 3

    def forward(self, x: Float[Tensor, "batch inputs"], state: State) -> State:
        """Return (h,) after one more input."""
        (h,) = state
        (r, z, n), (r_h, z_h, n_h) = self.summed(x, h)
        reset, keep = (r + r_h).sigmoid(), (z + z_h).sigmoid()
        return (keep * h + (1 - keep) * (n + reset * n_h).tanh(),)


CELLS: dict[str, type[Cell]] = {"rnn": ElmanCell, "lstm": LSTMCell, "gru": GRUCell}


@torch.no_grad()
def initialise(
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor,
    bias_hh: Tensor,
    *,
    forget_bias: float = 1.0,
    generator: torch.Generator | None = None,
) -> None:
    """Draw first parameters in place: each gate's U orthogonal, W uniform, biases zero.

    Orthogonal matrices keep lengths (Saxe, McClelland and Ganguli 2014); a forget gate that begins
    half open would halve the memory at each step (Gers et al. 2000; Jozefowicz et al. 2015).

    Parameters
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh
        As in `Cell`.
    forget_bias
        For the second of four gates; without effect where there are fewer.
    generator
        Source of the weights, on the CPU.
    """
    rows, units = weight_hh.shape
    spread = units**-0.5
    weight_ih.copy_(spread * (2 * torch.rand(weight_ih.shape, generator=generator) - 1))
    for block in weight_hh.split(units):
        drawn = torch.empty(units, units, dtype=torch.float64)
        block.copy_(nn.init.orthogonal_(drawn, generator=generator))
    bias_ih.zero_()
    bias_hh.zero_()
    if rows == 4 * units:
        bias_hh[units : 2 * units] = forget_bias


class RecurrentNet(nn.Module):
    """One recurrent layer, and a linear map of its last h (or of every h).

    The layer runs torch's fused kernels; `cell` gives the same layer step by step.

    Parameters
    ----------
    inputs, units, outputs
        Sizes of x, of h and of the answer.
    kind
        ``"rnn"``, ``"lstm"`` or ``"gru"``.
    forget_bias
        As in `Cell`.
    generator
        Source of the weights, on the CPU.

    Raises
    ------
    ValueError
        If a size is below 1, or the kind is unknown.

    Examples
    --------
    >>> model = RecurrentNet(2, 8, 1, kind="lstm")
    >>> x = torch.rand(5, 30, 2)
    >>> model(x).shape, model.sequence(x).shape
    (torch.Size([5, 1]), torch.Size([5, 30, 1]))

    A sequence in two parts gives the same:

    >>> _, state = model.run(x[:, :10])
    >>> torch.allclose(model(x[:, 10:], state), model(x), atol=1e-6)
    True
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        outputs: int,
        *,
        kind: Kind = "lstm",
        forget_bias: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if min(inputs, units, outputs) < 1:
            raise ValueError(f"sizes must be at least 1, got {inputs}, {units} and {outputs}")
        if kind not in LAYERS:
            raise ValueError(f"kind must be one of {', '.join(LAYERS)}, got {kind!r}")
        self.kind = kind
        self.layer = LAYERS[kind](inputs, units, batch_first=True)
        self.out = nn.Linear(units, outputs)
        initialise(*self._parts(), forget_bias=forget_bias, generator=generator)
        with torch.no_grad():
            drawn = 2 * torch.rand(outputs, units, generator=generator) - 1
            self.out.weight.copy_(drawn * units**-0.5)
            self.out.bias.zero_()

    def _parts(self) -> list[nn.Parameter]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self.layer, f"{name}_l0") for name in names]

    def cell(self) -> Cell:
        """Return the layer as a cell that shares its parameters."""
        cell = CELLS[self.kind](self.layer.input_size, self.layer.hidden_size)
        cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh = self._parts()
        return cell

    def run(
        self, x: Float[Tensor, "batch time inputs"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch time units"], State]:
        """Return every h, and the state after the last input.

        Parameters
        ----------
        x
            Sequences.
        state
            Where to go on from; zero unless given.
        """
        before = None
        if state is not None:
            parts = tuple(part[None] for part in state)
            before = parts if self.kind == "lstm" else parts[0]
        h, after = self.layer(x, before)
        return h, tuple(part[0] for part in (after if self.kind == "lstm" else (after,)))

    def sequence(
        self, x: Float[Tensor, "batch time inputs"], state: State | None = None
    ) -> Float[Tensor, "batch time outputs"]:
        """Return the answer after each input."""
        return self.out(self.run(x, state)[0])

    def forward(
        self, x: Float[Tensor, "batch time inputs"], state: State | None = None
    ) -> Float[Tensor, "batch outputs"]:
        """Return the answer after the last input."""
        return self.out(self.run(x, state)[0][:, -1])
