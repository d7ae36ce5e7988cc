"""The adding problem: marks, sums, and what a guess without memory costs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.data.adding import adding_problem


@given(st.integers(2, 40), st.integers(0, 1000))
def test_one_number_of_each_half_is_marked(length, seed):
    x, y = adding_problem(7, length, torch.Generator().manual_seed(seed))
    assert x.shape == (7, length, 2)
    assert set(x[..., 1].unique().tolist()) <= {0.0, 1.0}
    assert (x[:, : length // 2, 1].sum(1) == 1).all()
    assert (x[:, length // 2 :, 1].sum(1) == 1).all()
    for sequence, total in zip(x.tolist(), y[:, 0].tolist(), strict=True):
        assert total == pytest.approx(sum(n for n, mark in sequence if mark), rel=1e-6)


def test_the_best_guess_is_wrong_by_a_sixth():
    _, y = adding_problem(100_000, 2, torch.Generator().manual_seed(0))
    assert (y - 1).square().mean().item() == pytest.approx(1 / 6, abs=0.003)
    assert y.mean().item() == pytest.approx(1, abs=0.006)


def test_every_place_is_marked_alike():
    x, _ = adding_problem(20_000, 7, torch.Generator().manual_seed(1))
    shares = x[..., 1].mean(0)
    assert torch.allclose(shares, torch.tensor([1 / 3] * 3 + [1 / 4] * 4), atol=0.015)


def test_the_same_seed_gives_the_same_sequences():
    first, second = (adding_problem(5, 9, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.x, second.x)


@pytest.mark.parametrize(("samples", "length"), [(0, 10), (3, 1)])
def test_impossible_sizes_are_refused(samples, length):
    with pytest.raises(ValueError, match=f"got {samples} and {length}"):
        adding_problem(samples, length)
