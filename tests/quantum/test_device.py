"""The device gives what default.qubit gives, and refuses by name what it cannot."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pennylane import numpy as pnp

from quantum import InputError, UnsupportedError
from tests.quantum.qnodes import by_matrices, random_function


def found(name, seed, wires, length, batch):
    function, labels = random_function(seed, wires, length)
    node = qml.QNode(function, qml.device(name, wires=labels), interface="torch")
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, 3) if batch else (3,)
    x, w = (torch.randn(s, dtype=torch.float64, generator=generator).requires_grad_()
            for s in (shape, (4,)))  # fmt: skip
    out = [torch.as_tensor(value, dtype=torch.float64).expand(batch or 1) for value in node(x, w)]
    loss = sum((i + 1) * value.sum() for i, value in enumerate(out)) + 0 * (x.sum() + w.sum())
    return [*out, *torch.autograd.grad(loss, (x, w))]


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 12), st.integers(0, 6))
@settings(max_examples=60)
def test_values_and_gradients_are_those_of_default_qubit(seed, wires, length, batch):
    ours, theirs = (
        found(name, seed, wires, length, batch) for name in ("nsai.qubit", "default.qubit")
    )
    for a, b in zip(ours, theirs, strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-12)


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 12))
@settings(max_examples=20)
def test_values_and_gradients_are_those_of_lightning_by_numpy(seed, wires, length):
    # lightning has no gradients of rotations with several controls
    function, labels = random_function(seed, wires, length, constant=0.7, controls=1)
    rng = np.random.default_rng(seed)
    x, w = (pnp.array(rng.normal(size=n), requires_grad=True) for n in (3, 4))
    found = []
    for name in ("nsai.qubit", "lightning.qubit"):
        node = qml.QNode(function, qml.device(name, wires=labels), diff_method="adjoint")

        def weighted(x, w, node=node):
            return sum((i + 1) * value for i, value in enumerate(node(x, w))) + 0 * w.sum()

        try:
            found.append([*node(x, w), *qml.grad(weighted)(x, w)])
        except RuntimeError as error:  # of lightning, for a few gates
            assume("not supported using the adjoint" not in str(error))
            raise
    for a, b in zip(*found, strict=True):
        assert np.asarray(a) == pytest.approx(np.asarray(b), abs=1e-10)


def test_gradients_are_those_of_shifted_parameters():
    function, labels = random_function(5, 4, 12)
    device = qml.device("nsai.qubit", wires=labels)
    generator = torch.Generator().manual_seed(0)
    x, w = (torch.randn(n, dtype=torch.float64, generator=generator).requires_grad_()
            for n in (3, 4))  # fmt: skip
    found = []
    for method in ("backprop", "parameter-shift"):
        out = torch.stack(qml.QNode(function, device, diff_method=method)(x, w))
        found.append(torch.autograd.grad((out * torch.arange(1, 4)).sum(), (x, w)))
    for a, b in zip(*found, strict=True):
        assert a.abs().max() > 0.01
        assert torch.allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("batch", [None, 1, 5])
def test_matrices_may_have_batches_and_gradients(batch):
    found = []
    for name in ("nsai.qubit", "default.qubit"):
        node = qml.QNode(by_matrices, qml.device(name, wires=["a", "b", "c"]))
        generator = torch.Generator().manual_seed(0)
        shape = (2,) if batch is None else (batch, 2)
        x, w = (torch.randn(s, dtype=torch.float64, generator=generator).requires_grad_()
                for s in (shape, (2,)))  # fmt: skip
        out = torch.stack(node(x, w))
        found.append([out, *torch.autograd.grad((out**2).sum(), (x, w))])
    for a, b in zip(*found, strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-8)  # default.qubit's 0.7 is in single precision


def test_numbers_among_tensors_stay_exact():
    @qml.qnode(qml.device("nsai.qubit", wires=1))
    def circuit(x):
        qml.RX(0.7, wires=0)
        qml.RX(x, wires=0)
        return qml.expval(qml.Z(0))

    x = torch.tensor(0.4, dtype=torch.float64)
    assert circuit(x).item() == pytest.approx(np.cos(1.1), abs=1e-14)


@pytest.mark.parametrize("method", ["backprop", "adjoint"])
def test_exact_gradients_of_shots_are_refused(method):
    @qml.set_shots(100)
    @qml.qnode(qml.device("nsai.qubit", wires=1), diff_method=method)
    def circuit(x):
        qml.RX(x, wires=0)
        return qml.expval(qml.Z(0))

    with pytest.raises(UnsupportedError, match=r"100 shots; diff_method='parameter-shift'"):
        circuit(torch.tensor(0.3, requires_grad=True))


@pytest.mark.parametrize("wires", [["a", 3], 2])
def test_states_probabilities_and_variances(wires):
    def circuit(x):
        first, second = wires if isinstance(wires, list) else range(wires)
        qml.RX(x, wires=first)
        qml.CRY(2 * x, wires=[first, second])
        word = qml.Y(first) @ qml.X(second)
        return qml.state(), qml.probs(wires=second), qml.var(word), qml.purity(first)

    ours, theirs = (qml.QNode(circuit, qml.device(name, wires=wires))(0.4)
                    for name in ("nsai.qubit", "default.qubit"))  # fmt: skip
    for a, b in zip(ours, theirs, strict=True):
        assert np.asarray(a) == pytest.approx(np.asarray(b), abs=1e-12)


def test_single_precision_stays_single():
    @qml.qnode(qml.device("nsai.qubit", wires=1))
    def circuit(x):
        qml.RX(x, wires=0)
        return qml.expval(qml.Z(0))

    assert circuit(torch.tensor(0.1)).dtype == torch.float32
    assert circuit(torch.tensor(0.1, dtype=torch.float64)).dtype == torch.float64


def test_shots_have_a_seed_and_the_right_mean():
    def sampled(seed):
        @qml.set_shots(2000)
        @qml.qnode(qml.device("nsai.qubit", wires=2, seed=seed))
        def circuit(x):
            qml.RX(x, wires=0)
            qml.CNOT(wires=[0, 1])
            return qml.expval(qml.Z(1)), qml.counts()

        return circuit(0.9)

    mean, counts = sampled(1)
    assert sampled(1)[0] == mean
    assert sampled(2)[0] != mean
    assert abs(mean - np.cos(0.9)) < 4 * np.sin(0.9) / 2000**0.5  # four standard deviations
    assert set(counts) == {"00", "11"}


def test_gradients_with_shots_go_by_parameter_shift():
    @qml.set_shots(20000)
    @qml.qnode(qml.device("nsai.qubit", wires=1, seed=0), diff_method="parameter-shift")
    def circuit(x):
        qml.RX(x[..., 0], wires=0)
        return qml.expval(qml.Z(0))

    x = torch.tensor([0.9], dtype=torch.float64, requires_grad=True)
    circuit(x).backward()
    assert x.grad.item() == pytest.approx(-np.sin(0.9), abs=4 / 20000**0.5)


def test_other_interfaces_get_gradients_too():
    @qml.qnode(qml.device("nsai.qubit", wires=2))
    def circuit(x):
        qml.RX(x[0], wires=0)
        qml.CRY(x[1], wires=[0, 1])
        return qml.expval(qml.Z(1))

    x = pnp.array([0.7, 0.3], requires_grad=True)
    shifted = [(circuit(x + e) - circuit(x - e)) / 2e-5 for e in 1e-5 * np.eye(2)]
    assert qml.grad(circuit)(x) == pytest.approx(shifted, abs=1e-8)


def test_second_derivatives_in_torch():
    @qml.qnode(qml.device("nsai.qubit", wires=1), max_diff=2)
    def circuit(x):
        qml.RX(x, wires=0)
        return qml.expval(qml.Z(0))

    x = torch.tensor(0.3, dtype=torch.float64)
    assert torch.autograd.functional.hessian(circuit, x).item() == pytest.approx(-np.cos(0.3))


def test_what_is_not_simulated_is_refused_by_name():
    device = qml.device("nsai.qubit", wires=2)

    @qml.qnode(device)
    def measured():
        qml.measure(0)
        return qml.expval(qml.Z(0))

    @qml.qnode(device)
    def elsewhere():
        qml.X("elsewhere")
        return qml.expval(qml.Z(0))

    @qml.qnode(device)
    def turned(x):
        qml.RX(x, wires=0)
        return qml.expval(qml.Z(0))

    with pytest.raises(InputError, match="NaN"):
        turned(torch.tensor(torch.nan))
    with pytest.raises(
        Exception, match=r"does not measure in the middle of a circuit; default\.qubit"
    ):
        measured()
    with pytest.raises(Exception, match="elsewhere"):
        elsewhere()


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("flaky", "pytest_mock")),
    reason="PennyLane's tests of devices need flaky and pytest-mock",
)
def test_pennylanes_own_tests_of_devices():
    tests = Path(qml.__file__).parent / "devices" / "tests"
    # second derivatives under autograd: the device gives it products with Jacobians, first order
    left = "test_gradients_autograd.py::TestGradients::test_hessian[device_kwargs0-backprop]"
    options = [
        "--device",
        "nsai.qubit",
        "--shots",
        "None",
        "-q",
        "--no-header",
        "-p",
        "no:jaxtyping",
    ]
    options += ["--no-flaky-report", "-p", "no:cacheprovider", "--rootdir", str(tests)]
    command = [sys.executable, "-m", "pytest", ".", *options, "--deselect", left]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tests)
    assert done.returncode == 0, done.stdout[-3000:]
