"""Gradients through time: finite differences, powers, products of gates, bounds."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nsai.models.recurrent import CELLS
from nsai.models.through_time import memory_jacobians, step_at_rest, unroll

KINDS = sorted(CELLS)


def double(kind, inputs=3, units=5, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return CELLS[kind](inputs, units, generator=generator, dtype=torch.float64, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_jacobians_are_those_of_finite_differences(kind):
    cell = double(kind)
    x = torch.randn(1, 4, 3, dtype=torch.float64)
    first = tuple(torch.randn(cell.parts, 1, 5, dtype=torch.float64))
    found = memory_jacobians(cell, x, first)
    step = 1e-6
    for t in range(4):
        state = unroll(cell, x, first)[t]
        for j in range(5):
            ends = []
            for sign in (1, -1):
                moved = state[-1].clone()
                moved[0, j] += sign * step
                h = moved if kind != "lstm" else output(cell, x, first, t) * moved.tanh()
                begin = (h, moved) if kind == "lstm" and t else (*state[:-1], moved)
                ends.append(unroll(cell, x[:, t:], begin)[-1][-1])
            slope = (ends[0] - ends[1])[0] / (2 * step)
            assert torch.allclose(found[t][:, j], slope, atol=1e-7)
    assert torch.equal(found[4], torch.eye(5, dtype=torch.float64))


def output(cell, x, first, t):
    """Return the output gate of step t, through which h depends on c."""
    state = unroll(cell, x[:, : t - 1], first)[-1] if t else first
    return cell.activities(x[:, t - 1], state[0])[3]


@given(st.integers(1, 6), st.integers(0, 8), st.integers(0, 100))
def test_a_linear_network_has_powers_of_its_matrix(units, time, seed):
    cell = double("rnn", 2, units, seed, activation=nn.Identity())
    with torch.no_grad():
        cell.weight_hh.normal_(generator=torch.Generator().manual_seed(seed))
    x = torch.randn(1, time, 2, dtype=torch.float64)
    J = memory_jacobians(cell, x)
    for t in range(time + 1):
        power = torch.linalg.matrix_power(cell.weight_hh.detach(), time - t)
        assert torch.allclose(J[t], power, rtol=1e-10, atol=1e-12)


@given(st.floats(0.1, 0.99), st.integers(0, 100))
def test_tanh_forgets_at_least_as_fast_as_its_matrix(gain, seed):
    cell = double("rnn", 2, 6, seed)
    with torch.no_grad():
        cell.weight_hh *= gain
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 12, 2, dtype=torch.float64, generator=generator)
    norms = torch.linalg.matrix_norm(memory_jacobians(cell, x), 2)
    lags = torch.arange(12, -1, -1)
    assert (norms <= gain**lags * (1 + 1e-9)).all()


@given(st.floats(-3, 6), st.integers(0, 100))
def test_without_u_memory_decays_by_its_forget_gates(bias, seed):
    cell = double("lstm", 2, 4, seed, forget_bias=bias)
    with torch.no_grad():
        cell.weight_hh.zero_()
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 6, 2, dtype=torch.float64, generator=generator)
    J = memory_jacobians(cell, x)
    kept = torch.stack([cell.activities(v, cell.start(1)[0])[1][0] for v in x.unbind(1)])
    for t in range(7):
        assert torch.allclose(J[t], kept[t:].prod(0).diag(), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@given(st.floats(-2, 4), st.integers(0, 100))
def test_at_rest_each_step_is_the_same(kind, bias, seed):
    cell = double(kind, seed=seed, forget_bias=bias) if kind == "lstm" else double(kind, seed=seed)
    J = memory_jacobians(cell, torch.zeros(1, 7, 3).double())
    step = step_at_rest(cell)
    for t in range(1, 8):
        assert torch.allclose(J[t], torch.linalg.matrix_power(step, 7 - t), atol=1e-12)


def test_radii_at_rest_are_those_of_the_closed_forms():
    radii = {}
    for kind in KINDS:
        eigenvalues = torch.linalg.eigvals(step_at_rest(double(kind, units=200)))
        radii[kind] = eigenvalues.abs().max().item()
    assert radii["rnn"] == pytest.approx(1)
    assert radii["gru"] == pytest.approx(0.75, abs=1e-3)
    assert radii["lstm"] == pytest.approx(torch.tensor(1.0).sigmoid().item() + 0.25, abs=1e-3)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"one sequence of shape \(1, time, inputs\), got 2"):
        memory_jacobians(double("rnn", 1, 1), torch.zeros(2, 3, 1).double())
    cell = double("lstm")
    with torch.no_grad():
        cell.bias_ih[0] = 0.5
    with pytest.raises(ValueError, match="biases but that of the forget gate"):
        step_at_rest(cell)
