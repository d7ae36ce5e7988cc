import pytest
import torch

from nsai.training.finite_differences import central_differences


def test_slopes_equal_the_closed_form():
    w = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    b = torch.tensor([0.3, -0.7], dtype=torch.float64)
    by_w, by_b = central_differences(lambda: (w.sin() * b).sum(), [w, b])
    torch.testing.assert_close(by_w, w.cos() * b, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(by_b, w.sin().sum(0), rtol=1e-9, atol=1e-9)


def test_quadratics_are_exact_at_any_step():
    w = torch.tensor([2.0], dtype=torch.float64)
    (slope,) = central_differences(lambda: 3 * (w**2).sum(), [w], step=1.0)
    assert slope.item() == 12.0


def test_parameters_are_put_back_exactly_even_if_they_require_gradients():
    w = torch.nn.Parameter(torch.rand(5, 4, generator=torch.Generator().manual_seed(1)))
    before = w.detach().clone()
    central_differences(lambda: w.sum(), [w])
    assert torch.equal(w, before)


def test_a_step_that_is_not_positive_is_named():
    with pytest.raises(ValueError, match="got 0"):
        central_differences(lambda: torch.zeros(()), [], step=0.0)
