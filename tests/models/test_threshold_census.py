import itertools

import pytest
import torch

from nsai.models.threshold import corners, is_threshold_function
from nsai.models.threshold_census import census, monotone_functions

# OEIS A000609.
PUBLISHED = {0: 2, 1: 4, 2: 14, 3: 104, 4: 1882, 5: 94572}


@pytest.mark.parametrize("n", PUBLISHED)
def test_census_gives_the_published_counts(n):
    assert census(n).threshold == PUBLISHED[n]


def test_census_of_three_inputs_equals_asking_every_function():
    every = sum(is_threshold_function(t) for t in itertools.product((0, 1), repeat=8))
    assert census(3).threshold == every


def test_census_of_four_inputs_equals_trying_all_integer_weights():
    # Integer weights up to 3 suffice for four inputs (Muroga 1971).
    weights = torch.tensor(list(itertools.product(range(-3, 4), repeat=4)))
    totals = weights @ corners(4).T
    powers = 2 ** torch.arange(16)
    codes = [((totals >= theta) * powers).sum(1) for theta in range(-12, 14)]
    assert census(4).threshold == len(torch.cat(codes).unique())


def test_census_has_one_certificate_a_class():
    found = census(4)
    assert len(found.units) + len(found.proofs) == 30  # classes under permuted inputs
    assert all(proof.holds for proof in found.proofs)
    assert found.functions == 65_536


@pytest.mark.parametrize("n", range(4))
def test_monotone_functions_equal_the_definition(n):
    cube = corners(n).tolist()
    below = [
        (i, j)
        for i, a in enumerate(cube)
        for j, b in enumerate(cube)
        if all(x <= y for x, y in zip(a, b, strict=True))
    ]
    expected = {
        table
        for table in itertools.product((0, 1), repeat=2**n)
        if all(table[i] <= table[j] for i, j in below)
    }
    assert set(monotone_functions(n)) == expected


def test_six_inputs_are_refused():
    with pytest.raises(ValueError, match="0 … 5"):
        census(6)
