"""Mackey–Glass: against closed forms, a general solver, and the attractor's own laws."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.interpolate import BarycentricInterpolator

from nsai import data
from nsai.data.collocation import collocation, interpolate
from nsai.data.mackey_glass import solve_mackey_glass


def by_steps(tau, past, delays):
    """Solve one delay after the other with a general solver, on its own dense output."""
    pieces, start = [], past
    for k in range(delays):
        before = (lambda t: past) if k == 0 else (lambda t, piece=pieces[-1]: piece(t)[0])

        def slope(t, x, before=before):
            d = before(t - tau)
            return [0.2 * d / (1 + d**10) - 0.1 * x[0]]

        found = solve_ivp(
            slope, (k * tau, (k + 1) * tau), [start], "DOP853", rtol=1e-12, atol=1e-13,
            dense_output=True, max_step=0.5,
        )  # fmt: skip
        pieces.append(found.sol)
        start = found.y[0, -1]
    return lambda t: pieces[min(int(t // tau), delays - 1)](t)[0]


def test_first_delay_follows_the_closed_form():
    for tau, chaos in data.MACKEY_GLASS.items():
        t = np.linspace(0, tau, 50)
        level = 2 * chaos.past / (1 + chaos.past**10)
        expected = level + (chaos.past - level) * np.exp(-0.1 * t)
        np.testing.assert_allclose(
            solve_mackey_glass(t, float(tau), chaos.past), expected, rtol=1e-13
        )


@pytest.mark.parametrize("tau", [17, 24, 30])
def test_a_general_solver_finds_the_same(tau):
    past, tau = data.MACKEY_GLASS[tau].past, float(tau)
    t = np.linspace(0, 6 * tau, 400)
    solution = by_steps(tau, past, 6)
    expected = [solution(value) for value in t]
    np.testing.assert_allclose(solve_mackey_glass(t, tau, past), expected, rtol=0, atol=1e-10)


def test_finer_pieces_and_higher_degrees_change_nothing():
    t = np.linspace(0, 400, 1001)
    reference = solve_mackey_glass(t, 17.0, 0.7, degree=24, longest=0.8)
    for degree, longest in ((16, 2.5), (20, 1.5), (12, 0.8)):
        found = solve_mackey_glass(t, 17.0, 0.7, degree=degree, longest=longest)
        assert np.abs(found - reference).max() < 1e-12


def test_an_equilibrium_stays():
    # 0.2 x / (1 + x^10) = 0.1 x at x = 1
    np.testing.assert_allclose(solve_mackey_glass(np.arange(0, 60.0), 17.0, 1.0), 1, atol=1e-12)


def test_other_parameters_follow_their_equation():
    t, h = np.array([9.0, 33.0, 47.0]), 1e-4
    beta, gamma, n, tau = 0.3, 0.2, 7, 12.5

    def x(at):
        return solve_mackey_glass(at, tau, 0.4, beta=beta, gamma=gamma, n=n)

    slope = (x(t + h) - x(t - h)) / (2 * h)
    late = np.where(t < tau, 0.4, x(np.maximum(t - tau, 0)))
    np.testing.assert_allclose(slope, beta * late / (1 + late**n) - gamma * x(t), atol=1e-8)


def test_plain_python_arithmetic_gives_the_same_bits():
    tau, past, pieces = 17.0, 0.7206597, 20
    each = math.ceil(tau / 2.5)
    nodes, _, forced, free = collocation(16, tau / each, 0.1)
    x = [[past] * 17] * each
    for k in range(each, each + pieces):
        push = []
        for value in x[k - each]:
            square = value * value
            push.append(0.2 * value / (1 + square * ((square * square) * (square * square))))
        row = [f * x[k - 1][-1] for f in free]
        for j in range(1, 17):
            row = [total + part * push[j] for total, part in zip(row, forced[j], strict=True)]
        x.append(row)
    k = np.arange(pieces)
    found = solve_mackey_glass((k + nodes[8]) * (tau / each), tau, past)
    exact = (k + nodes[8]) * (tau / each) / (tau / each) - k == nodes[8]  # times that round to it
    assert exact.sum() > 3
    expected = np.array([row[8] for row in x[each:]])
    assert np.array_equal(found[exact], expected[exact])


def test_interpolation_is_that_of_scipy():
    nodes, weights, _, _ = collocation(9, 1.0, 0.3)
    values = np.random.default_rng(0).normal(size=(5, 10))
    place = np.array([0.0, 0.21, 0.5, 0.77, 1.0])
    expected = [
        BarycentricInterpolator(nodes, row)(at) for row, at in zip(values, place, strict=True)
    ]
    np.testing.assert_allclose(interpolate(values, place, nodes, weights), expected, atol=1e-12)


def test_series_have_the_points_of_neurobench():
    for tau, chaos in data.MACKEY_GLASS.items():
        x = data.mackey_glass(tau, lyapunov_times=2)
        assert x.dtype == torch.float64
        assert x.shape == (150,)
        t = tau + np.array([0, 74, 149]) * chaos.lyapunov_time / 75
        expected = solve_mackey_glass(t, float(tau), chaos.past)
        np.testing.assert_allclose(x[[0, 74, 149]].numpy(), expected, rtol=0, atol=1e-12)


def test_small_errors_grow_about_as_the_lyapunov_time_says():
    tau, (lyapunov_time, past) = 17.0, data.MACKEY_GLASS[17]
    t = np.arange(0, 16 * lyapunov_time, 1.0)
    one, two = (solve_mackey_glass(t, tau, past + shift) for shift in (0, 1e-10))
    apart = np.log(np.abs(one - two)[2 * lyapunov_time :])
    rate = np.polyfit(t[2 * lyapunov_time :], apart, 1)[0]
    assert 0.7 < rate * lyapunov_time < 1.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tau": 16}, "tau must be a whole number from 17 to 30, got 16"),
        ({"lyapunov_times": 0}, "at least one sample"),
        ({"points": 0}, "at least one sample"),
    ],
)
def test_series_that_are_not_there_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.mackey_glass(**arguments)


def test_impossible_equations_are_refused():
    with pytest.raises(ValueError, match="times must be one or more numbers from 0 on"):
        solve_mackey_glass(np.array([-1.0]), 17.0, 0.5)
    with pytest.raises(ValueError, match="times must be"):
        solve_mackey_glass(np.array([np.nan]), 17.0, 0.5)
    with pytest.raises(ValueError, match="must be positive, got -1"):
        solve_mackey_glass(np.array([1.0]), -1.0, 0.5)
    with pytest.raises(ValueError, match="degree 2 to 30, got 10 and 40"):
        solve_mackey_glass(np.array([1.0]), 17.0, 0.5, degree=40)
