"""Parameters of layers as arrays of nodes, bit by bit, and what NIR has no word for.

A node has one number for each neuron. Where a layer shares numbers between neurons, their shape is
noted, so that they are shared again. Such notes are in the metadata of a node under `KEY`; other
tools leave them alone.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from spiking.exchange.errors import ExchangeError

KEY = "spiking"
Shape = tuple[int, ...]


def as_array(value: Tensor) -> np.ndarray:
    """Return a copy of a tensor as an array of the same type."""
    if value.dtype == torch.bfloat16:
        raise ExchangeError("files of NIR have no bfloat16; convert the network first")
    return value.detach().cpu().numpy().copy()


def as_tensor(value: object) -> Tensor:
    """Return a copy of an array as a tensor of the same type; whole numbers as float64.

    Graphs that were never in a file may hold tensors.
    """
    array = as_array(value) if isinstance(value, Tensor) else np.array(value)
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    return torch.from_numpy(array)


def fits(value: Tensor, shape: Shape) -> bool:
    """Return whether a tensor has one number, or shared ones, for each place of a shape."""
    try:
        return torch.broadcast_shapes(value.shape, shape) == shape
    except RuntimeError:
        return False


def shape_of(kind: object) -> Shape | None:
    """Return a shape as NIR gives it, None if it is open."""
    if isinstance(kind, dict):
        (kind,) = kind.values() if len(kind) == 1 else (None,)
    return None if kind is None else tuple(int(n) for n in np.atleast_1d(np.array(kind)))


class Spread:
    """Arrays of a shape from tensors that fit it.

    Parameters
    ----------
    neurons
        The shape.

    Attributes
    ----------
    shapes
        Shapes of those tensors that have another one, as text, by name.
    """

    def __init__(self, neurons: Shape) -> None:
        self.neurons = neurons
        self.shapes: dict[str, str] = {}

    def __call__(self, name: str, value: Tensor) -> np.ndarray:
        """Return a number for each neuron."""
        if value.shape != self.neurons:
            self.shapes[name] = " ".join(map(str, value.shape))
        return np.broadcast_to(as_array(value), self.neurons).copy()

    def fill(self, value: float) -> np.ndarray:
        """Return the same number for all neurons, one that no layer has."""
        return np.full(self.neurons, value)


def notes(**values: Any) -> dict[str, Any]:
    """Return metadata that hold what is not None, False or an empty group."""
    groups = {k: v for k, v in values.items() if not isinstance(v, dict) or v}
    kept = {k: v for k, v in groups.items() if v is not None and v is not False}
    return {KEY: kept} if kept else {}


class Notes(NamedTuple):
    """What we have noted in a node, or nothing.

    Attributes
    ----------
    values
        By name.
    """

    values: dict[str, Any]

    @classmethod
    def of(cls, node: Any) -> "Notes":
        """Return the notes of a node."""
        values = (node.metadata or {}).get(KEY, {})
        if not isinstance(values, dict):
            raise ExchangeError(f"metadata {KEY!r} must be a group, got {type(values).__name__}")
        return cls(values)

    def text(self, name: str, known: Iterable[str], default: str | None = None) -> str | None:
        """Return a word of those known."""
        value = self.values.get(name, default)
        if value is not None and value not in known:
            raise ExchangeError(f"metadata {name} must be one of {', '.join(known)}, got {value!r}")
        return value

    def gather(self, name: str, value: object, neurons: Shape) -> Tensor:
        """Return the numbers of a parameter, shared as they were."""
        array = as_tensor(value)
        if array.shape != neurons and array.numel() == 1:
            return array.reshape(())  # of a tool that shares one number between all neurons
        text = self.values.get("shapes", {}).get(name)
        if text is None:
            return array
        shape = tuple(map(int, text.split()))
        missing = array.dim() - len(shape)
        index = [0] * missing + [slice(None) if n > 1 else slice(0, 1) for n in shape]
        own = array[tuple(index)] if array.dim() else array
        same = own.shape == shape and bool((own.expand(array.shape) == array).all())
        return own.clone() if same else array
