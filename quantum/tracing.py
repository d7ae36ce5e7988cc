"""Circuits traced by torch: what they apply, and how that depends on their arguments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pennylane as qml
import torch
from pennylane.wires import Wires
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import make_fx

from quantum.errors import InputError, QuantumError, UnsupportedError
from quantum.simulation.affine import Affine, affine_outputs
from quantum.simulation.instructions import (
    Angle,
    Circuit,
    Word,
    with_slot,
)
from quantum.simulation.schedule import Schedule, schedule
from quantum.simulation.shots import Sampler
from quantum.simulation.translate import beginning_of, instructions_of, words_and_weights

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Trace:
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

    @cached_property
    def sampler(self) -> Sampler:
        """The circuit for shots."""
        return Sampler(self.circuit)


def trace(
    function: Callable[..., Any],
    weights: Mapping[str, Tensor],
    inputs: Mapping[str, Shape],
    labels: Wires | None,
) -> Trace:
    """Trace a circuit for one sample.

    Parameters
    ----------
    function
        The circuit.
    weights, inputs
        Its arguments: weights as they are, and the shapes of one sample's inputs.
    labels
        Of wires in their order; those that the circuit uses, if None.

    Raises
    ------
    InputError
        If the circuit fails for inputs of these shapes.
    UnsupportedError
        If it asks for what is not simulated, or depends on values.
    QuantumError
        For a wire that is not among the labels.
    """
    recorded: dict[str, Any] = {}
    shapes = list(inputs.values())
    # with gradients, so that no value becomes a number in silence
    own = [value.detach().double().requires_grad_() for value in weights.values()]
    generator = torch.Generator().manual_seed(0)
    samples = [
        torch.rand(shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in shapes
    ]

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
            found.append(value.reshape(()) if value.ndim else value)
            return Angle(len(found) - 1)

        values = dict(zip((*weights, *inputs), given, strict=True))
        tape = qml.tape.make_qscript(function)(**values)
        known = labels or Wires(sorted(tape.wires.tolist(), key=str))
        missing = [wire for wire in tape.wires if wire not in known]
        if missing:
            raise QuantumError(f"wire {missing[0]!r} is not among the wires {known.tolist()}")
        places = {wire: i for i, wire in enumerate(known)}
        first, rest = beginning_of(tape.operations)
        recorded["steps"] = [step for op in rest for step in instructions_of(op, places, angle_of)]
        recorded["tape"], recorded["places"] = tape, places
        recorded["prepared"] = first is not None
        state = [] if first is None else [first.state_vector(wire_order=known)]
        return found + [torch.as_tensor(part).to(torch.complex128).flatten() for part in state]

    try:
        graph = make_fx(parameters)(*own, *samples)
    except QuantumError:
        raise
    except Exception as error:
        raise _explained(error, shapes) from error
    _require_no_changes(graph)
    return _finished(graph, recorded, own, samples)


def _finished(
    graph: fx.GraphModule,
    recorded: Mapping[str, Any],
    own: Sequence[Tensor],
    samples: Sequence[Tensor],
) -> Trace:
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

    steps = [with_slot(step, angle) for step in recorded["steps"]]
    kind, wires, words, weights = _measurement(recorded["tape"], recorded["places"])
    n = len(recorded["places"])
    circuit = Circuit(n, steps, shared, batched, words, prepared is not None)
    computed = _part(graph, extra[0], len(own)), _part(graph, extra[1], len(inputs))
    initial = None if prepared is None else _part(graph, [prepared], len(inputs))
    return Trace(circuit, computed, initial, weights, kind, wires)


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
        wires = measured[0].wires or Wires(places)
        return "probs", tuple(places[wire] for wire in wires), [], None
    if kinds == {"StateMP"}:
        return "state", (), [], None
    raise UnsupportedError(
        "a compiled circuit returns expectation values, or probabilities, or the state; got "
        + ", ".join(str(m) for m in measured)
    )
