"""Routed and native circuits do what the circuit did, on bonds only, and cost what they should."""

import networkx as nx
import numpy as np
import pennylane as qml
import pytest
import torch
from pennylane.tape import QuantumScript

from quantum import InputError, UnsupportedError
from quantum.noise import (
    IBM_HERON,
    cost_of,
    density_matrices,
    grid,
    heavy_hex,
    line,
    route,
    to_native,
    transpile,
    with_noise,
)


def random_tape(wires, length, seed):
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(length):
        a, b = (int(i) for i in rng.permutation(wires)[:2])
        angle = float(rng.uniform(0, 7))
        made.append([
            lambda a=a, t=angle: qml.RX(t, a),
            lambda a=a: qml.Hadamard(a),
            lambda a=a, b=b: qml.CNOT([a, b]),
            lambda a=a, b=b: qml.CZ([a, b]),
            lambda a=a, b=b, t=angle: qml.IsingZZ(t, [a, b]),
            lambda a=a, b=b, t=angle: qml.CRY(t, [a, b]),
            lambda a=a, b=b: qml.SWAP([a, b]),
        ][int(rng.integers(7))]())  # fmt: skip
    return QuantumScript(made)


def state_of(tape, wires, order, qubits):
    """Return the state behind a product state, with wires at places of qubits."""
    begin = [qml.RY(0.3 + 0.7 * i, order[i]) for i in range(wires)]
    begin += [qml.RZ(1.1 * i, order[i]) for i in range(wires)]
    whole = QuantumScript([*begin, *tape.operations], [qml.state()])
    return qml.execute([whole], qml.device("default.qubit", wires=qubits))[0]


@pytest.mark.parametrize(
    "machine", [line(5), grid(2, 3), heavy_hex(1, 1)], ids=["line", "grid", "hex"]
)
@pytest.mark.parametrize("seed", range(2))
def test_routed_circuits_do_the_same_on_bonds(machine, seed):
    tape = random_tape(5, 16, seed)
    found, cost = transpile(tape, IBM_HERON, machine, seed=seed)
    pairs = [op.wires for op in found.tape.operations if len(op.wires) == 2]
    assert all(machine.has_edge(*pair) for pair in pairs)
    assert {op.name for op in found.tape.operations} <= {"RZ", "SX", "CZ"}
    assert cost.two_qubit == len(pairs)
    qubits = sorted(machine)
    ours = state_of(found.tape, 5, found.start, qubits)
    there = QuantumScript([op.map_wires(dict(found.end)) for op in tape.operations])
    theirs = state_of(there, 5, found.end, qubits)
    assert abs(np.vdot(ours, theirs)) == pytest.approx(1, abs=1e-10)


def test_it_takes_fewer_swaps_than_one_path_at_a_time():
    ours = theirs = 0
    for seed in range(3):
        tape = QuantumScript(
            [op for op in random_tape(6, 40, seed).operations if op.name == "CNOT"]
        )
        ours += route(tape, grid(2, 3), seed=seed).swaps
        (naive,), _ = qml.transforms.transpile(tape, coupling_map=grid(2, 3))
        theirs += sum(op.name == "SWAP" for op in naive.operations)
    assert ours < 0.8 * theirs


def test_neighbours_need_no_swap_and_wires_stay():
    tape = QuantumScript([qml.CNOT([i, i + 1]) for i in range(4)])
    assert route(tape, line(5)).swaps == 0
    found = route(tape, line(5), start={i: i for i in range(5)})
    assert found.swaps == 0
    assert found.end == {i: i for i in range(5)}


def test_heavy_hex_has_three_neighbours_at_most():
    degrees = dict(heavy_hex(3, 3).degree).values()
    assert max(degrees) == 3
    assert nx.is_bipartite(heavy_hex(3, 3))


@pytest.mark.parametrize("entangling", ["CZ", "CNOT"])
@pytest.mark.parametrize("seed", range(3))
def test_native_circuits_do_the_same(entangling, seed):
    tape = random_tape(4, 16, seed)
    native = to_native(tape, entangling)
    assert {op.name for op in native.operations} <= {"RZ", "SX", entangling}
    a, b = (qml.matrix(t, wire_order=range(4)) for t in (tape, native))
    assert abs(np.trace(a.conj().T @ b)) == pytest.approx(16, abs=1e-9)


def test_pairs_that_undo_each_other_vanish():
    ops = [qml.CNOT([0, 1]), qml.T(0), qml.CNOT([0, 1]), qml.CNOT([0, 1]), qml.H(2), qml.H(2)]
    assert [op.name for op in to_native(QuantumScript(ops), "CNOT").operations] == ["CNOT", "RZ"]


def test_costs_of_a_circuit_counted_by_hand():
    ops = [qml.SX(0), qml.RZ(0.1, 0), qml.CZ([0, 1]), qml.SX(2), qml.CZ([1, 2]), qml.SX(1)]
    cost = cost_of(QuantumScript(ops), IBM_HERON)
    assert (cost.depth, cost.two_depth, cost.one_qubit, cost.two_qubit) == (4, 2, 3, 2)
    assert cost.duration == pytest.approx(2 * 24e-9 + 2 * 84e-9, rel=1e-12)
    assert cost.fidelity == pytest.approx((1 - 2.287e-4) ** 3 * (1 - 3.815e-3) ** 2, rel=1e-12)


def test_the_noise_of_a_machine_costs_about_the_product_of_fidelities():
    native, cost = transpile(random_tape(4, 20, 1), IBM_HERON, line(4))
    noisy = density_matrices(with_noise(native.tape, IBM_HERON), 4)[0]
    pure = density_matrices(native.tape, 4)[0]
    kept = torch.trace(noisy @ pure).real.item()
    assert kept == pytest.approx(cost.fidelity, abs=0.25 * (1 - cost.fidelity))


def test_what_cannot_be_routed_is_refused():
    with pytest.raises(UnsupportedError, match="3 wires"):
        route(QuantumScript([qml.Toffoli([0, 1, 2])]), line(3))
    with pytest.raises(InputError, match="do not fit on 2"):
        route(QuantumScript([qml.CNOT([0, 1]), qml.CNOT([1, 2])]), line(2))
    with pytest.raises(InputError, match="in pieces"):
        route(QuantumScript([qml.CNOT([0, 1])]), nx.empty_graph(3))
    with pytest.raises(InputError, match="CZ or CNOT"):
        to_native(QuantumScript([qml.X(0)]), "ISWAP")
