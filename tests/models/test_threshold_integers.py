"""Small weights, exchanges and votes against linear programmes and plain enumeration."""

import itertools
from fractions import Fraction

import pytest
import torch

from nsai.models.threshold import Impossibility, corners, is_threshold_function
from nsai.models.threshold_census import census
from nsai.models.threshold_integers import computed_tables, exchanges, fewest_units, votes

# OEIS A000609 and A003217.
COUNTS = {1: 4, 2: 14, 3: 104, 4: 1882, 5: 94572, 6: 15028134}
TOTALS = {1: 1, 2: 3, 3: 5, 4: 9, 5: 17, 6: 35}


def code(table) -> int:
    return sum(v << corner for corner, v in enumerate(table))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_small_weights_compute_what_the_linear_programme_says(n):
    tables = itertools.product((0, 1), repeat=2**n)
    expected = sorted(code(t) for t in tables if is_threshold_function(t))
    assert computed_tables(n, 2).tolist() == expected


def test_weights_up_to_two_are_not_enough_for_four_inputs():
    assert len(computed_tables(4, 2)) < len(computed_tables(4, 3)) == 1882


@pytest.mark.parametrize("n", [2, 3])
def test_exchanges_are_all_there_and_true(n):
    cube = corners(n)
    found = {tuple(row) for row in exchanges(n).tolist()}
    pairs = list(itertools.combinations(range(2**n), 2))
    for a, b in itertools.product(pairs, repeat=2):
        same = torch.equal(cube[list(a)].sum(0), cube[list(b)].sum(0))
        assert ((*a, *b) in found) == (same and a != b)


@pytest.mark.parametrize("n", [2, 3])
def test_an_exchange_speaks_against_just_the_others(n):
    moves = exchanges(n).tolist()
    for table in itertools.product((0, 1), repeat=2**n):
        against = [m for m in moves if [table[c] for c in m] == [1, 1, 0, 0]]
        assert bool(against) != is_threshold_function(table)
        if against:
            mixture = [Fraction(c in against[0], 2) for c in range(2**n)]
            assert Impossibility(table, tuple(mixture)).holds


@pytest.mark.parametrize("n", COUNTS)
def test_votes_give_the_published_counts_and_totals(n):
    found = votes(n, TOTALS[n] + 4)
    assert sum(v.functions for v in found) == COUNTS[n]
    assert found[-1].total == TOTALS[n]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_votes_agree_with_the_census_by_linear_programmes(n):
    assert sum(v.functions for v in votes(n, TOTALS[n])) == census(n).threshold


@pytest.mark.parametrize("n", [1, 2])
def test_each_function_is_counted_at_its_lightest_vote(n):
    signs = 2 * corners(n + 1) - 1
    lightest: dict[tuple[bool, ...], int] = {}
    for weights in itertools.product(range(-3, 4), repeat=n + 1):
        sums, total = signs @ torch.tensor(weights), sum(map(abs, weights))
        if bool((sums != 0).all()):
            table = tuple((sums > 0).tolist())
            lightest[table] = min(total, lightest.get(table, total))
    for v in votes(n, 9):
        assert v.functions == sum(total == v.total for total in lightest.values())


def test_votes_are_odd_and_their_weights_add_up():
    for v in votes(4, 9):
        assert v.total % 2 == 1
        assert (v.classes.sum(1) == v.total).all()


@pytest.mark.parametrize("n", [1, 2])
def test_fewest_units_equals_trying_all_collections(n):
    units = computed_tables(n, 1)[:5]
    needed = fewest_units(units, n)
    for function in range(2**2**n):
        sizes = [
            size
            for size in range(len(units) + 1)
            for chosen in itertools.combinations(units.tolist(), size)
            if code([any(u >> c & 1 for u in chosen) for c in range(2**n)]) == function
        ]
        assert int(needed[function]) == min(sizes, default=-1)


def test_parity_of_three_needs_a_unit_for_each_of_its_corners():
    odd = code((corners(3).sum(1) % 2).tolist())
    assert int(fewest_units(computed_tables(3, 2), 3)[odd]) == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: computed_tables(6, 1), "1 … 5"),
        (lambda: computed_tables(2, 0), "at least 1"),
        (lambda: votes(8, 3), "1 … 7"),
        (lambda: fewest_units(torch.tensor([0]), 5), "1 … 4"),
    ],
)
def test_arguments_out_of_range_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
