r"""The multilayer perceptron, with its backward pass written out.

Paper: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors",
Nature 323 (1986) 533–536.

.. math:: a_0 = x, \qquad a_l = f_l(W_l\, a_{l-1} + b_l), \qquad y = a_L

.. math:: \delta_L = \frac{\partial E}{\partial y} \odot f_L'(z_L), \qquad
          \delta_{l-1} = (W_l^\top \delta_l) \odot f_{l-1}'(z_{l-1}), \qquad
          \frac{\partial E}{\partial W_l} = \delta_l\, a_{l-1}^\top, \quad
          \frac{\partial E}{\partial b_l} = \delta_l

Shapes: x (batch, features), W_l (out, in), b_l (out,), y (batch, classes). With ``nets = n``
every weight has a leading axis n and so has y: n networks learn side by side, each as if it
were alone, at little more than the cost of one.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

Activation = Literal["linear", "sigmoid", "tanh", "relu"]

# Each function, and its derivative written in terms of its own output.
ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "linear": (lambda z: z, torch.ones_like),
    "sigmoid": (torch.sigmoid, lambda a: a * (1 - a)),
    "tanh": (torch.tanh, lambda a: 1 - a * a),
    "relu": (torch.relu, lambda a: (a > 0).to(a.dtype)),
}

Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class Pass(NamedTuple):
    """What one forward and backward pass gives.

    Attributes
    ----------
    loss
        One value a net, (*nets,).
    output
        What the network said, (*nets, batch, classes).
    gradients
        One tensor a parameter, with the names and in the order of `named_parameters`.
    """

    loss: Tensor
    output: Tensor
    gradients: dict[str, Tensor]


class MLP(nn.Module):
    """Fully connected layers with one nonlinearity between them.

    Parameters
    ----------
    sizes
        Units of each layer, from the inputs to the outputs; at least two.
    activation
        Nonlinearity of the hidden layers.
    output
        Nonlinearity of the last layer.
    nets
        Number of independent networks, or None for one without a leading axis.
    spread
        Initial weights and biases are uniform in ±spread; None takes 1/√inputs of each layer.
    generator
        Source of the initial weights; None takes torch's global one.
    dtype
        Type of the weights.

    Raises
    ------
    ValueError
        If a size, the number of nets or an activation is none.

    Examples
    --------
    >>> model = MLP([784, 300, 10])
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    >>> made = model.backpropagate(torch.zeros(2, 784), torch.tensor([3, 4]), cross_entropy)
    >>> made.gradients["weights.1"].shape
    torch.Size([10, 300])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: Activation = "relu",
        output: Activation = "linear",
        nets: int | None = None,
        spread: float | None = None,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must be two or more positive numbers, got {list(sizes)}")
        if nets is not None and nets < 1:
            raise ValueError(f"nets must be at least 1 or None, got {nets}")
        for name in (activation, output):
            if name not in ACTIVATIONS:
                raise ValueError(f"activation must be one of {list(ACTIVATIONS)}, got {name!r}")
        self.functions = [activation] * (len(sizes) - 2) + [output]
        lead = () if nets is None else (nets,)

        def draw(fan_in: int, *shape: int) -> nn.Parameter:
            limit = 1 / math.sqrt(fan_in) if spread is None else spread
            uniform = torch.rand(*lead, *shape, generator=generator, dtype=dtype)
            return nn.Parameter(limit * (2 * uniform - 1))

        pairs = list(itertools.pairwise(sizes))
        self.weights = nn.ParameterList(draw(i, o, i) for i, o in pairs)
        self.biases = nn.ParameterList(draw(i, o) for i, o in pairs)

    def forward(self, x: Float[Tensor, " batch *features"]) -> Float[Tensor, "*nets batch classes"]:
        """Return the outputs, (*nets, batch, classes); images are flattened."""
        return self.activities(x)[-1]

    def activities(self, x: Float[Tensor, " batch *features"]) -> list[Tensor]:
        """Return what every layer says, inputs first, each (*nets, batch, units)."""
        flat = x.flatten(1)
        inputs = self.weights[0].shape[-1]
        if flat.shape[1] != inputs:
            raise ValueError(f"x must have {inputs} features a sample, got {tuple(x.shape)}")
        layers = [flat]
        for W, b, name in zip(self.weights, self.biases, self.functions, strict=True):
            f, _ = ACTIVATIONS[name]
            layers.append(f(layers[-1] @ W.mT + b.unsqueeze(-2)))
        return layers

    @torch.no_grad()
    def backpropagate(
        self, x: Float[Tensor, " batch *features"], target: Tensor, loss: Loss
    ) -> Pass:
        """Return the loss and its gradient by every parameter, without autograd.

        Parameters
        ----------
        x
            Inputs, (batch, ...).
        target
            What `loss` expects beside the outputs.
        loss
            Returns the loss and its derivative by the outputs: `squared_error` or
            `cross_entropy`.
        """
        layers = self.activities(x)
        value, slope = loss(layers[-1], target)
        gradients: dict[str, Tensor] = {}
        for i in reversed(range(len(self.weights))):
            _, derivative = ACTIVATIONS[self.functions[i]]
            delta = slope * derivative(layers[i + 1])
            gradients[f"weights.{i}"] = delta.mT @ layers[i]
            gradients[f"biases.{i}"] = delta.sum(-2)
            slope = delta @ self.weights[i]
        ordered = {name: gradients[name] for name, _ in self.named_parameters()}
        return Pass(value, layers[-1], ordered)


def squared_error(
    y: Float[Tensor, "*nets batch classes"], target: Float[Tensor, "batch classes"]
) -> tuple[Float[Tensor, "*nets"], Float[Tensor, "*nets batch classes"]]:
    """Return E = ½ Σ (y − d)², summed over batch and outputs, and dE/dy (eq. 3 of the paper).

    Examples
    --------
    >>> value, slope = squared_error(torch.tensor([[3.0]]), torch.tensor([[1.0]]))
    >>> value.item(), slope.item()
    (2.0, 2.0)
    """
    difference = y - target
    return difference.square().sum((-2, -1)) / 2, difference


def cross_entropy(
    y: Float[Tensor, "*nets batch classes"], target: Int[Tensor, " batch"]
) -> tuple[Float[Tensor, "*nets"], Float[Tensor, "*nets batch classes"]]:
    """Return the mean of −log softmax(y)[target] over the batch, and its derivative by y.

    Examples
    --------
    >>> value, slope = cross_entropy(torch.zeros(1, 2), torch.tensor([0]))
    >>> round(value.item(), 4), slope.tolist()
    (0.6931, [[-0.5, 0.5]])
    """
    logs = y.log_softmax(-1)
    wanted = nn.functional.one_hot(target, y.shape[-1]).to(y.dtype)
    return -(wanted * logs).sum(-1).mean(-1), (logs.exp() - wanted) / len(target)
