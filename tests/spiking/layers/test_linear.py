"""Sums of the weights of spikes against the dense product."""

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from spiking import (
    LIF,
    ArcTan,
    Boxcar,
    Foreign,
    Linear,
    Recurrent,
    Sequential,
    Triangular,
)
from spiking.operations.products import Near, find_events


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
    monkeypatch.setattr("spiking.operations.threads.THREAD_OPERATIONS", 1)
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


@pytest.mark.parametrize("surrogate", [Boxcar(0.2), Triangular(0.3), Boxcar(5.0)])
@pytest.mark.parametrize("recurrent", [False, True])
def test_a_compact_surrogate_leaves_gradients_what_they_are(surrogate, recurrent, monkeypatch):
    """Foreign hides the support of a surrogate: the gradient is then computed everywhere."""
    monkeypatch.setattr("spiking.layers.linear.LEAST", 1)
    torch.manual_seed(0)
    thresholds = torch.linspace(0.5, 1.5, 40, dtype=torch.float64)
    layers = [Linear(30, 40).double(), Linear(40, 20).double()]
    x = spikes(60 * 4, 30, density=0.1).view(60, 4, 30)
    connection, found = nn.Linear(40, 40, bias=False).double(), []
    for known in (surrogate, Foreign(surrogate)):
        neuron = LIF(40, threshold=thresholds, surrogate=known)
        hidden = Recurrent(neuron, connection) if recurrent else neuron
        net = Sequential(layers[0], hidden, layers[1], LIF(20, surrogate=ArcTan()))
        net.zero_grad()
        net(4 * x)[0].square().sum().backward()
        found.append([p.grad.clone() for p in net.parameters()])
    assert found[0][0].any()
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-12)


def test_only_what_is_near_the_threshold_gets_a_gradient(monkeypatch):
    monkeypatch.setattr("spiking.layers.linear.LEAST", 1)
    layer = Linear(40, 20).double()
    x = spikes(300, 40, density=0.05).requires_grad_()
    voltage = torch.rand(300, 40, generator=torch.Generator().manual_seed(1)).double()
    layer(x, Near(voltage, torch.full((40,), 0.5).double(), 0.05)).sum().backward()
    close = (voltage - 0.5).abs() < 0.05
    expected = torch.where(close, layer.weight.sum(0), 0.0)
    torch.testing.assert_close(x.grad, expected.detach())
    assert 0.05 < close.double().mean() < 0.15
