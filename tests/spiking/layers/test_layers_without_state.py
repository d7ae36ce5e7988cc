"""Sums of patches, factors and thresholds against what they are by definition."""

import pytest
import torch

from spiking import Boxcar, Scale, SumPool2d, Threshold


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(2, None, 0), (3, 2, 1), ((2, 3), (1, 2), (1, 0))]
)
def test_sum_pool_sums_patches(kernel, stride, padding):
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    layer = SumPool2d(kernel, stride, padding)
    patches = torch.nn.functional.unfold(
        x.reshape(6, 1, 7, 8), layer.kernel_size, padding=padding, stride=layer.stride
    )
    expected = patches.sum(1)
    torch.testing.assert_close(layer(x).reshape(6, -1), expected, rtol=1e-12, atol=1e-12)


def test_threshold_fires_strictly_above_with_the_surrogates_gradient():
    layer = Threshold(torch.tensor([0.5, 1.0]), Boxcar(0.5), learn=("threshold",))
    x = torch.tensor([[0.5, 1.1]], requires_grad=True)
    out = layer(x)
    assert out.tolist() == [[0.0, 1.0]]
    out.sum().backward()
    slope = Boxcar(0.5).derivative(torch.tensor([[0.0, 0.1]]))
    torch.testing.assert_close(x.grad, slope)
    torch.testing.assert_close(layer.threshold.grad, -slope[0])


def test_scale_multiplies_and_learns():
    layer = Scale(torch.tensor([2.0, 3.0]), learn=("scale",))
    out = layer(torch.tensor([[1.0, 1.0], [0.5, 2.0]]))
    assert out.tolist() == [[2.0, 3.0], [1.0, 6.0]]
    out.sum().backward()
    assert layer.scale.grad.tolist() == [1.5, 3.0]


def test_faults_name_the_argument():
    with pytest.raises(ValueError, match="positive kernel_size"):
        SumPool2d(0)
    with pytest.raises(ValueError, match="scale must be finite, got nan"):
        Scale(torch.tensor([1.0, torch.nan]))
    with pytest.raises(ValueError, match=r"learn must be \(\) or \('scale',\)"):
        Scale(torch.ones(2), learn=("weight",))
