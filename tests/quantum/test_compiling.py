"""Compiled circuits compute what their QNodes do, batch by batch, and are modules as any other."""

import copy
import io

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import quantum
from tests.quantum.qnodes import by_matrices, random_function

DOUBLE = {"dtype": torch.float64}


def numbers(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, **DOUBLE).requires_grad_()


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 12), st.integers(1, 6))
@settings(max_examples=40)
def test_values_and_gradients_are_those_of_default_qubit(seed, wires, length, batch):
    function, labels = random_function(seed, wires, length)
    node = qml.QNode(function, qml.device("default.qubit", wires=labels))
    module = quantum.compile(node, weights={"w": (4,)}).double()
    x, w = numbers(seed, batch, 3), module.w
    ours = module(x)
    values = [torch.as_tensor(value, **DOUBLE).expand(batch) for value in node(x, w)]
    theirs = torch.stack(values, 1)
    found = []
    for out in (ours, theirs):
        loss = (out * torch.arange(1, 4)).sum() + 0 * (x.sum() + w.sum())
        found.append([out, *torch.autograd.grad(loss, (x, w))])
    for a, b in zip(*found, strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-12)


def test_matrices_are_computed_anew_for_each_sample():
    x, wires = numbers(4, 5, 2), ["a", "b", "c"]
    module = quantum.compile(by_matrices, weights={"w": (2,)}, wires=wires).double()
    device = qml.device("default.qubit", wires=wires)
    with_tensors = qml.QNode(lambda x, w: by_matrices(x, w), device)
    theirs = torch.stack([torch.stack(with_tensors(sample, module.w)) for sample in x])
    found = []
    for out in (module(x), theirs):
        found.append([out, *torch.autograd.grad((out**2).sum(), (x, module.w))])
    for a, b in zip(*found, strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-8)  # as in test_device


def layered(x, w):
    qml.AngleEmbedding(x, wires=range(4), rotation="Y")
    qml.StronglyEntanglingLayers(w, wires=range(4))
    return [qml.expval(qml.Z(wire)) for wire in range(4)]


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_gradients_pass_gradcheck_at_odd_and_even_depth(depth):
    module = quantum.compile(layered, weights={"w": (depth, 4, 3)}).double()
    x = numbers(depth, 3, 4)

    def values(x, w):
        return torch.func.functional_call(module, {"w": w}, x)

    assert torch.autograd.gradcheck(values, (x, module.w))


def test_a_circuit_written_for_one_sample_is_never_read_as_a_batch():
    def circuit(x):
        for i in range(3):
            qml.RX(x[i], wires=i)
        return [qml.expval(qml.Z(i)) for i in range(3)]

    x = torch.arange(9.0).reshape(3, 3)  # as many samples as features
    assert torch.allclose(quantum.compile(circuit)(x), torch.cos(x), atol=1e-6)


def computing(x):
    doubled = torch.cat([x, 2 * x]).reshape(2, 2).T
    turned = torch.stack([x[1], -x[0]])
    qml.RX(x[torch.tensor([1, 0])][0], wires=0)
    qml.RY(x[torch.tensor([True, False])][0], wires=1)
    qml.CNOT(wires=[0, 1])
    qml.RX(torch.flip(x, [0])[1] - 0.2, wires=1)
    qml.RY(doubled[1, 1] - doubled[0, 0] / 3, wires=0)
    qml.RZ(turned[1] / 2 + 1, wires=1)
    qml.CRX(x.sum() * torch.exp(x[0]), wires=[1, 0])
    qml.RX((-1j * x[0] * torch.tensor([2j, 1])[0]).real, wires=0)
    return [qml.expval(qml.X(wire)) for wire in range(2)]


def test_parameters_may_be_computed_in_any_way():
    x = numbers(1, 4, 2)
    node = qml.QNode(computing, qml.device("default.qubit", wires=2))
    theirs = torch.stack([torch.stack(node(sample)) for sample in x])
    ours = quantum.compile(node)(x)
    assert torch.allclose(ours, theirs, atol=1e-12)
    grads = [torch.autograd.grad((out**2).sum(), x)[0] for out in (ours, theirs)]
    assert torch.allclose(*grads, atol=1e-12)


@pytest.mark.parametrize("kind", ["probs", "one", "state"])
def test_probabilities_and_states(kind):
    def circuit(x):
        qml.RX(x[0], wires="a")
        qml.CRY(x[1], wires=["a", "b"])
        qml.T("b")
        choices = {
            "probs": lambda: qml.probs(wires=["b", "a"]),
            "one": lambda: qml.probs(wires="b"),
            "state": qml.state,
        }
        return choices[kind]()

    x = numbers(0, 5, 2)
    ours = quantum.compile(circuit, wires=["a", "b"])(x)
    theirs = qml.QNode(circuit, qml.device("default.qubit", wires=["a", "b"]))(x.T)
    assert torch.allclose(ours, theirs, atol=1e-12)
    aim = torch.randn(ours.shape, dtype=ours.dtype)
    grads = [torch.autograd.grad((aim.conj() * out).sum().real, x)[0] for out in (ours, theirs)]
    assert torch.allclose(*grads, atol=1e-12)


def test_it_is_a_module_as_any_other():
    module = quantum.compile(layered, weights={"w": (2, 4, 3)})
    net = nn.Sequential(nn.Linear(5, 4), module, nn.Linear(4, 2))
    x = torch.randn(3, 5)
    assert net(x).dtype == torch.float32
    assert net.double()(x.double()).dtype == torch.float64
    twin = copy.deepcopy(net)
    with torch.no_grad():
        twin[1].w.zero_()
    assert not torch.equal(twin[1].w, net[1].w)
    other = quantum.compile(layered, weights={"w": (2, 4, 3)}).double()
    other.load_state_dict(module.state_dict(), assign=True)
    y = torch.randn(2, 4, **DOUBLE)
    assert torch.equal(other(y), module(y))
    nn.utils.parametrize.register_parametrization(other, "w", Doubled())
    assert torch.allclose(other(y), torch.func.functional_call(module, {"w": 2 * module.w}, y))
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    twin.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(twin(x.double()), net(x.double()))


class Doubled(nn.Module):
    """Twice a weight."""

    def forward(self, w):
        """Return it."""
        return 2 * w


@pytest.mark.parametrize("measured", [qml.state, lambda: qml.probs(wires=[0, 1])])
def test_nan_is_refused_whatever_is_measured(measured):
    def circuit(x):
        qml.RX(x[..., 0], wires=0)
        qml.CNOT(wires=[0, 1])
        return measured()

    given = torch.tensor([[0.3], [torch.nan]])
    with pytest.raises(quantum.InputError, match="NaN"):
        quantum.compile(circuit)(given)
    with pytest.raises(quantum.InputError, match="NaN"):
        qml.QNode(circuit, qml.device("nsai.qubit", wires=2))(given)


def test_an_empty_batch_has_empty_results_and_gradients():
    module = quantum.compile(layered, weights={"w": (1, 4, 3)})
    out = module(torch.zeros(0, 4))
    assert out.shape == (0, 4)
    out.sum().backward()
    assert torch.equal(module.w.grad, torch.zeros(1, 4, 3))


def test_it_calls_no_pennylane_after_the_first_batch(monkeypatch):
    module = quantum.compile(layered, weights={"w": (1, 4, 3)})
    module(torch.zeros(2, 4))
    monkeypatch.setattr(qml.tape, "make_qscript", None)
    assert module(torch.zeros(5, 4)).shape == (5, 4)


def mid(x):
    qml.RX(x[0], wires=0)
    qml.measure(0)
    return qml.expval(qml.Z(0))


def sampled(x):
    qml.RX(x[0], wires=0)
    return qml.sample()


def columns(x):
    qml.RX(x[:, 0], wires=0)
    return qml.expval(qml.Z(0))


def decided(x):
    if x[0] > 0:
        qml.X(0)
    return qml.expval(qml.Z(0))


def test_more_than_the_memory_is_refused_before_it_is_taken():
    def circuit(x):
        qml.RX(x[0], wires=0)
        return qml.expval(qml.Z(0))

    module = quantum.compile(circuit, wires=28)
    x = torch.zeros(2000, 1, requires_grad=True)
    with pytest.raises(
        quantum.QuantumError, match=r"2000 samples of 28 qubits need 4\d\d\d\.\d GB"
    ):
        module(x)


def written(x):
    x = x.clone()
    x[0] = 2 * x[0]
    qml.RX(x[0], wires=0)
    return qml.expval(qml.Z(0))


def layers(wires=None):
    return quantum.compile(layered, weights={"w": (1, 4, 3)}, wires=wires)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: quantum.compile(layered, {"v": (1,)}), "QuantumError", "'v' is not an argument"),
        (lambda: quantum.compile(mid)(torch.ones(2, 1)), "UnsupportedError", "middle of a circuit"),
        (lambda: quantum.compile(sampled)(torch.ones(2, 1)), "UnsupportedError", "sample"),
        (lambda: quantum.compile(columns)(torch.ones(2, 1)), "InputError", r"x\[..., i\]"),
        (
            lambda: quantum.compile(decided)(torch.ones(2, 1)),
            "UnsupportedError",
            "depends on values",
        ),
        (lambda: quantum.compile(written)(torch.ones(2, 1)), "UnsupportedError", "in place"),
        (lambda: layers()(torch.ones(2, 7)), "InputError", "shape .7,.*got length 7"),
        (lambda: layers()(), "InputError", "expected 1 inputs"),
        (lambda: layers(wires=3)(torch.ones(2, 4)), "QuantumError", "wire 3 is not among"),
        (lambda: layers()(torch.full((2, 4), np.nan)), "InputError", "NaN"),
    ],
)
def test_what_does_not_fit_is_said(act, error, message):
    with pytest.raises(getattr(quantum, error), match=message):
        act()
