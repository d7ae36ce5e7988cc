import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from nsai.training.augment import random_shifts, shift


@given(
    moves=st.lists(st.tuples(st.integers(-7, 7), st.integers(-7, 7)), min_size=1, max_size=4),
    fill=st.sampled_from([0.0, -0.5]),
)
@settings(deadline=None, max_examples=60)
def test_shift_equals_scipy(moves, fill):
    x = torch.rand(len(moves), 2, 5, 6, dtype=torch.float64)
    down, right = torch.tensor(moves).T
    expected = [
        [ndimage.shift(c, move, order=0, cval=fill, prefilter=False) for c in image]
        for image, move in zip(x.numpy(), moves, strict=True)
    ]
    np.testing.assert_array_equal(shift(x, down, right, fill=fill).numpy(), expected)


def test_one_number_moves_all_images_alike():
    x = torch.rand(3, 1, 4, 4)
    each = shift(x, torch.full((3,), 2), torch.full((3,), -1))
    assert torch.equal(shift(x, 2, -1), each)


def test_random_shifts_reach_every_offset_equally_often():
    x = torch.zeros(1, 1, 9, 9)
    x[..., 4, 4] = 1
    batches = [(x.expand(9000, -1, -1, -1), "label")]
    ((moved, label),) = random_shifts(batches, most=1, generator=torch.Generator().manual_seed(0))
    assert label == "label"
    counts = moved.sum((0, 1))
    assert counts[3:6, 3:6].sum() == 9000
    # Nine cells of 1,000 expected each, standard deviation 30.
    assert ((counts[3:6, 3:6] - 1000).abs() < 5 * 30).all()


def test_random_shifts_follow_their_generator():
    def moved(seed):
        x = torch.arange(64.0).reshape(4, 1, 4, 4)
        return next(random_shifts([(x,)], most=3, generator=torch.Generator().manual_seed(seed)))

    assert torch.equal(moved(0)[0], moved(0)[0])
    assert not torch.equal(moved(0)[0], moved(1)[0])


def test_no_shift_leaves_images_alone():
    x = torch.rand(2, 1, 3, 3)
    ((same,),) = random_shifts([(x,)], most=0, generator=torch.Generator())
    assert torch.equal(same, x)


def test_wrong_arguments_say_expected_and_got():
    with pytest.raises(ValueError, match=r"down must be a number or 2 numbers, got shape \(3,\)"):
        shift(torch.zeros(2, 1, 4, 4), torch.zeros(3, dtype=torch.int64), 0)
    with pytest.raises(ValueError, match="most must be >= 0, got -1"):
        next(random_shifts([], most=-1, generator=torch.Generator()))
