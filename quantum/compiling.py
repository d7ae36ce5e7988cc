"""A QNode traced once into a module of torch, which calls no PennyLane afterwards."""

import math
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy as np
import pennylane as qml
import torch
from torch import Tensor, nn

from quantum.errors import InputError, QuantumError, UnsupportedError
from quantum.simulation.outcomes import marginals
from quantum.simulation.plain import run_plainly
from quantum.simulation.run import require_numbers, run
from quantum.tracing import Trace, trace

Shape = tuple[int, ...]


def compile(  # noqa: A001  # the name that torch has for it
    qnode: Callable[..., Any],
    weights: Mapping[str, Shape] | None = None,
    *,
    wires: Any = None,
    init: Mapping[str, Callable[[Tensor], Any]] | None = None,
    shots: int | None = None,
    seed: int | None = None,
) -> "CompiledCircuit":
    """Return a QNode, or a function that applies operations and returns measurements, as a module.

    The circuit is traced at the first call with inputs of a shape, for one sample; the module takes
    batches. It is never run by PennyLane.

    Parameters
    ----------
    qnode
        The circuit.
    weights
        Arguments of the circuit that are learned, with their shapes. All others are inputs, in
        their order: each input of the module has the batch as its first axis.
    wires
        Labels of wires in their order; those of the QNode's device, or those that the circuit uses.
    init
        How weights begin: functions that fill a tensor in place, as in ``torch.nn.init``; uniform
        from 0 to 2π unless given.
    shots
        Measurements of each sample, of each group of words that are measured together; exact values
        unless given, or the QNode has shots. Gradients are then by parameter shift, with as many.
    seed
        Of the generator of outcomes.

    Returns
    -------
    CompiledCircuit
        With outputs (batch, measurements), or (batch, 2^wires) for probabilities or a state.

    Raises
    ------
    QuantumError
        For weights that are no arguments of the circuit, or no shots.

    Examples
    --------
    >>> def circuit(x, w):
    ...     qml.RY(x[0], wires=0)
    ...     qml.RX(w[0] * x[1], wires=0)
    ...     return qml.expval(qml.Z(0))
    >>> module = compile(circuit, weights={"w": (1,)})
    >>> module(torch.zeros(5, 2)).tolist()
    [[1.0], [1.0], [1.0], [1.0], [1.0]]
    """
    return CompiledCircuit(
        qnode, weights or {}, wires=wires, init=init or {}, shots=shots, seed=seed
    )


class CompiledCircuit(nn.Module):
    """What `compile` returns."""

    def __init__(
        self,
        qnode: Callable[..., Any],
        weights: Mapping[str, Shape],
        *,
        wires: Any,
        init: Mapping[str, Callable[[Tensor], Any]],
        shots: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        own = qnode.shots.total_shots if isinstance(qnode, qml.QNode) else None
        self.shots = own if shots is None else shots
        if self.shots is not None and self.shots < 1:
            raise QuantumError(f"shots must be positive, got {self.shots}")
        self.generator = np.random.default_rng(seed)
        self.function = qnode.func if isinstance(qnode, qml.QNode) else qnode
        device = qnode.device.wires if isinstance(qnode, qml.QNode) else None
        self.labels = None if wires is None and device is None else qml.wires.Wires(
            range(wires) if isinstance(wires, int) else device if wires is None else wires
        )  # fmt: skip
        names = list(signature(self.function).parameters)
        unknown = [name for name in (*weights, *init) if name not in names]
        if unknown:
            raise QuantumError(
                f"{unknown[0]!r} is not an argument of the circuit: {', '.join(names)}"
            )
        self.inputs = tuple(name for name in names if name not in weights)
        for name, shape in weights.items():
            value = torch.empty(shape)
            fill = init.get(name, lambda w: nn.init.uniform_(w, 0, 2 * torch.pi))
            with torch.no_grad():
                fill(value)
            self.register_parameter(name, nn.Parameter(value))
        self.names = tuple(weights)
        self._traces: dict[tuple[Shape, ...], Trace] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return what is saved: all but traces, which are made anew."""
        return {**super().__getstate__(), "_traces": {}}

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return measurements of each sample.

        Parameters
        ----------
        inputs
            (batch, ...) each.

        Raises
        ------
        InputError
            If they are too few or too many, differ in batch, or hold NaN.
        """
        if len(inputs) != len(self.inputs):
            wanted = ", ".join(self.inputs) or "none"
            raise InputError(f"expected {len(self.inputs)} inputs ({wanted}), got {len(inputs)}")
        if not inputs:
            raise InputError("a circuit without inputs has no batch; give it one")
        batch = {len(x) if x.ndim else -1 for x in inputs}
        if len(batch) > 1 or -1 in batch:
            shapes = ", ".join(str(tuple(x.shape)) for x in inputs)
            raise InputError(f"expected inputs with the batch as their first axis, got {shapes}")
        found = self._trace(tuple(tuple(x.shape[1:]) for x in inputs))
        own = [getattr(self, name) for name in self.names]
        dtype = inputs[0].dtype if inputs[0].is_floating_point() else torch.get_default_dtype()
        shared = [w if w.ndim == 1 else w.reshape(-1) for w in own]
        batched = [x if x.ndim == 2 else x.reshape(len(x), math.prod(x.shape[1:])) for x in inputs]
        for part, of_inputs in zip(found.computed, (False, True), strict=True):
            if part is None:
                continue
            if of_inputs:
                dims = (*[None] * len(own), *[0] * len(inputs))
                batched.append(torch.func.vmap(part, in_dims=dims)(*own, *inputs))
            else:
                shared.append(part(*own))
        together = torch.cat(shared) if len(shared) > 1 else shared[0] if shared else None
        parameters = inputs[0].new_zeros(0, dtype=dtype) if together is None else together
        features = torch.cat(batched, 1) if len(batched) > 1 else batched[0]
        initial = None
        if found.initial is not None:
            dims = (*[None] * len(own), *[0] * len(inputs))
            initial = torch.func.vmap(found.initial, in_dims=dims)(*own, *inputs)[:, 0]
        return self._measured(found, parameters.to(dtype), features.to(dtype), initial)

    def _measured(
        self, found: Trace, shared: Tensor, batched: Tensor, initial: Tensor | None
    ) -> Tensor:
        wanted = found.kind != "expval"
        if self.shots is not None:
            if found.kind == "state":
                raise UnsupportedError("shots measure no state; leave them out, or return probs")
            values = found.sampler(shared, batched, initial, self.shots, self.generator)
            return marginals(values, found.wires) if wanted else _of_words(values, found)
        if batched.device.type == "cpu":
            values, states = run(found.plan, shared, batched, initial, states=wanted)
        else:
            values, states = run_plainly(found.circuit, shared, batched, initial)
        if states is None or not wanted:
            return _of_words(values, found)
        require_numbers(states.real)
        if found.kind == "state":
            return states
        return marginals(states.real**2 + states.imag**2, found.wires)

    def _trace(self, shapes: tuple[Shape, ...]) -> Trace:
        if shapes not in self._traces:
            weights = {name: getattr(self, name) for name in self.names}
            inputs = dict(zip(self.inputs, shapes, strict=True))
            self._traces[shapes] = trace(self.function, weights, inputs, self.labels)
        return self._traces[shapes]


def _of_words(values: Tensor, found: Trace) -> Tensor:
    """Return outputs, (batch, outputs), by values of words."""
    require_numbers(values)
    return values if found.weights is None else values @ found.weights.to(values)
