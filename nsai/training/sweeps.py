r"""The learning procedure of 1986: sweeps through all patterns, with momentum.

Paper: Rumelhart, Hinton and Williams, Nature 323 (1986), equation 9:

.. math:: \Delta w(t) = -\varepsilon\, \frac{\partial E}{\partial w(t)} + \alpha\, \Delta w(t-1)

The gradients come from the model's own backward pass; autograd is not involved.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from nsai.models.mlp import MLP, Loss, squared_error


@dataclass(frozen=True)
class Descent:
    """What a number of sweeps did.

    Attributes
    ----------
    loss
        The error before each sweep, (sweeps, *nets).
    right
        Whether every output then lay on the right side of ½, (sweeps, *nets).
    """

    loss: Float[Tensor, " sweeps *nets"]
    right: Bool[Tensor, " sweeps *nets"]

    @property
    def solved(self) -> Bool[Tensor, "*nets"]:
        """Whether all patterns were right before the last sweep, (*nets,)."""
        return self.right[-1]

    @property
    def sweeps_needed(self) -> Int[Tensor, "*nets"]:
        """Sweeps until all patterns were right for the first time; all of them if never."""
        never = ~self.right.any(0)
        return torch.where(never, len(self.right), self.right.int().argmax(0))


@torch.no_grad()
def sweep(
    model: MLP,
    x: Float[Tensor, "patterns features"],
    target: Tensor,
    *,
    sweeps: int,
    rate: float,
    momentum: float,
    loss: Loss = squared_error,
) -> Descent:
    """Train a model in place by full sweeps.

    Parameters
    ----------
    model
        One network, or several side by side.
    x
        All patterns, (patterns, features).
    target
        Their wanted outputs, for `squared_error` (patterns, outputs).
    sweeps
        Number of updates.
    rate, momentum
        ε and α of the equation.
    loss
        As in `MLP.backpropagate`.

    Returns
    -------
    Descent
        Error and success before every sweep.

    Examples
    --------
    >>> x = torch.tensor([[0.0], [1.0]])
    >>> model = MLP([1, 1], output="sigmoid", generator=torch.Generator().manual_seed(0))
    >>> bool(sweep(model, x, x, sweeps=200, rate=1.0, momentum=0.9).solved)
    True
    """
    if sweeps < 1:
        raise ValueError(f"sweeps must be at least 1, got {sweeps}")
    step = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    losses, right = [], []
    for _ in range(sweeps):
        value, output, gradients = model.backpropagate(x, target, loss)
        losses.append(value)
        right.append(((output > 0.5) == (target > 0.5)).flatten(-2).all(-1))
        for name, parameter in model.named_parameters():
            step[name].mul_(momentum).sub_(gradients[name], alpha=rate)
            parameter.add_(step[name])
    return Descent(torch.stack(losses), torch.stack(right))
