"""Neurons step by step in plain torch: the reference, and the way on devices without a kernel."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

State = TypeVar("State", bound=tuple)
Step = Callable[[Tensor, State, Any], tuple[Tensor, State]]


def unroll(
    step: Step[State], x: Float[Tensor, "time batch *neurons"], state: State, parameters: object
) -> tuple[Float[Tensor, "time batch *neurons"], State]:
    """Apply a step to each time in turn.

    Parameters
    ----------
    step
        ``step(x, state, parameters)`` returns an output and the next state, a NamedTuple of
        tensors; a part that a neuron lacks is None.
    x
        Input.
    state
        Before the first step.
    parameters
        Handed to each step as they are.

    Returns
    -------
    Tensor, State
        Outputs, and the state after every step, each part (time, batch, *neurons).

    Examples
    --------
    >>> from typing import NamedTuple
    >>> class Sum(NamedTuple):
    ...     v: Tensor
    >>> def step(x, state, parameters):
    ...     v = state.v + x
    ...     return v, Sum(v)
    >>> unroll(step, torch.ones(3, 1, 1), Sum(torch.zeros(1, 1)), None)[0].flatten()
    tensor([1., 2., 3.])
    """
    if len(x) == 0:
        raise ValueError(f"expected at least one time step, got shape {tuple(x.shape)}")
    outputs, states = [], []
    for row in x.unbind(0):  # x[t] of a tensor with a gradient would make its backward quadratic
        output, state = step(row, state, parameters)
        outputs.append(output)
        states.append(state)
    columns = zip(*states, strict=True)
    every: list[Any] = [None if column[0] is None else torch.stack(column) for column in columns]
    return torch.stack(outputs), type(state)(*every)
