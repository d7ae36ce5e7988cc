r"""Muon: momentum whose matrix is made orthogonal before the step.

Paper: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.

.. math:: B \leftarrow \mu B + (1 - \mu)\, G, \qquad
          W \leftarrow W - \eta \sqrt{\max(1, m/n)}\; \mathrm{orth}((1 - \mu)\, G + \mu B)

for W of shape (m, n), where orth sets all singular values to about one. Every direction of a
weight matrix then learns at the same pace, also those that gradients rarely touch.
"""

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.adamw import adamw

# Jordan et al. 2024: a quintic that lifts small singular values fast and ends in [0.7, 1.2].
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(
    matrices: Float[Tensor, "*stack m n"], steps: int = 5
) -> Float[Tensor, "*stack m n"]:
    r"""Bring all singular values near one, keeping the singular vectors.

    .. math:: X \leftarrow a X + b\, X X^\top X + c\, (X X^\top)^2 X

    Parameters
    ----------
    matrices
        A stack of matrices of one shape.
    steps
        Iterations of the quintic.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> values = torch.linalg.svdvals(orthogonalise(torch.randn(4, 6, generator=g)))
    >>> bool((values > 0.6).all() and (values < 1.3).all())
    True
    """
    a, b, c = QUINTIC
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon for the hidden matrices and AdamW for everything else, in one optimizer.

    torch's own `torch.optim.Muon` computes in bfloat16, which a CPU without such units does ten
    times slower, and leaves the other parameters to a second optimizer.

    Parameters
    ----------
    hidden
        Weight matrices (out, in) between features; no embeddings, no output layer.
    others
        All other parameters.
    rate
        Step of the hidden matrices, per singular value.
    other_rate
        Step of AdamW.
    momentum
        μ of the equation above.
    betas
        Decay rates of AdamW's averages.
    weight_decay
        Decoupled decay of the hidden matrices; the others have none.

    Raises
    ------
    ValueError
        If a hidden parameter is no matrix.

    Examples
    --------
    >>> layer = nn.Linear(4, 4)
    >>> optimizer = Muon([layer.weight], [layer.bias], rate=0.02, other_rate=1e-3)
    >>> layer(torch.ones(1, 4)).sum().backward()
    >>> optimizer.step()
    """

    def __init__(
        self,
        hidden: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        *,
        rate: float,
        other_rate: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        matrices = list(hidden)
        for parameter in matrices:
            if parameter.ndim != 2:
                raise ValueError(f"hidden must hold matrices, got shape {tuple(parameter.shape)}")
        groups: list[dict[str, Any]] = [
            {"params": matrices, "lr": rate, "orthogonal": True},
            {"params": list(others), "lr": other_rate, "orthogonal": False},
        ]
        shared = {"momentum": momentum, "betas": betas, "weight_decay": weight_decay}
        super().__init__([group for group in groups if group["params"]], shared)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take one step; parameters without a gradient stay."""
        value = None
        if closure is not None:
            with torch.enable_grad():
                value = closure()
        for group in self.param_groups:
            given = [p for p in group["params"] if p.grad is not None]
            (self._orthogonal_step if group["orthogonal"] else self._adamw_step)(given, group)
        return value

    def _orthogonal_step(self, given: list[nn.Parameter], group: dict[str, Any]) -> None:
        shapes: dict[torch.Size, list[nn.Parameter]] = {}
        for parameter in given:
            shapes.setdefault(parameter.shape, []).append(parameter)
        for (m, n), parameters in shapes.items():
            looks_ahead = []
            for parameter in parameters:
                gradient = parameter.grad
                assert gradient is not None
                state = self.state[parameter]
                average = state.setdefault("average", torch.zeros_like(gradient))
                average.lerp_(gradient, 1 - group["momentum"])
                looks_ahead.append(gradient.lerp(average, group["momentum"]))
            scale = group["lr"] * max(1.0, m / n) ** 0.5
            turns = orthogonalise(torch.stack(looks_ahead))
            for parameter, turn in zip(parameters, turns, strict=True):
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(turn, alpha=-scale)

    def _adamw_step(self, given: list[nn.Parameter], group: dict[str, Any]) -> None:
        averages, squares, counts, gradients = [], [], [], []
        for parameter in given:
            assert parameter.grad is not None
            state = self.state[parameter]
            if not state:
                state["step"] = torch.zeros(())
                state["average"] = torch.zeros_like(parameter)
                state["square"] = torch.zeros_like(parameter)
            gradients.append(parameter.grad)
            averages.append(state["average"])
            squares.append(state["square"])
            counts.append(state["step"])
        beta1, beta2 = group["betas"]
        adamw(
            list(given),
            gradients,
            averages,
            squares,
            [],
            counts,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"],
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )
