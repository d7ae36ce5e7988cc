"""A QNode traced once into a module of torch, which calls no PennyLane afterwards."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any

import numpy as np
import pennylane as qml
import torch
from torch import Tensor, fx, nn
from torch.fx.experimental.proxy_tensor import make_fx

from quantum.errors import InputError, QuantumError, UnsupportedError
from quantum.simulation.affine import Affine, affine_outputs
from quantum.simulation.instructions import (
    Angle,
    Circuit,
    Instruction,
    PauliRotation,
    Phase,
    Rotation,
    Word,
)
from quantum.simulation.plain import run_plainly
from quantum.simulation.run import run
from quantum.simulation.schedule import Schedule, schedule
from quantum.simulation.translate import beginning_of, instructions_of, words_and_weights

Shape = tuple[int, ...]


def compile(  # noqa: A001  # the name that torch has for it
    qnode: Callable[..., Any],
    weights: Mapping[str, Shape] | None = None,
    *,
    wires: Any = None,
    init: Mapping[str, Callable[[Tensor], Any]] | None = None,
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

    Returns
    -------
    CompiledCircuit
        With outputs (batch, measurements), or (batch, 2^wires) for probabilities or a state.

    Raises
    ------
    QuantumError
        For weights that are no arguments of the circuit.

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
    return CompiledCircuit(qnode, weights or {}, wires=wires, init=init or {})


@dataclass(frozen=True, eq=False)
class _Trace:
    """What tracing a circuit for inputs of a shape gave.

    Attributes
    ----------
    plan, circuit
        To run on a CPU, and elsewhere.
    computed
        Functions of one sample's inputs and the weights that give further parameters, (shared) and
        (batched); None if there are none.
    initial
        The same for the state that the circuit begins with, (1, 2^wires); None for |0…0⟩.
    weights
        Coefficients of words in outputs, (words, outputs); None where outputs are the words.
    kind
        Of measurement: "expval", "probs" or "state".
    wires
        Whose probabilities are wanted.
    """

    circuit: Circuit
    computed: tuple[fx.GraphModule | None, fx.GraphModule | None]
    initial: fx.GraphModule | None
    weights: Tensor | None
    kind: str
    wires: tuple[int, ...]

    @cached_property
    def plan(self) -> Schedule:
        """The circuit for the sweeps."""
        return schedule(self.circuit)


class CompiledCircuit(nn.Module):
    """What `compile` returns."""

    def __init__(
        self,
        qnode: Callable[..., Any],
        weights: Mapping[str, Shape],
        *,
        wires: Any,
        init: Mapping[str, Callable[[Tensor], Any]],
    ) -> None:
        super().__init__()
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
        self._traces: dict[tuple[Shape, ...], _Trace] = {}

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
        trace = self._trace(tuple(tuple(x.shape[1:]) for x in inputs))
        own = [getattr(self, name) for name in self.names]
        dtype = inputs[0].dtype if inputs[0].is_floating_point() else torch.get_default_dtype()
        shared = [w.reshape(-1) for w in own]
        batched = [x.reshape(len(x), math.prod(x.shape[1:])) for x in inputs]
        for part, of_inputs in zip(trace.computed, (False, True), strict=True):
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
        if trace.initial is not None:
            dims = (*[None] * len(own), *[0] * len(inputs))
            initial = torch.func.vmap(trace.initial, in_dims=dims)(*own, *inputs)[:, 0]
        return self._measured(trace, parameters.to(dtype), features.to(dtype), initial)

    def _measured(
        self, trace: _Trace, shared: Tensor, batched: Tensor, initial: Tensor | None
    ) -> Tensor:
        wanted = trace.kind != "expval"
        if batched.device.type == "cpu":
            values, states = run(trace.plan, shared, batched, initial, states=wanted)
        else:
            values, states = run_plainly(trace.circuit, shared, batched, initial)
        if states is None or not wanted:
            if torch.isnan(values).any():
                raise InputError("an input or a weight is NaN or infinite")
            return values if trace.weights is None else values @ trace.weights.to(values)
        if trace.kind == "state":
            return states
        n = trace.circuit.wires
        squares = (states.real**2 + states.imag**2).reshape(-1, *[2] * n)
        rest = [1 + wire for wire in range(n) if wire not in trace.wires]
        kept = sorted(trace.wires)
        out = squares.sum(rest) if rest else squares
        return out.permute(0, *(1 + kept.index(wire) for wire in trace.wires)).flatten(1)

    def _trace(self, shapes: tuple[Shape, ...]) -> _Trace:
        if shapes not in self._traces:
            self._traces[shapes] = self._traced(shapes)
        return self._traces[shapes]

    def _traced(self, shapes: tuple[Shape, ...]) -> _Trace:
        """Trace the circuit for one sample with inputs of some shapes."""
        recorded: dict[str, Any] = {}
        own = [getattr(self, name).detach().double() for name in self.names]
        generator = torch.Generator().manual_seed(0)
        samples = [torch.rand(shape, generator=generator, dtype=torch.float64) for shape in shapes]

        def parameters(*given: Tensor) -> list[Tensor]:
            found: list[Tensor] = []

            def angle_of(value: Any) -> Angle:
                if not isinstance(value, Tensor):
                    if np.ndim(value):
                        raise UnsupportedError("a constant parameter with a batch cannot be traced")
                    return Angle(offset=float(value))
                if value.numel() != 1:
                    raise InputError(
                        f"a gate got {tuple(value.shape)} parameters for one sample: write the "
                        "circuit for one sample, or index features as x[..., i]"
                    )
                found.append(value.reshape(()))
                return Angle(len(found) - 1)

            values = dict(zip((*self.names, *self.inputs), given, strict=True))
            tape = qml.tape.make_qscript(self.function)(**values)
            labels = self.labels or qml.wires.Wires(sorted(tape.wires.tolist(), key=str))
            missing = [wire for wire in tape.wires if wire not in labels]
            if missing:
                raise QuantumError(f"wire {missing[0]!r} is not among the wires {labels.tolist()}")
            places = {wire: i for i, wire in enumerate(labels)}
            first, rest = beginning_of(tape.operations)
            recorded["steps"] = [
                step for op in rest for step in instructions_of(op, places, angle_of)
            ]
            recorded["tape"], recorded["places"] = tape, places
            recorded["prepared"] = first is not None
            state = [] if first is None else [first.state_vector(wire_order=labels)]
            return found + [torch.as_tensor(part).to(torch.complex128).flatten() for part in state]

        try:
            graph = make_fx(parameters)(*own, *samples)
        except QuantumError:
            raise
        except Exception as error:
            raise _explained(error, shapes) from error
        _require_no_changes(graph)
        return self._finished(graph, recorded, own, samples)

    def _finished(
        self,
        graph: fx.GraphModule,
        recorded: Mapping[str, Any],
        own: Sequence[Tensor],
        samples: Sequence[Tensor],
    ) -> _Trace:
        sizes = [part.numel() for part in (*own, *samples)]
        starts = np.cumsum([0, *sizes])
        inputs = [
            Affine(torch.arange(a, a + part.numel()).reshape(part.shape),
                   torch.ones_like(part), torch.zeros_like(part))
            for a, part in zip(starts, (*own, *samples), strict=False)
        ]  # fmt: skip
        outputs, nodes = affine_outputs(graph, inputs)
        prepared = nodes.pop() if recorded["prepared"] else None
        outputs = outputs[: len(nodes)]
        fixed = int(sum(sizes[: len(own)]))
        of_inputs = _depending(graph, len(own))
        extra: tuple[list[fx.Node], list[fx.Node]] = ([], [])
        for known, node in zip(outputs, nodes, strict=True):
            if known is None and node not in extra[node in of_inputs]:
                extra[node in of_inputs].append(node)
        shared, batched = fixed + len(extra[0]), int(sum(sizes[len(own) :])) + len(extra[1])

        def angle(slot: int) -> Angle:
            known, node = outputs[slot], nodes[slot]
            if known is None:
                kind = node in of_inputs
                place = extra[kind].index(node)
                return Angle(shared + batched - len(extra[1]) + place if kind else fixed + place)
            index = int(known.index)
            index = index + len(extra[0]) if index >= fixed else index
            return Angle(index, float(known.factor), float(known.offset))

        steps = [_with_angle(step, angle) for step in recorded["steps"]]
        kind, wires, words, weights = _measurement(recorded["tape"], recorded["places"])
        n = len(recorded["places"])
        circuit = Circuit(n, steps, shared, batched, words, prepared is not None)
        computed = _part(graph, extra[0], len(own)), _part(graph, extra[1], len(inputs))
        initial = None if prepared is None else _part(graph, [prepared], len(inputs))
        return _Trace(circuit, computed, initial, weights, kind, wires)


def _explained(error: Exception, shapes: Sequence[Shape]) -> QuantumError:
    """Return an error that says what was expected of a circuit that could not be traced."""
    if "_local_scalar_dense" in str(error):
        return UnsupportedError(
            "which operations the circuit applies depends on values of its inputs or weights; a "
            "compiled circuit has the same operations for all"
        )
    given = ", ".join(str(shape) for shape in shapes)
    hint = "; features of one sample are x[i] or x[..., i]" if isinstance(error, IndexError) else ""
    return InputError(
        f"the circuit failed for one sample with inputs of shape {given}: {error}{hint}"
    )


def _require_no_changes(graph: fx.GraphModule) -> None:
    """Raise an error for a circuit that writes into a tensor: parts would be read too early."""
    for node in graph.graph.nodes:
        schema = getattr(node.target, "_schema", None)
        if schema is not None and schema.is_mutable:
            raise UnsupportedError(
                f"the circuit changes a tensor in place ({node.target}); a compiled circuit makes "
                "new ones instead, as by torch.stack"
            )


def _with_angle(step: Instruction, angle: Callable[[int], Angle]) -> Instruction:
    """Return an instruction with its angle as one of the parameters that the simulator gets."""
    if not isinstance(step, Rotation | Phase | PauliRotation) or step.angle.slot < 0:
        return step
    inner, outer = angle(step.angle.slot), step.angle
    whole = Angle(
        inner.slot, outer.factor * inner.factor, outer.factor * inner.offset + outer.offset
    )
    return type(step)(**{**vars(step), "angle": whole})


def _depending(graph: fx.GraphModule, own: int) -> set[fx.Node]:
    """Return the nodes that depend on the inputs, not on weights only."""
    found: set[fx.Node] = set()
    count = 0
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            if count >= own:
                found.add(node)
            count += 1
        elif any(parent in found for parent in node.all_input_nodes):
            found.add(node)
    return found


def _part(graph: fx.GraphModule, nodes: Sequence[fx.Node], given: int) -> fx.GraphModule | None:
    """Return a graph of its own for some results, stacked; it takes the first inputs only."""
    if not nodes:
        return None
    needed, waiting = set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += node.all_input_nodes
    copy, moved = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in graph.graph.nodes:
        given -= node.op == "placeholder"
        if node in needed or (node.op == "placeholder" and given >= 0):
            moved[node] = copy.node_copy(node, lambda old: moved[old])
    copy.output(copy.call_function(torch.stack, ([moved[node] for node in nodes],)))
    return fx.GraphModule(graph, copy)


def _measurement(
    tape: qml.tape.QuantumScript, places: Mapping[Any, int]
) -> tuple[str, tuple[int, ...], list[Word], Tensor | None]:
    """Return kind, wires, words and coefficients of what is measured."""
    measured = tape.measurements
    kinds = {type(m).__name__ for m in measured}
    if kinds == {"ExpectationMP"}:
        words, weights = words_and_weights([m.obs for m in measured], places)
        plain = np.array_equal(weights, np.eye(len(words))) and weights.shape[0] == weights.shape[1]
        return "expval", (), words, None if plain else torch.from_numpy(weights)
    if len(measured) == 1 and kinds == {"ProbabilityMP"} and measured[0].obs is None:
        wires = measured[0].wires or qml.wires.Wires(places)
        return "probs", tuple(places[wire] for wire in wires), [], None
    if kinds == {"StateMP"}:
        return "state", (), [], None
    raise UnsupportedError(
        "a compiled circuit returns expectation values, or probabilities, or the state; got "
        + ", ".join(str(m) for m in measured)
    )
