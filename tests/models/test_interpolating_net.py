from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.interpolating_net import InterpolatingNet


def cloud(samples, inputs, *, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(samples, inputs, generator=g, dtype=torch.float64), g


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 10**6))
def test_any_values_are_taken_with_2n_plus_d_weights(samples, inputs, seed):
    x, g = cloud(samples, inputs, seed=seed)
    y = 10 * torch.randn(samples, generator=g, dtype=torch.float64)
    net = InterpolatingNet.fit(x, y, generator=g)
    torch.testing.assert_close(net(x).detach(), y, rtol=0, atol=1e-6)
    assert sum(p.numel() for p in net.parameters()) == 2 * samples + inputs


def test_construction_is_exact_in_fractions():
    x, g = cloud(12, 3)
    y = torch.randint(10, (12,), generator=g).double()
    net = InterpolatingNet.fit(x, y, generator=g)
    row = sorted(zip((x @ net.a).tolist(), y.tolist(), strict=True))
    starts = [Fraction(v) for v in net.b.tolist()]
    weights: list[Fraction] = []
    for i, (place, value) in enumerate(row):
        here = Fraction(place)
        assert starts[i] < here
        assert i + 1 == len(row) or here < starts[i + 1]
        so_far = sum(w * (here - b) for w, b in zip(weights, starts, strict=False))
        weights.append((Fraction(value) - so_far) / (here - starts[i]))
    expected = torch.tensor([float(w) for w in weights], dtype=torch.float64)
    torch.testing.assert_close(net.w.detach(), expected, rtol=1e-9, atol=1e-9)


def test_it_is_linear_between_and_zero_before_all_samples():
    x, g = cloud(6, 1)
    net = InterpolatingNet.fit(x, torch.arange(6.0), generator=g)
    before = net.b[0].detach() - torch.tensor([3.0, 1.0, 0.0]).double()
    torch.testing.assert_close(net(before[:, None] / net.a).detach(), torch.zeros(3).double())
    gradient = torch.autograd.functional.jacobian(lambda v: net(v).sum(), x)
    slopes = torch.stack([net.w[net.b < place].sum() for place in (x @ net.a)]) * net.a
    torch.testing.assert_close(gradient[:, 0], slopes.detach())


def test_images_are_flattened_and_single_precision_is_taken():
    g = torch.Generator().manual_seed(0)
    x, y = torch.rand(30, 1, 4, 4, generator=g), torch.arange(30.0)
    net = InterpolatingNet.fit(x, y, generator=g)
    torch.testing.assert_close(net(x).detach(), y.double(), rtol=0, atol=1e-6)


def test_gradients_are_right():
    x, g = cloud(5, 3)
    net = InterpolatingNet.fit(x, torch.arange(5.0), generator=g)
    points = torch.randn(4, 3, generator=g, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(net, points)


def test_weights_can_be_saved(tmp_path):
    x, g = cloud(7, 2)
    net = InterpolatingNet.fit(x, torch.arange(7.0), generator=g)
    torch.save(net.state_dict(), tmp_path / "net.pt")
    zero = torch.zeros(7, dtype=torch.float64)
    other = InterpolatingNet(torch.zeros(2, dtype=torch.float64), zero, zero)
    other.load_state_dict(torch.load(tmp_path / "net.pt", weights_only=True))
    torch.testing.assert_close(other(x), net(x), rtol=0, atol=0)


def test_twins_are_refused():
    x, _ = cloud(4, 3)
    with pytest.raises(ValueError, match="two samples meet"):
        InterpolatingNet.fit(torch.cat([x, x[:1]]), torch.arange(5.0))


def test_shapes_are_checked():
    x, _ = cloud(4, 3)
    with pytest.raises(ValueError, match="expected samples, a target each"):
        InterpolatingNet.fit(x, torch.arange(5.0))
    with pytest.raises(ValueError, match=r"expected shapes \(d,\), \(n,\) and \(n,\)"):
        InterpolatingNet(torch.zeros(2), torch.zeros(3), torch.zeros(4))
    with pytest.raises(ValueError, match="x must have 3 numbers a sample"):
        InterpolatingNet.fit(x, torch.arange(4.0))(torch.zeros(1, 2))
