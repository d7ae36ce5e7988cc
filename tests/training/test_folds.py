import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.training.folds import folds


@given(st.integers(2, 60), st.data())
def test_every_sample_is_tested_once_and_never_by_its_own_training_set(samples, data):
    count = data.draw(st.integers(2, samples))
    parts = folds(samples, count, generator=torch.Generator().manual_seed(0))
    assert len(parts) == count
    assert sorted(torch.cat([test for _, test in parts]).tolist()) == list(range(samples))
    for train, test in parts:
        assert sorted(train.tolist() + test.tolist()) == list(range(samples))
        assert samples // count <= len(test) <= -(-samples // count)


def test_divisions_differ_with_the_seed_and_repeat_with_it():
    def tests(seed):
        g = torch.Generator().manual_seed(seed)
        return [test.tolist() for _, test in folds(50, 5, generator=g)]

    assert tests(1) == tests(1)
    assert tests(1) != tests(2)
    assert tests(1) != [list(range(k, k + 10)) for k in range(0, 50, 10)]


@pytest.mark.parametrize("count", [1, 6])
def test_impossible_counts_are_named(count):
    with pytest.raises(ValueError, match=f"2 … 5 .*got {count}"):
        folds(5, count, generator=torch.Generator())
