"""Sums of images against Python's integers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.data import Labelled, add_digits, sums_of_images


def number(digits: torch.Tensor, base: int) -> int:
    value = 0
    for digit in digits.tolist():
        value = value * base + digit
    return value


@given(st.integers(1, 30), st.integers(2, 16), st.integers(0, 2**31))
def test_digits_add_as_integers_do(digits: int, base: int, seed: int):
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randint(base, (3, 2, digits), generator=generator)
    for (a, b), total in zip(numbers, add_digits(numbers, base), strict=True):
        assert len(total) == digits + 1
        assert number(total, base) == number(a, base) + number(b, base)


def test_each_image_is_used_once_and_goes_with_its_digit():
    y = torch.randint(10, (47,), generator=torch.Generator().manual_seed(0))
    images = Labelled(torch.arange(47.0)[:, None, None, None].expand(47, 1, 2, 2), y)
    made = sums_of_images(images, 3, torch.Generator().manual_seed(1))
    assert made.x.shape == (7, 2, 3, 1, 2, 2)
    used = made.x[..., 0, 0, 0].long()
    assert used.unique().numel() == 42
    assert y[used].equal(made.truth)
    assert made.total.equal(add_digits(made.truth))


def test_order_is_kept_without_a_generator_and_drawn_with_one():
    images = Labelled(torch.arange(40.0), torch.zeros(40, dtype=torch.int64))
    assert sums_of_images(images, 2).x.flatten().equal(images.x)
    once, again, other = (
        sums_of_images(images, 2, torch.Generator().manual_seed(s)).x for s in (0, 0, 1)
    )
    assert once.equal(again)
    assert not once.equal(other)


@pytest.mark.parametrize("digits", [0, -1, 3])
def test_too_few_images_are_refused(digits: int):
    images = Labelled(torch.zeros(5), torch.zeros(5, dtype=torch.int64))
    with pytest.raises(ValueError, match=f"2 \\* digits images, got {digits} and 5"):
        sums_of_images(images, digits)
