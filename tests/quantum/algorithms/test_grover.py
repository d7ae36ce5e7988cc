"""Oracles as matrices, amplitudes in closed form, mean costs by chance, counting by its law."""

import numpy as np
import pennylane as qml
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from quantum import (
    InputError,
    Oracle,
    best_iterations,
    count_models,
    expected_iterations,
    grover_iteration,
    success_probabilities,
    success_probability,
    truth_table,
)

a, b, c, d = SYMBOLS = sympy.symbols("a b c d")
CNF = (a | b) & (~a | c | d) & (b | ~d) & (~b | ~c)
LITERALS = st.sampled_from([*SYMBOLS, *(~s for s in SYMBOLS)])
CLAUSES = st.lists(st.lists(LITERALS, min_size=1, max_size=3), min_size=1, max_size=4)


def matrix(act, wires):
    return qml.matrix(qml.tape.make_qscript(act)(), wire_order=wires)


def sign(formula):
    """Return the diagonal of the oracle, by substitution."""
    rows = [[bool(x >> k & 1) for k in (3, 2, 1, 0)] for x in range(16)]
    values = [formula.subs(dict(zip(SYMBOLS, row, strict=True))) for row in rows]
    return np.array([-1.0 if bool(value) else 1.0 for value in values])


@given(CLAUSES)
@settings(max_examples=20, deadline=None)
def test_both_oracles_are_the_diagonal_of_the_formula(clauses):
    formula = sympy.And(*(sympy.Or(*clause) for clause in clauses))
    if formula == sympy.false:
        return
    plain = Oracle(formula, SYMBOLS)
    np.testing.assert_allclose(matrix(plain, plain.wires), np.diag(sign(formula)), atol=1e-12)
    computed = Oracle(formula, SYMBOLS, reversible=True)
    rest = 1 << len(computed.ancillas)
    whole = matrix(computed, [*computed.wires, *computed.ancillas]).reshape(16, rest, 16, rest)
    np.testing.assert_allclose(whole[:, 0, :, 0], np.diag(sign(formula)), atol=1e-12)
    np.testing.assert_allclose(whole[:, 1:, :, 0], 0, atol=1e-12)  # ancillas are zero again


@pytest.mark.parametrize("reversible", [False, True])
def test_an_iteration_reflects_about_the_models_and_the_mean(reversible):
    oracle = Oracle(CNF, SYMBOLS, reversible)
    exact = (2 * np.full((16, 16), 1 / 16) - np.eye(16)) @ np.diag(sign(CNF))
    rest = 1 << len(oracle.ancillas)
    wires = [*oracle.wires, *oracle.ancillas]
    whole = matrix(lambda: grover_iteration(oracle), wires).reshape(16, rest, 16, rest)
    np.testing.assert_allclose(whole[:, 0, :, 0], exact, atol=1e-12)
    whole = matrix(lambda: grover_iteration(oracle, "clock"), ["clock", *wires])
    whole = whole.reshape(2, 16, rest, 2, 16, rest)[:, :, 0, :, :, 0]
    np.testing.assert_allclose(whole[0, :, 0], np.eye(16), atol=1e-12)
    np.testing.assert_allclose(whole[1, :, 1], exact, atol=1e-12)


@pytest.mark.parametrize("reversible", [False, True])
@pytest.mark.parametrize("formula", [CNF, a & b & ~c & d, a | b, sympy.true, a & ~a & b | c])
def test_success_has_its_closed_form(formula, reversible):
    oracle = Oracle(sympy.to_cnf(formula), SYMBOLS, reversible)
    found = success_probabilities(oracle, 9)
    exact = success_probability(16, len(oracle.models), np.arange(10))
    np.testing.assert_allclose(found, exact, atol=1e-12)


def test_the_best_number_is_the_best_of_the_first_turn():
    for marked in (1, 2, 5, 9):
        turn = success_probability(256, marked, np.arange(14))
        peak = np.argmax(turn[: int(np.pi / 2 * np.sqrt(256 / marked)) + 1])
        assert best_iterations(256, marked) == peak
    assert best_iterations(4, 1) == 1


def test_mean_iterations_are_those_of_searches():
    success = success_probability(64, 3, np.arange(9))
    rng, costs = np.random.default_rng(0), []
    for _ in range(4_000):
        m, cost = 1.0, 0
        while True:
            j = rng.integers(int(np.ceil(m)))
            cost += j
            if rng.random() < success[j]:
                break
            m = min(6 / 5 * m, 8.0)
        costs.append(cost)
    error = np.std(costs) / len(costs) ** 0.5
    assert expected_iterations(success) == pytest.approx(np.mean(costs), abs=5 * error)


@pytest.mark.parametrize("marked", [1, 3, 17, 100, 700])
def test_an_unknown_number_of_models_costs_what_is_proved(marked):
    theta = np.arcsin(np.sqrt(marked / 1024))
    found = expected_iterations(success_probability(1024, marked, np.arange(33)))
    assert found <= 4.5 / np.sin(2 * theta)  # Boyer et al. 1998


def test_nothing_to_find_is_never_found():
    assert expected_iterations(np.zeros(9)) == float("inf")


@pytest.mark.parametrize("reversible", [False, True])
def test_counting_has_the_law_of_phase_estimation(reversible):
    oracle = Oracle(CNF, SYMBOLS, reversible)
    estimates, found = count_models(oracle, 4)
    theta, y = np.arcsin(np.sqrt(len(oracle.models) / 16)), np.arange(16)

    def law(phase):
        kernel = np.exp(2j * np.pi * np.outer(phase - y / 16, np.arange(16))).sum(1)
        return np.abs(kernel / 16) ** 2

    np.testing.assert_allclose(found, (law(theta / np.pi) + law(-theta / np.pi)) / 2, atol=1e-12)
    np.testing.assert_allclose(estimates, 16 * np.sin(np.pi * y / 16) ** 2)


def test_pennylane_simulates_the_same():
    oracle = Oracle(CNF, SYMBOLS, reversible=True)

    @qml.qnode(qml.device("default.qubit", wires=[*oracle.wires, *oracle.ancillas]))
    def circuit():
        for wire in oracle.wires:
            qml.Hadamard(wire)
        grover_iteration(oracle)
        grover_iteration(oracle)
        return qml.probs(wires=oracle.wires)

    exact = success_probabilities(oracle, 2)[-1]
    assert circuit()[oracle.models].sum() == pytest.approx(exact, abs=1e-12)


def test_tables_are_those_of_sympy():
    rows = truth_table(CNF, SYMBOLS)
    np.testing.assert_array_equal(rows, sign(CNF) < 0)
    assert truth_table(sympy.true, [a]).tolist() == [True, True]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Oracle(a & b, (a,)), "b is not among the symbols"),
        (lambda: Oracle(sympy.true, ()), "1 to 16 symbols, got 0"),
        (lambda: Oracle(a ^ b, (a, b), reversible=True), "is no clause"),
        (lambda: best_iterations(8, 0), "1 to 8 marked states, got 0"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
