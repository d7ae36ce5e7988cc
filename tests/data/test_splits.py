import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.data.mnist import MNIST
from nsai.data.splits import known_split, leading_part, stratified

LABELS = st.lists(st.integers(2, 30), min_size=1, max_size=6).map(
    lambda counts: np.repeat(np.arange(len(counts)), counts)
)
FRACTIONS = st.floats(0.05, 0.95)
SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(LABELS, FRACTIONS, SEEDS, st.randoms(use_true_random=False))
def test_parts_are_disjoint_complete_and_keep_the_shares(labels, fraction, seed, random):
    random.shuffle(labels)
    train = stratified(labels, "train", test_fraction=fraction, seed=seed)
    test = stratified(labels, "test", test_fraction=fraction, seed=seed)
    assert sorted([*train, *test]) == list(range(len(labels)))
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        held = (labels[test] == label).sum()
        assert 1 <= held <= count - 1
        assert abs(held - fraction * count) <= 1


@settings(deadline=None)
@given(LABELS, FRACTIONS, SEEDS)
def test_same_seed_gives_the_same_split(labels, fraction, seed):
    first, again = (
        stratified(labels, "train", test_fraction=fraction, seed=seed) for _ in range(2)
    )
    assert first.tolist() == again.tolist()


def test_another_seed_gives_another_split():
    labels = np.repeat([0, 1], 50)
    parts = [set(stratified(labels, "test", test_fraction=0.2, seed=s)) for s in range(5)]
    assert len({frozenset(part) for part in parts}) == 5


def test_split_is_shuffled_over_the_classes():
    labels = np.repeat([0, 1], 100)
    drawn = labels[stratified(labels, "train", test_fraction=0.2, seed=0)]
    assert 20 < drawn[:80].sum() < 60


def test_split_leaves_the_global_random_state_alone():
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    stratified(np.repeat([0, 1], 5), "train", test_fraction=0.2, seed=0)
    assert np.random.rand() == expected


def test_all_rows_keep_their_order():
    labels = np.array([1, 0, 1, 0])
    assert stratified(labels, "all", test_fraction=0.5, seed=0).tolist() == [0, 1, 2, 3]


def test_class_of_one_row_cannot_be_split():
    with pytest.raises(ValueError, match="class 1 needs at least 2 rows"):
        stratified(np.array([0, 0, 1]), "train", test_fraction=0.5, seed=0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_fraction_must_leave_both_parts(fraction):
    with pytest.raises(ValueError, match="between 0 and 1"):
        stratified(np.array([0, 0]), "train", test_fraction=fraction, seed=0)


def test_unknown_split_is_told():
    with pytest.raises(ValueError, match="'valid'"):
        stratified(np.array([0, 0]), "valid", test_fraction=0.5, seed=0)
    with pytest.raises(ValueError, match="mnist must be one of 'train', 'test'; got 'valid'"):
        known_split(MNIST, "valid")


@settings(deadline=None)
@given(st.text())
def test_leading_part_and_rest_make_the_text(text):
    assert leading_part(text, "train") + leading_part(text, "validation") == text
    assert leading_part(text, "all") == text
