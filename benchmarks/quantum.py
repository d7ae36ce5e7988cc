"""A step of training a circuit: compiled and as a device, against PennyLane's simulators.

RY embedding, strongly entangling layers, ⟨Z⟩ on all wires; forward, and backward to inputs and
weights, in double precision. All give the same values and gradients, which is checked first.
lightning.qubit runs samples one by one: it is given the same batch as PennyLane's expansion makes
of it. jax.jit of default.qubit is measured in its steady state, without compiling. It and
DeepQuantum take part where they are installed, as by `make bench`.
"""

import sys

sys.path.append(sys.path.pop(0))  # this file must not stand in for a package of its name

import importlib.util
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import psutil
import torch
from timing.side_by_side import Row, alternate, arguments, report, timed

import quantum

Step = Callable[[], list[np.ndarray]]


@dataclass(frozen=True)
class Case:
    """Wires, samples and layers."""

    wires: int
    batch: int
    layers: int = 4

    def __str__(self) -> str:
        return f"{self.wires} qubits, batch {self.batch}, {self.layers} layers"

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and weights."""
        rng = np.random.default_rng(0)
        return rng.normal(size=(self.batch, self.wires)), rng.normal(
            size=(self.layers, self.wires, 3)
        )

    def circuit(self, x: Any, w: Any) -> Any:
        """Apply the circuit and return what is measured."""
        qml.AngleEmbedding(x, wires=range(self.wires), rotation="Y")
        qml.StronglyEntanglingLayers(w, wires=range(self.wires))
        return [qml.expval(qml.Z(wire)) for wire in range(self.wires)]


def in_torch(call: Callable[[Any, Any], Any], case: Case) -> Step:
    """Return a step of a function of tensors."""
    x, w = (torch.tensor(part, requires_grad=True) for part in case.numbers())

    def step() -> list[np.ndarray]:
        values = call(x, w)
        values = torch.stack(list(values), 1) if isinstance(values, list | tuple) else values
        grads = torch.autograd.grad(values.sum(), (x, w))
        return [values.detach().numpy(), *(part.numpy() for part in grads)]

    return step


def compiled(case: Case) -> Step:
    """Return a step of ours, compiled."""
    module = quantum.compile(case.circuit, weights={"w": (case.layers, case.wires, 3)}).double()
    del module.w
    return in_torch(lambda x, w: _with(module, x, w), case)


def _with(module: Any, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    module.w = w
    return module(x)


def device(name: str, case: Case, **options: Any) -> Step:
    """Return a step of a device of PennyLane."""
    node = qml.QNode(case.circuit, qml.device(name, wires=case.wires), interface="torch", **options)
    if name == "lightning.qubit":
        node = qml.transforms.broadcast_expand(node)
    return in_torch(node, case)


def in_jax(case: Case) -> Step:
    """Return a step of default.qubit, compiled by jax."""
    import jax

    jax.config.update("jax_enable_x64", True)
    node = qml.QNode(case.circuit, qml.device("default.qubit", wires=case.wires), interface="jax")
    x, w = (jax.numpy.asarray(part) for part in case.numbers())

    def loss(x: Any, w: Any) -> Any:
        values = jax.numpy.stack(node(x, w), 1)
        return values.sum(), values

    both = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))

    def step() -> list[np.ndarray]:
        (_, values), grads = jax.block_until_ready(both(x, w))
        return [np.asarray(values), *(np.asarray(part) for part in grads)]

    return step


def in_deepquantum(case: Case) -> Step:
    """Return a step of DeepQuantum, whose weights are a parameter of each gate."""
    import deepquantum

    n, (x, w) = case.wires, (torch.from_numpy(part) for part in case.numbers())
    circuit = deepquantum.QubitCircuit(n)
    circuit.rylayer(encode=True)
    for layer in range(case.layers):
        for add in (circuit.rzlayer, circuit.rylayer, circuit.rzlayer):
            add()
        for wire in range(n):
            circuit.cnot(wire, (wire + layer % (n - 1) + 1) % n)
    for wire in range(n):
        circuit.observable(wire)
    circuit.double()
    x.requires_grad_()
    given = [part for part in circuit.parameters() if part.requires_grad]
    with torch.no_grad():
        for part, value in zip(given, w.transpose(1, 2).flatten(), strict=True):
            part.fill_(value)

    def step() -> list[np.ndarray]:
        circuit(x)
        values = circuit.expectation()
        of_x, *of_w = torch.autograd.grad(values.sum(), (x, *given))
        of_weights = torch.stack([part.reshape(()) for part in of_w]).reshape(case.layers, 3, n)
        return [values.detach().numpy(), of_x.numpy(), of_weights.transpose(1, 2).numpy()]

    return step


def peak(case: Case, name: str) -> float:
    """Return the memory that a step takes beyond what its process had before, in GB."""
    made = compiled if name == "ours" else lambda case: device(name, case, diff_method="backprop")
    made(Case(2, 1))()  # loads what is needed
    step = made(case)
    before = most()
    step()
    return (most() - before) / 2**20


def most() -> int:
    """Return the most memory that this process has had, in kB; Linux says so."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def report_memory() -> None:
    """Print peaks, each of a process of its own."""
    for layers in (4, 20):
        for name in ("ours", "default.qubit"):
            case = Case(16, 32, layers)
            if name != "ours" and psutil.virtual_memory().available < 2e9 * layers:
                continue
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found = pool.submit(peak, case, name).result()
            print(f"peak memory, {case}, {name}: {found:.2f} GB")


def main() -> None:
    """Check, measure and report."""
    warnings.filterwarnings("ignore")
    given, rows = arguments(__doc__ or "", repeats=5, quick=3), []
    there = {name for name in ("jax", "deepquantum") if importlib.util.find_spec(name)}
    cases = [Case(n, b) for n in (4, 8, 12) for b in (1, 32, 128)]
    cases += [Case(16, 1), Case(16, 32), Case(4, 32, 20), Case(8, 32, 20), Case(12, 32, 20)]
    for case in cases:
        ours, as_device = compiled(case), device("nsai.qubit", case)
        expected = ours()
        peers: dict[str, Callable[[], Step]] = {
            "default.qubit": lambda case=case: device(
                "default.qubit", case, diff_method="backprop"
            ),
            "nsai.qubit": lambda step=as_device: step,
        }
        if case.wires * case.batch <= 8 * 32:
            peers["lightning.qubit"] = lambda case=case: device(
                "lightning.qubit", case, diff_method="adjoint"
            )
        if "deepquantum" in there and case.wires < 16:
            peers["DeepQuantum"] = lambda case=case: in_deepquantum(case)
        if "jax" in there and case.layers == 4 and case.wires < 16:
            peers["default.qubit, jax.jit"] = lambda case=case: in_jax(case)
        for name, made in peers.items():
            step = made()
            for a, b in zip(expected, step(), strict=True):
                if not np.allclose(a, b, atol=1e-9):
                    sys.exit(f"{case}, {name}: other results")
            row = alternate(lambda: timed(ours), lambda: timed(step), repeats=given.repeats)  # noqa: B023
            rows.append(Row(str(case), name, *row))
            print(f"{case}, {name}: {row[2]:.1f}", file=sys.stderr, flush=True)
    report_memory()
    report(rows, as_json=given.json)


if __name__ == "__main__":
    main()
