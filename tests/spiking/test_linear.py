"""Sums of the weights of spikes against the dense product."""

import pytest
import torch
from torch.nn.functional import linear

from spiking import Linear
from spiking.products import find_events


def spikes(*shape: int, density: float, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=generator) < density).double()


@pytest.mark.parametrize("density", [0.0, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("graded", [True, False])
@pytest.mark.parametrize("shape", [(100, 8, 90), (1, 900, 90), (900, 1, 90)], ids=str)
def test_values_and_gradients_equal_the_dense_product(shape, graded, bias, density):
    torch.manual_seed(0)
    layer = Linear(shape[-1], 33, bias=bias).double()
    x = spikes(*shape, density=density)
    if graded:
        x = x * torch.randn_like(x)
    found = []
    for function in (layer, lambda x: linear(x, layer.weight, layer.bias)):
        layer.zero_grad()
        given = x.clone().requires_grad_()
        y = function(given)
        y.square().sum().backward()
        found.append([y, given.grad, *(p.grad for p in layer.parameters())])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-9)


def test_events_are_where_the_matrix_is_not_zero():
    torch.manual_seed(0)
    for x in (spikes(50, 40, density=0.1), spikes(50, 40, density=0.1) * torch.randn(50, 40)):
        x[20:] = 0  # rows without any at the end
        found = find_events(x)
        assert found is not None
        rows, columns = x.nonzero().T
        assert torch.equal(torch.from_numpy(found.columns).long(), columns)
        counts = torch.bincount(rows, minlength=len(x))
        assert torch.equal(torch.from_numpy(found.start).diff(), counts)
        binary = bool(((x == 0) | (x == 1)).all())
        assert (found.values is None) == binary
        if found.values is not None:
            assert torch.equal(torch.from_numpy(found.values), x[rows, columns])


def test_dense_input_is_not_taken_apart():
    assert find_events(spikes(50, 40, density=0.3)) is None
    assert find_events(spikes(50, 40, density=0.3), most=0.4) is not None


@pytest.mark.parametrize("rows", [(0, 0, 3), (3, 0, 0), (0, 0, 0), (0, 5, 0)])
def test_threads_do_not_write_into_each_others_rows(rows, monkeypatch):
    monkeypatch.setattr("spiking.threads.THREAD_OPERATIONS", 1)
    x = torch.zeros(300, 50, dtype=torch.float64)
    for part, count in enumerate(rows):  # a third of the rows each
        x[100 * part : 100 * part + 100, :count] = 1
    count = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        found = find_events(x)
    finally:
        torch.set_num_threads(count)
    assert found is not None
    assert torch.equal(torch.from_numpy(found.columns).long(), x.nonzero()[:, 1])


def test_wrong_width_is_named():
    with pytest.raises(ValueError, match=r"expected input \(time, batch, 4\), got \(2, 3, 5\)"):
        Linear(4, 2)(torch.zeros(2, 3, 5))
