"""Long sequences in little memory: parts of the time are computed again on the way back."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten
from torch.utils.checkpoint import checkpoint

from spiking.neurons.neuron import Temporal


def checkpointed(
    network: Temporal,
    x: Float[Tensor, "time batch ..."],
    steps: int,
    state: Any = None,
) -> tuple[Float[Tensor, "time batch ..."], Any]:
    """Run a network part by part, and keep only the states in between for the backward pass.

    What a part needs for its gradient is computed again when the gradient has come back to it. So
    a training step holds the memory of one part and takes about a third longer; outputs and
    gradients are those of the network itself.

    Parameters
    ----------
    network
        A layer or network with a state.
    x
        Input at each step.
    steps
        Time steps of a part.
    state
        To begin with, as of a record; at rest unless given.

    Returns
    -------
    Tensor, state
        The network's output, and its state after the last step. There is no record: it would hold
        what is to be saved.

    Raises
    ------
    ValueError
        If a part has no step, or the network finds a fault.

    Examples
    --------
    >>> from spiking import LIF, Linear, Sequential
    >>> net, x = Sequential(Linear(3, 2), LIF(2)), torch.ones(100, 1, 3)
    >>> y, state = checkpointed(net, x, steps=10)
    >>> torch.equal(y, net(x)[0])
    True
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    outputs = []
    for part in x.split(steps):
        leaves, shape = tree_flatten(state)

        def run(part: Tensor, *leaves: Any, shape: Any = shape) -> tuple[Any, ...]:
            y, record = network(part, tree_unflatten(leaves, shape))
            after, run.shape = tree_flatten(record.state)  # type: ignore[attr-defined]
            return y, *after

        y, *after = checkpoint(run, part, *leaves, use_reentrant=False)
        state = tree_unflatten(after, run.shape)  # type: ignore[attr-defined]
        outputs.append(y)
    return torch.cat(outputs), state
