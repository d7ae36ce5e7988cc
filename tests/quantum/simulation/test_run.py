"""The fast sweeps, plain torch and dense matrices compute the same states, values and gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from quantum.simulation.plain import run_plainly
from quantum.simulation.run import run
from quantum.simulation.schedule import schedule
from tests.quantum.simulation.circuits import dense, random_circuit


def parameters(rng, circuit, batch, dtype=torch.float64):
    shared, batched = rng.normal(size=circuit.shared), rng.normal(size=(batch, circuit.batched))
    return [torch.tensor(part, dtype=dtype, requires_grad=True) for part in (shared, batched)]


def beginning(seed, circuit, batch):
    """Return states to begin with, if the circuit begins with any."""
    if not circuit.prepared:
        return None
    numbers = np.random.default_rng(seed).normal(size=(batch, 2**circuit.wires, 2)) @ [1, 1j]
    numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    return torch.from_numpy(numbers).requires_grad_()


CIRCUITS = (st.integers(0, 2**32), st.integers(1, 6), st.integers(0, 25), st.integers(1, 9))


@given(*CIRCUITS, st.booleans())
@settings(max_examples=80)
def test_values_and_states_are_those_of_dense_matrices(seed, wires, length, batch, prepared):
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, wires, length, prepared=prepared)
    shared, batched = parameters(rng, circuit, batch)
    initial = beginning(seed, circuit, batch)
    values, states = run(schedule(circuit), shared, batched, initial, states=True)
    for b in range(batch):
        first = None if initial is None else initial[b].detach().numpy()
        found = dense(circuit, shared.detach().numpy(), batched[b].detach().numpy(), first)
        assert states[b].detach().numpy() == pytest.approx(found[0], abs=1e-12)
        assert values[b].detach().numpy() == pytest.approx(found[1], abs=1e-12)


@given(*CIRCUITS, st.booleans())
@settings(max_examples=80)
def test_gradients_are_those_of_plain_torch(seed, wires, length, batch, prepared):
    circuit = random_circuit(np.random.default_rng(seed), wires, length, prepared=prepared)
    found = []
    for way in (lambda *given: run(schedule(circuit), *given, states=True),
                lambda *given: run_plainly(circuit, *given)):  # fmt: skip
        given_ = parameters(np.random.default_rng(seed), circuit, batch)
        initial = beginning(seed, circuit, batch)
        values, states = way(*given_, initial)
        given_ += [] if initial is None else [initial]
        weights = torch.from_numpy(np.random.default_rng(seed).normal(size=values.shape))
        aim = torch.from_numpy(
            np.random.default_rng(seed).normal(size=(*states.shape, 2)) @ [1, 1j]
        )
        loss = (weights * values).sum() + (aim.conj() * states).sum().real
        loss = loss + 0 * sum(part.abs().sum() for part in given_)  # which a circuit may not use
        found.append((values.detach(), states.detach(), *torch.autograd.grad(loss, given_)))
    for ours, plain in zip(*found, strict=True):
        assert torch.allclose(ours, plain, rtol=0, atol=1e-11)


def test_gradients_have_gradients():
    circuit = random_circuit(np.random.default_rng(3), 3, 12)
    given_ = parameters(np.random.default_rng(0), circuit, 2)
    plan = schedule(circuit)
    assert torch.autograd.gradgradcheck(lambda *parts: run(plan, *parts)[0], given_)


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(0, 15), st.integers(1, 20))
@settings(max_examples=30)
def test_single_precision_is_double_rounded(seed, wires, length, batch):
    circuit = random_circuit(np.random.default_rng(seed), wires, length)
    found = []
    for dtype in (torch.float32, torch.float64):
        given_ = parameters(np.random.default_rng(seed), circuit, batch, dtype)
        values, states = run(schedule(circuit), *given_, states=True)
        assert values.dtype == dtype
        assert states.dtype == (torch.complex64 if dtype == torch.float32 else torch.complex128)
        loss = values.sum() + 0 * sum(part.sum() for part in given_)
        found.append([values, *torch.autograd.grad(loss, given_)])
    for single, double in zip(*found, strict=True):
        assert torch.allclose(single.double(), double, rtol=0, atol=2e-5)


def test_no_graph_is_kept_where_no_gradient_is_wanted():
    circuit = random_circuit(np.random.default_rng(0), 3, 5)
    values, states = run(schedule(circuit), torch.zeros(4), torch.zeros(2, 3))
    assert not values.requires_grad
    assert states is None
