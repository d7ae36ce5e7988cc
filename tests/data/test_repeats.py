"""Sequences that repeat themselves, by definition."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.data import repeats


@given(st.integers(0, 1000), st.integers(1, 20), st.integers(1, 6), st.integers(0, 4))
def test_a_known_symbol_is_the_one_behind_the_last_occurrence(seed, length, least, more):
    g = torch.Generator().manual_seed(seed)
    tokens, known = repeats(3, length, symbols=12, least=least, most=least + more, generator=g)
    assert tokens.shape == (3, length + 1)
    for row, marks in zip(tokens.tolist(), known.tolist(), strict=True):
        for t, mark in enumerate(marks):
            before = [s for s in range(t) if row[s] == row[t]]
            assert mark == bool(before)
            assert not mark or row[t + 1] == row[before[-1] + 1]


def test_periods_and_symbols_are_equally_likely():
    g = torch.Generator().manual_seed(0)
    tokens, known = repeats(6000, 8, symbols=5, least=2, most=4, generator=g)
    periods = (~known).sum(1)
    assert torch.bincount(periods)[2:].double().div(6000) == pytest.approx([1 / 3] * 3, abs=0.03)
    assert torch.bincount(tokens[:, 0]).double().div(6000) == pytest.approx([0.2] * 5, abs=0.03)


@pytest.mark.parametrize(("least", "most"), [(0, 3), (4, 3), (2, 9)])
def test_periods_that_cannot_be_are_named(least, most):
    with pytest.raises(ValueError, match=rf"got {least}, {most} and 8"):
        repeats(1, 5, symbols=8, least=least, most=most, generator=torch.Generator().manual_seed(0))
