"""What a training run measured, and its best."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn


@dataclass
class History:
    """What a training run measured.

    Attributes
    ----------
    loss
        The training loss at every step.
    evaluations
        Pairs of step (counted from 1) and what `evaluate` returned then.
    """

    loss: list[float] = field(default_factory=list)
    evaluations: list[tuple[int, Any]] = field(default_factory=list)


class Best:
    """The weights of the lowest evaluation, and how many have come since.

    Examples
    --------
    >>> best, model = Best(), nn.Linear(1, 1)
    >>> for value in (2.0, 1.0, 1.5):
    ...     best.see(value, model)
    >>> best.value, best.waited
    (1.0, 1)
    """

    def __init__(self) -> None:
        self.value, self.waited = float("inf"), 0
        self.weights: dict[str, Tensor] | None = None

    def see(self, value: float, model: nn.Module) -> None:
        """Take note of an evaluation."""
        if value < self.value:
            weights = {name: part.detach().clone() for name, part in model.state_dict().items()}
            self.value, self.waited, self.weights = value, 0, weights
        else:
            self.waited += 1
