"""The simulator as a device of PennyLane, ``nsai.qubit``."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pennylane as qml
import torch
from pennylane.devices import Device, ExecutionConfig
from pennylane.devices.modifiers import simulator_tracking, single_tape_support
from pennylane.devices.preprocess import (
    decompose,
    validate_device_wires,
    validate_measurements,
)
from pennylane.devices.qubit import measure
from pennylane.devices.qubit.sampling import measure_with_samples
from pennylane.math import Interface
from pennylane.measurements import (
    ExpectationMP,
    SampleMeasurement,
    StateMeasurement,
)
from pennylane.operation import Channel
from pennylane.ops import Conditional, MidMeasure
from pennylane.tape import QuantumScript
from pennylane.transforms.core import CompilePipeline
from torch import Tensor

from quantum.errors import UnsupportedError
from quantum.simulation.instructions import Angle, Circuit, Word, with_slot
from quantum.simulation.run import require_numbers, run
from quantum.simulation.schedule import Schedule, schedule
from quantum.simulation.translate import (
    beginning_of,
    instructions_of,
    is_native,
    parameters_of,
    words_and_weights,
)

NAME = "nsai.qubit"
OWN = ("best", "device", "adjoint")  # ways to gradients
OTHERS = (Interface.AUTOGRAD, Interface.JAX, Interface.JAX_JIT, Interface.TF)  # than torch
KEPT = 128  # structures of circuits that are remembered


@qml.transform  # type: ignore[untyped-decorator]
def without_measurements(tape: QuantumScript) -> tuple[Sequence[QuantumScript], Any]:
    """Refuse circuits that measure before their end."""
    for op in tape.operations:
        if isinstance(op, MidMeasure | Conditional):
            raise UnsupportedError(
                f"{op.name}: {NAME} does not measure in the middle of a circuit; default.qubit does"
            )
    return (tape,), lambda results: results[0]


@simulator_tracking
@single_tape_support
class FastQubit(Device):
    """A simulator of state vectors for circuits of PennyLane, for batches and gradients.

    Parameters
    ----------
    wires
        Number of wires, or their labels; those of each circuit unless given.
    shots
        Of each execution; None for exact values.
    seed
        Of the generator of samples.
    trajectories
        How many runs stand for a circuit with channels of noise; None for its density matrix.

    Notes
    -----
    Gradients are those of torch where its tensors come in, of any order; in other interfaces they
    are products of vectors and Jacobians, of first order, as by the adjoint method.

    Examples
    --------
    >>> dev = qml.device("nsai.qubit", wires=2)
    >>> @qml.qnode(dev)
    ... def circuit(x):
    ...     qml.RX(x, wires=0)
    ...     qml.CNOT(wires=[0, 1])
    ...     return qml.expval(qml.Z(1))
    >>> round(float(circuit(0.5)), 6)
    0.877583
    """

    name = NAME

    def __init__(
        self,
        wires: Any = None,
        shots: Any = None,
        seed: Any = None,
        trajectories: int | None = None,
    ) -> None:
        super().__init__(wires=wires, shots=shots)
        self._trajectories = trajectories
        self._generator = np.random.default_rng(seed)
        self._known: OrderedDict[Any, tuple[Schedule, np.ndarray | None]] = OrderedDict()

    def supports_derivatives(
        self, execution_config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> bool:
        """Return whether there are gradients: of exact values."""
        if execution_config is None:
            return True
        method = execution_config.gradient_method
        if circuit is not None and circuit.shots and method in (*OWN[1:], "backprop"):
            raise UnsupportedError(
                f"diff_method={method!r} is for exact values, and the circuit has "
                f"{circuit.shots.total_shots} shots; diff_method='parameter-shift' is for those"
            )
        return method in (*OWN, "backprop") and (circuit is None or not circuit.shots)

    def supports_vjp(
        self, execution_config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> bool:
        """Return whether there are products of vectors and Jacobians: where there are gradients."""
        return self.supports_derivatives(execution_config, circuit)

    def setup_execution_config(
        self, config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> ExecutionConfig:
        """Return a configuration in which the device gets torch's tensors, or numbers of others."""
        config = config or ExecutionConfig()
        method, known = config.gradient_method, config.interface
        if method not in (*OWN, "backprop") or (circuit is not None and circuit.shots):
            return config
        if known not in OTHERS:
            return replace(config, gradient_method="backprop")
        return replace(
            config, gradient_method="adjoint", use_device_gradient=True, grad_on_execution=False,
            use_device_jacobian_product=True,
        )  # fmt: skip

    def compute_vjp(
        self,
        circuits: Sequence[QuantumScript],
        cotangents: Sequence[Any],
        execution_config: ExecutionConfig | None = None,
    ) -> tuple[Any, ...]:
        """Return products of vectors and Jacobians, by trainable parameters."""
        found = self.execute_and_compute_vjp(circuits, cotangents, execution_config)
        return found[1]

    def execute_and_compute_vjp(
        self,
        circuits: Sequence[QuantumScript],
        cotangents: Sequence[Any],
        execution_config: ExecutionConfig | None = None,
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return results and products of vectors and Jacobians."""
        pairs = [self._with_vjp(c, v) for c, v in zip(circuits, cotangents, strict=True)]
        results, products = zip(*pairs, strict=True)
        return results, products

    def _with_vjp(self, tape: QuantumScript, cotangent: Any) -> tuple[Any, tuple[np.ndarray, ...]]:
        """Return results and products, as numbers, by way of torch."""
        given = [torch.tensor(qml.math.toarray(v), dtype=torch.float64, requires_grad=True)
                 for v in tape.get_parameters()]  # fmt: skip
        bound = tape.bind_new_parameters(given, tape.trainable_params)
        results = self._one(bound)
        flat = results if isinstance(results, tuple) else (results,)
        vectors = cotangent if isinstance(results, tuple) else (cotangent,)
        # torch's gradient by a complex number is the conjugate of what others give
        kept = [(y, torch.as_tensor(qml.math.toarray(v)).conj().to(y).reshape(y.shape))
                for y, v in zip(flat, vectors, strict=True) if y.requires_grad]  # fmt: skip
        parts: Sequence[Tensor | None] = [None] * len(given)
        if kept:
            parts = torch.autograd.grad(
                [y for y, _ in kept], given, [v for _, v in kept], allow_unused=True
            )
        products = tuple(
            (torch.zeros_like(x) if part is None else part).numpy(force=True)
            for x, part in zip(given, parts, strict=True)
        )
        numbers = tuple(y.numpy(force=True) for y in flat)
        return numbers if isinstance(results, tuple) else numbers[0], products

    def preprocess_transforms(
        self, execution_config: ExecutionConfig | None = None
    ) -> CompilePipeline:
        """Return what makes a circuit one of native operations."""
        program = CompilePipeline()
        program.add_transform(without_measurements)
        program.add_transform(
            decompose, stopping_condition=lambda op: is_native(op) or isinstance(op, Channel),
            skip_initial_state_prep=True, name=NAME,
        )  # fmt: skip
        program.add_transform(validate_device_wires, self.wires, name=NAME)
        program.add_transform(
            validate_measurements,
            analytic_measurements=lambda m: isinstance(m, StateMeasurement),
            sample_measurements=lambda m: isinstance(m, SampleMeasurement),
            name=NAME,
        )
        return program

    def execute(
        self,
        circuits: Sequence[QuantumScript],
        execution_config: ExecutionConfig | None = None,
    ) -> tuple[Any, ...]:
        """Return the results of circuits."""
        return tuple(self._one(circuit) for circuit in circuits)

    def _one(self, tape: QuantumScript) -> Any:
        labels: Any = self.wires or tape.wires
        if any(isinstance(op, Channel) for op in tape.operations):
            from quantum.noise.execution import executed  # only where there is noise

            return executed(tape, labels, self._trajectories, self._generator)
        places = {wire: i for i, wire in enumerate(labels)}
        values: list[Any] = []
        exact = all(isinstance(m, ExpectationMP) for m in tape.measurements) and not tape.shots
        key = _structure(tape, places, exact)
        if key not in self._known:
            self._known[key] = _compiled(tape, places, exact)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        plan, weights = self._known[key]
        first, rest = beginning_of(tape.operations)
        for op in rest:
            values += parameters_of(op)
        shared = [v for v in values if not _is_batched(v)]
        batched = [v for v in values if _is_batched(v)]
        batch = len(batched[0]) if batched else first and first.batch_size
        torch_in = any(isinstance(v, Tensor) for v in values)
        dtype = _dtype(values)
        a = _stacked(shared, dtype, 0)
        b = _stacked(batched, dtype, 1) if batched else torch.zeros((batch or 1, 0), dtype=dtype)
        initial = None
        if first is not None:
            given = first.state_vector(wire_order=labels)
            torch_in = torch_in or isinstance(given, Tensor)
            initial = torch.as_tensor(qml.math.toarray(given) if not torch_in else given)
            initial = initial.to(torch.complex128).reshape(-1, 2 ** len(labels))
            initial = initial.expand(len(b), -1)
        found, states = run(plan, a, b, initial, states=not exact)
        if exact:
            require_numbers(found)
            out = found if weights is None else found @ torch.from_numpy(weights).to(dtype)
            shown: Any = out if torch_in else out.numpy()
            columns = [shown[:, i] if batch else shown[0, i] for i in range(out.shape[1])]
            return columns[0] if len(columns) == 1 else tuple(columns)
        assert states is not None
        require_numbers(states.real)
        state = states if batch else states[0]
        return self._measured(tape, state if torch_in else state.numpy(), labels, bool(batch))

    def _measured(self, tape: QuantumScript, state: Any, labels: Any, is_batched: bool) -> Any:
        shaped = qml.math.reshape(state, (*state.shape[: int(is_batched)], *[2] * len(labels)))
        mapped = qml.map_wires(tape, {wire: i for i, wire in enumerate(labels)})[0][0]
        if tape.shots:
            found = measure_with_samples(
                mapped.measurements, shaped, tape.shots, is_state_batched=is_batched,
                rng=self._generator,
            )  # fmt: skip
            if len(tape.measurements) == 1:
                return tuple(f[0] for f in found) if tape.shots.has_partitioned_shots else found[0]
            return found
        results = tuple(
            measure(m, shaped, is_state_batched=is_batched) for m in mapped.measurements
        )
        return results[0] if len(results) == 1 else results


def _is_batched(value: Any) -> bool:
    """Return whether a parameter of a gate has a batch."""
    return getattr(value, "ndim", 0) > 0


def _dtype(values: Sequence[Any]) -> torch.dtype:
    """Return the type of results: that of torch's tensors, float64 for all others."""
    found = [v.dtype for v in values if isinstance(v, Tensor) and v.is_floating_point()]
    return torch.float32 if found and all(t == torch.float32 for t in found) else torch.float64


def _stacked(values: Sequence[Any], dtype: torch.dtype, dim: int) -> Tensor:
    if not values:
        return torch.zeros(0, dtype=dtype)
    if not any(isinstance(v, Tensor) for v in values):
        return torch.from_numpy(np.stack([qml.math.toarray(v) for v in values], dim)).to(dtype)
    return torch.stack([torch.as_tensor(v, dtype=dtype) for v in values], dim)


def _structure(tape: QuantumScript, places: dict[Any, int], exact: bool) -> Any:
    """Return what two circuits have in common that differ in parameters only."""
    first, rest = beginning_of(tape.operations)
    ops = []
    for op in rest:
        base, chain = op, []
        while isinstance(base, qml.ops.Controlled):
            chain.append((tuple(base.control_wires), tuple(base.control_values)))
            base = base.base
        extra: Any = base.hyperparameters.get("pauli_word")
        given = parameters_of(op)
        if not given and base.data:
            extra = qml.math.toarray(base.matrix()).tobytes()
        elif not base.data and base.name not in _PLAIN:
            extra = qml.math.toarray(base.matrix()).tobytes() if base.has_matrix else base
        kinds = tuple(_is_batched(v) for v in given)
        ops.append((base.name, base.wires.labels, tuple(chain), extra, kinds))
    measured = tuple(m.hash for m in tape.measurements) if exact else ()
    return first is not None, tuple(ops), measured, tuple(places)


_PLAIN = {
    "CNOT",
    "Hadamard",
    "PauliX",
    "PauliY",
    "PauliZ",
    "S",
    "T",
    "SX",
    "SWAP",
    "CZ",
    "Identity",
}


def _compiled(
    tape: QuantumScript, places: dict[Any, int], exact: bool
) -> tuple[Schedule, np.ndarray | None]:
    """Return a circuit for the sweeps, and the coefficients of words in results."""
    slots: list[bool] = []  # whether each parameter has a batch

    def angle_of(value: Any) -> Angle:
        slots.append(_is_batched(value))
        return Angle(len(slots) - 1)

    first, rest = beginning_of(tape.operations)
    steps = [step for op in rest for step in instructions_of(op, places, angle_of)]
    shared = slots.count(False)
    order = np.zeros(len(slots), int)
    kinds = np.array(slots, bool)
    order[~kinds], order[kinds] = np.arange(shared), shared + np.arange(len(slots) - shared)
    steps = [with_slot(step, lambda slot: Angle(int(order[slot]))) for step in steps]
    words: list[Word] = []
    weights: np.ndarray | None = None
    if exact:
        words, weights = words_and_weights([m.obs for m in tape.measurements], places)
        weights = None if np.array_equal(weights, np.eye(len(words))) else weights
    own = len(slots) - shared
    circuit = Circuit(len(places), steps, shared, own, words, first is not None)
    return schedule(circuit), weights
