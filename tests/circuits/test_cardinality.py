"""Circuits of counts against binomial coefficients."""

import itertools
from math import comb

import pytest

from nsai.circuits import cardinality, check
from nsai.circuits.semirings import Probability, evaluate

BOUNDS = [(n, low, high) for n in range(1, 9) for low in range(n + 1) for high in range(low, n + 1)]


def test_counts_are_sums_of_binomials_and_all_properties_hold():
    for n, low, high in BOUNDS:
        nnf = cardinality(n, low, high)
        assert nnf.model_count() == sum(comb(n, k) for k in range(low, high + 1)), (n, low, high)
        check(nnf, "decomposable", "deterministic")
        if (low, high) != (0, n):
            check(nnf, "smooth")


@pytest.mark.parametrize(("n", "low", "high"), [b for b in BOUNDS if b[0] == 5])
def test_the_models_are_those_with_so_many_true(n, low, high):
    nnf = cardinality(n, low, high)
    for row in itertools.product([0, 1], repeat=n):
        held = evaluate(nnf, Probability(), row, [1 - x for x in row])
        assert held == (low <= sum(row) <= high), row


@pytest.mark.parametrize(("low", "high"), [(0, 1), (1, 1), (999, 999), (999, 1000)])
def test_size_is_linear(low, high):
    nnf = cardinality(1000, low, high)
    assert nnf.edges <= 9 * 1000
    assert nnf.model_count() == sum(comb(1000, k) for k in range(low, high + 1))


def test_exactly_one_of_a_thousand_has_all_properties():
    check(cardinality(1000, 1, 1), "decomposable", "smooth", "deterministic")


@pytest.mark.parametrize("bounds", [(3, 2, 1), (3, -1, 1), (3, 0, 4), (0, 0, 0)])
def test_bounds_out_of_order_are_refused(bounds):
    with pytest.raises(ValueError, match=r"0 <= low <= high <= n and n >= 1"):
        cardinality(*bounds)
