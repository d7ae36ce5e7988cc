"""Ansätze against matrices built by hand, PennyLane's templates, and the counts of their papers."""

import io
from functools import reduce

import numpy as np
import pennylane as qml
import pytest
import torch

import quantum
from quantum import (
    QuantumError,
    QuantumLayer,
    amplitude_embedding,
    angle_embedding,
    block_identity,
    conditional_rotation,
    discard,
    expval_z,
    hardware_efficient,
    mps,
    qcnn,
    real_amplitudes,
    ry_cnot,
    strongly_entangling,
    su4,
    ttn,
)

ANSATZ = {
    "real": real_amplitudes(3),
    "qcnn": qcnn(2, block=ry_cnot),
    "open qcnn, own weights": qcnn(2, shared=False, periodic=False, block=ry_cnot),
    "two staircases": mps(2, block=ry_cnot),
    "ttn": ttn(block=ry_cnot),
}
LAYERED = {"strongly": strongly_entangling(2), "efficient": hardware_efficient(1)}


def angles(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=generator) * 6 - 3


def gate(block, w):
    return qml.matrix(lambda: block.apply(w, (0, 1)), wire_order=(0, 1))()


def on(matrix, pair, n):
    """Return a matrix of two wires as one of all, entry by entry of its Pauli words."""
    words = qml.pauli_decompose(np.asarray(matrix), hide_identity=False, check_hermitian=False)
    one = {"I": np.eye(2), "X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": [[1, 0], [0, -1]]}
    total = np.zeros((2**n, 2**n), complex)
    for c, word in zip(*words.terms(), strict=True):
        letters = qml.pauli.pauli_word_to_string(word, wire_map={0: 0, 1: 1})
        parts = [np.eye(2)] * n
        for wire, letter in zip(pair, letters, strict=True):
            parts[wire] = np.asarray(one[letter])
        total += c * reduce(np.kron, parts)
    return total


def state_of(ansatz, w, n):
    def circuit(x, w):
        amplitude_embedding(x, range(n))
        ansatz(w, range(n))
        return qml.state()

    module = quantum.compile(circuit, wires=n)
    return lambda x: module(x, w.expand(len(x), *w.shape))  # weights too are inputs


@pytest.mark.parametrize(("name", "n"), [*((name, 4) for name in ANSATZ), ("qcnn", 5), ("ttn", 5)])
def test_layers_compute_what_pennylane_does(name, n):
    layer = QuantumLayer(n, angle_embedding, ANSATZ[name]).double()
    x = angles(2, n).requires_grad_()
    node = qml.QNode(layer.circuit.function, qml.device("default.qubit", wires=n))
    theirs = torch.stack([torch.stack(node(sample, layer.weights)) for sample in x])
    ours = layer(x)
    assert torch.allclose(ours, theirs, atol=1e-12)
    given = (x, layer.weights)
    for a, b in zip(*(torch.autograd.grad((o**2).sum(), given) for o in (ours, theirs)),
                    strict=True):  # fmt: skip
        assert torch.allclose(a, b, atol=1e-12)


def test_a_block_is_any_gate_on_two_wires():
    w, step = angles(15), 1e-6
    u = gate(su4, w)
    moves = []
    for k in range(15):
        e = step * torch.eye(15, dtype=torch.float64)[k]
        generator = (u.mH @ (gate(su4, w + e) - gate(su4, w - e)) / (2 * step)).resolve_conj()
        moves.append(torch.view_as_real(generator).flatten())
    values = torch.linalg.svdvals(torch.stack(moves))
    assert values[-1] > 1e-3  # 15 directions: all of SU(4)


def test_pooling_is_a_measurement_put_off():
    w, start = angles(3), angles(2, 15, seed=1)[0]
    device = qml.device("default.qubit", wires=2)

    @qml.qnode(device)
    def measured():
        su4.apply(start, (0, 1))
        result = qml.measure(0)
        qml.cond(result, qml.Rot)(w[0], w[1], w[2], wires=1)
        return [qml.expval(p(1)) for p in (qml.X, qml.Y, qml.Z)]

    @qml.qnode(device)
    def put_off():
        su4.apply(start, (0, 1))
        conditional_rotation.apply(w, (0, 1))
        return [qml.expval(p(1)) for p in (qml.X, qml.Y, qml.Z)]

    assert torch.stack(put_off()).numpy() == pytest.approx(torch.stack(measured()).numpy())


def test_a_qcnn_is_the_product_of_its_gates():
    ansatz, w = qcnn(2), angles(2, 18)
    (a, b), (p, q) = (gate(su4, r[:15]) for r in w), (gate(conditional_rotation, r[15:]) for r in w)
    steps = [(a, (0, 1)), (a, (2, 3)), (a, (1, 2)), (a, (3, 0)), (p, (0, 1)), (p, (2, 3)),
             (b, (1, 3)), (q, (1, 3))]  # fmt: skip
    whole = reduce(lambda done, step: on(*step, 4) @ done, steps, np.eye(16))
    found = state_of(ansatz, w, 4)(torch.eye(16, dtype=torch.float64))
    assert np.allclose(found.numpy().T, whole, atol=1e-12)
    assert ansatz.readout("abcd") == ("d",)


@pytest.mark.parametrize(("n", "layers"), [(8, 2), (6, 1)])
def test_a_qcnn_on_a_ring_moves_its_answer_with_its_input(n, layers):
    for shared, differs in ((True, False), (False, True)):
        ansatz = qcnn(layers, shared=shared, block=ry_cnot)
        layer = QuantumLayer(n, amplitude_embedding, ansatz).double()
        x = angles(3, *[2] * n)
        moved = x.permute(0, *(1 + (k - 2**layers) % n for k in range(n)))
        here, there = layer(x.flatten(1)), layer(moved.flatten(1))
        assert here.shape[1] == n // 2**layers
        gap = (there - here.roll(1, 1)).abs().max()
        assert (gap > 1e-3) if differs else (gap < 1e-12)


def test_a_wire_answers_to_its_light_cone_only():
    n, chosen = 8, 1  # wire 3, the second that is read
    ansatz = qcnn(1, block=ry_cnot)
    w = angles(*ansatz.weights(n))
    layer = QuantumLayer(n, angle_embedding, ansatz).double()
    with torch.no_grad():
        layer.weights.copy_(w)
    x = angles(1, n).requires_grad_()
    (felt,) = torch.autograd.grad(layer(x)[0, chosen], x)
    assert (felt[0].abs() > 1e-9).tolist() == [True] * 6 + [False] * 2


@pytest.mark.parametrize("n", [4, 8, 16, 64])
def test_a_qcnn_has_as_many_weights_as_the_paper_says(n):
    depth = n.bit_length() - 1
    assert np.prod(qcnn(depth).weights(n)) == 18 * depth  # O(log n)
    single = qcnn(depth, shared=False, periodic=False)
    bonds = sum((n >> k) - 1 for k in range(depth))
    assert single.weights(n) == (15 * bonds + 3 * (n - 1),)
    assert qcnn(depth, pool=discard).weights(n) == (depth, 15)
    assert qcnn(depth).readout(range(n)) == (n - 1,)


def test_wires_that_are_no_power_of_two_are_halved_too():
    assert [qcnn(4).left(range(9), k) for k in range(5)] == [
        tuple(range(9)), (1, 3, 5, 7, 8), (3, 7, 8), (7, 8), (8,)
    ]  # fmt: skip
    assert qcnn(1).bonds(range(5), 0) == [(0, 1), (2, 3), (1, 2), (3, 4), (4, 0)]
    assert ttn().pairs(range(5)) == [(0, 1), (2, 3), (1, 3), (3, 4)]


@pytest.mark.parametrize(("ansatz", "template"), [(mps(), qml.MPS), (ttn(), qml.TTN)])
@pytest.mark.parametrize(("block", "n"), [(su4, 4), (ry_cnot, 8)])
def test_tensor_networks_are_pennylanes(ansatz, template, block, n):
    own = type(ansatz)(1, block)
    w = angles(*own.weights(n))
    node = qml.device("default.qubit", wires=n)

    @qml.qnode(node)
    def theirs():
        template(range(n), 2, lambda weights, wires: block.apply(weights, wires), block.size,
                 template_weights=w[0].numpy())  # fmt: skip
        return qml.state()

    start = torch.zeros(1, 2**n, dtype=torch.float64)
    start[0, 0] = 1
    assert state_of(own, w, n)(start)[0].numpy() == pytest.approx(np.asarray(theirs()), abs=1e-12)


def test_a_staircase_run_backwards_has_bonds_of_two():
    n, w = 6, angles(*mps().weights(6))

    def circuit(x):
        qml.adjoint(mps())(w, range(n))
        return qml.state()

    state = quantum.compile(circuit, wires=n)(torch.zeros(1, 1, dtype=torch.float64))[0]
    ranks = [int(torch.linalg.matrix_rank(state.reshape(2**k, -1), tol=1e-9)) for k in range(1, n)]
    assert ranks == [2] * (n - 1)


def test_real_amplitudes_stay_real_and_need_their_gates():
    x, w = angles(3, 4), angles(2, 4)

    def answers(entangling):
        layer = QuantumLayer(4, angle_embedding, real_amplitudes(2, entangling)).double()
        with torch.no_grad():
            layer.weights.copy_(w)
        return layer(x).detach()

    assert torch.allclose(answers(False), torch.cos(x + w.sum(0)), atol=1e-12)
    assert (answers(True) - answers(False)).abs().max() > 0.1
    state = state_of(real_amplitudes(2), w, 4)(torch.eye(16, dtype=torch.float64))
    assert state.imag.abs().max() < 1e-15
    found = QuantumLayer(4, angle_embedding, real_amplitudes(1)).draw().splitlines()
    assert found[1].startswith("1: ──RY─╰X─╭●─")  # the outer pairs before the inner one


@pytest.mark.parametrize("name", [*ANSATZ, *LAYERED])
def test_blocks_begin_as_the_identity(name):
    ansatz, n = block_identity({**ANSATZ, **LAYERED}[name], blocks=2), 4
    w = torch.empty(ansatz.weights(n), dtype=torch.float64)
    ansatz.initialise(w, torch.Generator().manual_seed(0))
    assert w.std() > 1  # of angles that are not small
    run = state_of(ansatz, w.requires_grad_(), n)
    basis = torch.eye(2**n, dtype=torch.float64)
    found = run(basis)
    assert torch.allclose(found.detach(), basis + 0j, atol=1e-12)
    weighed = (found * torch.complex(angles(16, 16), angles(16, 16, seed=1))).real.sum()
    (felt,) = torch.autograd.grad(weighed, w)
    assert felt.abs().max() > 1e-2


def test_a_layer_begins_as_its_ansatz_says():
    layer = QuantumLayer(4, angle_embedding, block_identity(qcnn(2, block=ry_cnot))).double()
    x = angles(3, 4)
    assert torch.allclose(layer(x), torch.cos(x)[:, [3]], atol=1e-12)


def test_the_inverse_has_weights_of_its_own():
    n, u = 2, strongly_entangling(2)
    ansatz = block_identity(u)
    w = angles(*ansatz.weights(n))
    basis = torch.eye(2**n, dtype=torch.float64)
    first, second = (state_of(u, part, n)(basis).T for part in w)
    found = state_of(ansatz, w, n)(basis).T
    assert torch.allclose(found, second.conj().T @ first, atol=1e-12)


def test_weights_begin_alike_with_the_same_generator():
    ansatz = block_identity(qcnn(2), blocks=2)
    drawn = []
    for _ in range(2):
        w = torch.empty(ansatz.weights(4))
        ansatz.initialise(w, torch.Generator().manual_seed(3))
        drawn.append(w)
    assert torch.equal(*drawn)
    assert torch.equal(drawn[0][0], drawn[0][1])
    assert not torch.equal(drawn[0][0], drawn[0][2])


def test_layers_of_them_are_saved_whole():
    ansatz = block_identity(qcnn(1, block=ry_cnot))
    layer, file = QuantumLayer(3, angle_embedding, ansatz), io.BytesIO()
    x = torch.rand(3, 3)
    torch.save(layer, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x), layer(x))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: QuantumLayer(4, angle_embedding, qcnn(3)), "layer 3 of 3 finds 1 wire of 4"),
        (lambda: QuantumLayer(1, angle_embedding, mps()), "at least two wires, got 1"),
        (lambda: ttn(0), "at least one layer, got 0"),
        (lambda: block_identity(qcnn(1), 0), "at least one block, got 0"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(QuantumError, match=message):
        act()


def test_measures_get_the_wires_that_are_left():
    seen = []

    def measure(wires):
        seen.append(tuple(wires))
        return expval_z(wires)

    layer = QuantumLayer(8, angle_embedding, qcnn(2, block=ry_cnot), measure)
    assert layer(torch.zeros(2, 8)).shape == (2, 2)
    assert seen[-1] == (3, 7)
