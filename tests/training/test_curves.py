import math

import pytest
import torch

from nsai.training.curves import moving_mean, steps_to


def test_the_moving_mean_is_that_of_each_window():
    curve = torch.rand(30, generator=torch.Generator().manual_seed(0))
    expected = [float(curve[k : k + 7].mean()) for k in range(24)]
    assert moving_mean(curve, 7).tolist() == pytest.approx(expected, rel=1e-6)
    assert torch.equal(moving_mean(curve, 1), curve)


def test_a_level_is_reached_where_the_first_low_window_ends():
    curve = torch.tensor([4.0, 0.0, 4.0, 1.0, 1.0, 0.0])
    by_hand = next(k for k in range(2, 7) if float(curve[k - 2 : k].mean()) <= 1.5)
    assert steps_to(curve, 1.5, window=2) == by_hand == 5
    assert steps_to(curve, 9.0, window=2) == 2
    assert steps_to(curve, 0.1, window=2) == math.inf


@pytest.mark.parametrize("window", [0, 4])
def test_a_window_that_does_not_fit_is_refused(window):
    with pytest.raises(ValueError, match="window must be 1 to 3 values"):
        moving_mean(torch.ones(3), window)
