"""Checkpoints that training goes on from, to the same weights."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from nsai.training.history import Best, History


@runtime_checkable
class Stateful(Protocol):
    """What has a state that can be kept: a module, an optimizer, batches."""

    def state_dict(self) -> Any:
        """Return the state."""

    def load_state_dict(self, state_dict: Any) -> Any:
        """Go back to a state."""


class Checkpoint:
    """A file with all that training goes on from.

    Parameters
    ----------
    path
        The file; a new one replaces it as a whole.
    parts
        What has a state: model, optimizer, schedule.
    batches
        Where the batches come from. If they have a state it is kept; else as many as were used are
        drawn and dropped.
    history, best
        What was measured.
    used
        Batches a step.
    """

    def __init__(
        self,
        path: Path,
        parts: Mapping[str, Stateful],
        batches: Iterator[Any],
        history: History,
        best: Best,
        *,
        used: int,
    ) -> None:
        self.path, self.parts, self.batches = path, dict(parts), batches
        self.history, self.best, self.used = history, best, used

    def save(self) -> None:
        """Write the file; one that was there stays until the new one is whole."""
        state = {
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "batches": self.batches.state_dict() if isinstance(self.batches, Stateful) else None,
            "loss": self.history.loss,
            "evaluations": self.history.evaluations,
            "best": vars(self.best),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        torch.save(state, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(self.path)

    def restore(self) -> bool:
        """Go back to what the file holds; return False if there is none."""
        if not self.path.exists():
            return False
        state = torch.load(self.path, weights_only=True, map_location="cpu")
        try:
            for name, part in self.parts.items():
                part.load_state_dict(state["parts"][name])
        except (KeyError, RuntimeError, ValueError) as error:
            text = f"the checkpoint {self.path} is of another training: {error}"
            raise ValueError(text) from error
        self.history.loss[:] = state["loss"]
        self.history.evaluations[:] = [(step, value) for step, value in state["evaluations"]]
        vars(self.best).update(state["best"])
        if isinstance(self.batches, Stateful):
            self.batches.load_state_dict(state["batches"])
        else:
            for _ in zip(range(len(state["loss"]) * self.used), self.batches, strict=False):
                pass
        torch.set_rng_state(state["random"])
        if state["random_cuda"]:
            torch.cuda.set_rng_state_all(state["random_cuda"])
        return True
