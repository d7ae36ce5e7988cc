"""Neurons whose spikes come back to them a step later."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spiking.neurons.neuron import Neuron, Record, Temporal
from spiking.operations.arrays import has_kernel
from spiking.operations.integration import Feedback


class Recurrent(Temporal):
    r"""Neurons that hear their own spikes of the step before, :math:`x_t + W s_{t-1} + b`.

    For `LIF`, `CubaLIF` and `AdaptiveLIF` in one row, with a linear connection, on a CPU, all time
    steps are one operation that only adds up the weights of neurons that have fired; others go
    step by step.

    Parameters
    ----------
    neuron
        A layer of neurons that spike.
    connection
        Takes the spikes of a step, (batch, *neurons), and returns a part of the input of the next;
        by default linear, from each neuron to each, without a bias.

    Attributes
    ----------
    neuron, connection
        As given.

    Raises
    ------
    ValueError
        If the connection does not fit the neurons, or none is given for neurons in more than one
        dimension.

    Examples
    --------
    A spike that goes round a ring of three neurons:

    >>> from spiking import LIF
    >>> ring = nn.Linear(3, 3, bias=False)
    >>> _ = ring.weight.data.copy_(2 * torch.eye(3).roll(1, 0))
    >>> x = torch.zeros(4, 1, 3)
    >>> x[0, 0, 0] = 2.0
    >>> spikes, record = Recurrent(LIF(3, tau_mem=1e-3, reset="zero"), ring)(x)
    >>> spikes[:, 0].int().tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]

    The last part of the state are the spikes that come back:

    >>> record.state[-1].int().tolist()
    [[1, 0, 0]]
    """

    def __init__(self, neuron: Temporal, connection: nn.Module | None = None) -> None:
        super().__init__()
        shape = neuron.neurons if isinstance(neuron, Neuron) else None
        if connection is None:
            if shape is None or len(shape) != 1:
                raise ValueError(
                    f"expected neurons in one dimension, got {shape}; for others give a connection"
                )
            connection = nn.Linear(*shape, *shape, bias=False)
        if isinstance(connection, nn.Linear) and shape is not None:
            found = (connection.in_features, connection.out_features)
            if found != 2 * shape[-1:]:
                raise ValueError(
                    f"expected a connection from {shape[-1]} to {shape[-1]} neurons, got one from "
                    f"{found[0]} to {found[1]}"
                )
        self.neuron, self.connection = neuron, connection

    def forward(
        self, x: Float[Tensor, "time batch *neurons"], state: tuple[Tensor, ...] | None = None
    ) -> tuple[Float[Tensor, "time batch *neurons"], Record]:
        """Return spikes, and a record; see `spiking.neurons.neuron.Neuron`.

        Parameters
        ----------
        x
            Input at each step, without what comes back.
        state
            State of a record, to go on from; at rest unless given, without spikes.

        Raises
        ------
        ValueError
            If a shape is wrong, something is NaN, or the neurons do not spike.
        """
        if isinstance(self.neuron, Neuron):
            self.neuron.require_input(x)
        fired = torch.zeros_like(x[0]) if state is None else state[-1].to(x.dtype)
        if fired.shape != x.shape[1:]:
            raise ValueError(
                f"expected spikes of the step before for the batch of the input, "
                f"{tuple(x.shape[1:])}, as the last part of the state, got {tuple(fired.shape)}"
            )
        before = None if state is None else tuple(state[:-1])
        neuron, linear = self.neuron, self.connection
        if isinstance(neuron, Neuron) and type(linear) is nn.Linear and self._has_kernel(x):
            x = x if linear.bias is None else x + linear.bias
            spikes, record = neuron.run(x, before, Feedback(linear.weight, fired))
        else:
            spikes, record = self._step_by_step(x, before, fired)
        return spikes, record._replace(state=(*record.state, spikes[-1]))

    def _has_kernel(self, x: Tensor) -> bool:
        neuron = self.neuron
        fits = isinstance(neuron, Neuron) and neuron.takes_feedback and len(neuron.neurons) == 1
        return fits and has_kernel(x) and self.connection.weight.dtype == x.dtype

    def _step_by_step(
        self, x: Tensor, state: tuple[Tensor, ...] | None, fired: Tensor
    ) -> tuple[Tensor, Record]:
        voltages, spikes = [], []
        for row in x.unbind(0):
            heard = (row + self.connection(fired)).unsqueeze(0)
            output, record = self.neuron(heard, state)
            if record.spikes is None:
                name = type(self.neuron).__name__
                raise ValueError(f"expected neurons that spike, got {name}")
            fired, state = output[0], record.state
            spikes.append(output)
            voltages.append(record.voltage)
        out = torch.cat(spikes)
        return out, Record(out, torch.cat(voltages), record.state)
