"""The schedule against nanoGPT's own function."""

import itertools
import math

import pytest
import torch

from nsai.training.schedule import warmup_then_decay


def rates(count, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = warmup_then_decay(optimizer, **options)
    seen = []
    for _ in range(count):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def nanogpt(it, learning_rate, warmup_iters, lr_decay_iters, min_lr):
    """Return the rate as nanoGPT's train.py computes it (get_lr)."""
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    decay_ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    coeff = 0.5 * (1.0 + math.cos(math.pi * decay_ratio))
    return min_lr + coeff * (learning_rate - min_lr)


@pytest.mark.parametrize("warmup", [0, 1, 10])
def test_cosine_is_nanogpts(warmup):
    wanted = [nanogpt(i, 2.0, warmup, 40, 0.2) for i in range(60)]
    assert rates(60, warmup=warmup, steps=40, floor=0.1) == pytest.approx(wanted)


def test_linear_falls_evenly_to_the_floor_and_stays():
    found = rates(14, warmup=2, steps=10, floor=0.5, shape="linear")
    falls = [a - b for a, b in itertools.pairwise(found[2:11])]
    assert falls == pytest.approx([2.0 * 0.5 / 8] * 8)
    assert found[10:] == [1.0] * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"warmup": 5, "steps": 5}, r"warmup must lie in \[0, steps = 5\), got 5"),
        ({"warmup": -1, "steps": 5}, "got -1"),
        ({"warmup": 0, "steps": 5, "floor": 1.5}, r"floor must lie in \[0, 1\], got 1.5"),
    ],
)
def test_errors_say_expected_and_got(options, message):
    with pytest.raises(ValueError, match=message):
        rates(1, **options)
