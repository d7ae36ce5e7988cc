import itertools
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.models.threshold import (
    Impossibility,
    ThresholdUnit,
    corners,
    infeasibility_certificate,
    is_threshold_function,
    parity,
    realise,
)


def computed_by_small_integers(n: int, largest: int) -> set[tuple[int, ...]]:
    """Oracle: every table that integer weights up to `largest` compute, by trying them all."""
    weights = torch.tensor(list(itertools.product(range(-largest, largest + 1), repeat=n)))
    totals = weights @ corners(n).T
    tables = set()
    for theta in range(-n * largest, n * largest + 2):
        tables |= {tuple(row) for row in (totals >= theta).int().tolist()}
    return tables


@pytest.mark.parametrize(("n", "largest", "count"), [(1, 1, 4), (2, 1, 14), (3, 2, 104)])
def test_decision_agrees_with_trying_all_small_integer_weights(n, largest, count):
    realisable = computed_by_small_integers(n, largest)
    assert len(realisable) == count
    for table in itertools.product((0, 1), repeat=2**n):
        assert is_threshold_function(table) == (table in realisable)


@given(st.lists(st.integers(-9, 9), min_size=4, max_size=4), st.integers(-20, 20))
def test_realised_unit_computes_the_table_of_any_integer_unit(weights, threshold):
    table = ThresholdUnit(weights, threshold)(corners(4)).int().tolist()
    unit = realise(table)
    assert unit is not None
    assert unit(corners(4)).int().tolist() == table
    assert infeasibility_certificate(table) is None


@pytest.mark.parametrize("n", range(2, 9))
def test_parity_has_a_proof_and_no_unit(n):
    proof = infeasibility_certificate(parity(n))
    assert proof is not None
    assert proof.holds
    assert realise(parity(n)) is None


def test_uniform_mixture_proves_parity_impossible_without_a_solver():
    each = Fraction(1, 16)
    assert Impossibility(parity(5), (each,) * 32).holds


@pytest.mark.parametrize(
    "mixture",
    [
        (1, 1, 0, 0),  # valid mixtures of different points
        (Fraction(1, 2), Fraction(1, 2), Fraction(1, 2), 0),  # ones do not sum to 1
        (-1, Fraction(1, 2), Fraction(1, 2), 2),  # negative part
    ],
)
def test_false_proofs_are_rejected(mixture):
    assert not Impossibility(parity(2), tuple(Fraction(m) for m in mixture)).holds


def test_a_true_mixture_does_not_prove_a_threshold_function_impossible():
    half = Fraction(1, 2)
    assert not Impossibility((0, 0, 0, 1), (half, half, half, half)).holds


def test_first_input_is_the_most_significant_bit():
    assert corners(3)[4].tolist() == [1, 0, 0]
    assert ThresholdUnit([1, 0, 0], 1)(corners(3)).int().tolist() == [0] * 4 + [1] * 4


@pytest.mark.parametrize("constant", [0, 1])
def test_constants_are_realised(constant):
    unit = realise([constant] * 8)
    assert unit is not None
    assert unit(corners(3)).int().tolist() == [constant] * 8


def test_unit_survives_a_state_dict_round_trip():
    other = ThresholdUnit([0, 0], 0)
    other.load_state_dict(ThresholdUnit([3, -1], 2).state_dict())
    assert other(corners(2)).int().tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("table", "message"),
    [([0, 1, 1], "2\\*\\*n entries, got 3"), ([0, 2], "zeros and ones"), ([], "got 0")],
)
def test_bad_tables_are_named(table, message):
    with pytest.raises(ValueError, match=message):
        is_threshold_function(table)


def test_negative_dimension_is_refused():
    with pytest.raises(ValueError, match="got -1"):
        corners(-1)
