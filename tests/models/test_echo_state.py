"""Echo state networks: the recursion by hand, the radius, fading memory, ridge, readout."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from nsai.models import EchoState, Readout, ridge


def reservoir(units=40, **arguments):
    return EchoState(units, generator=torch.Generator().manual_seed(0), **arguments)


def series(time=30, batch=2):
    return torch.rand(time, batch, 1, generator=torch.Generator().manual_seed(1)).double()


def test_states_follow_the_recursion():
    net, x = reservoir(), series()
    features, last = net(x)
    W, inward = net.recurrent.numpy(), net.inward.numpy()
    for b in range(2):
        r = np.zeros(40)
        for t in range(30):
            u = np.array([1.0, x[t, b, 0].item()])
            r = (1 - 0.58) * r + 0.58 * np.tanh(W @ r + inward @ u)
            np.testing.assert_allclose(features[t, b].numpy(), [*u, *r], atol=1e-12)
        np.testing.assert_allclose(last[b].numpy(), r, atol=1e-12)


def test_weights_have_the_radius_density_and_scales():
    net = reservoir(300)
    W = net.recurrent.numpy()
    assert abs(np.abs(np.linalg.eigvals(W)).max() - 1.09) < 1e-9
    assert abs((W != 0).mean() - 0.11) < 0.01
    assert net.inward.abs().amax(0).tolist() == pytest.approx([0.34, 0.425], abs=0.01)


def test_a_series_in_two_parts_gives_the_same():
    net, x = reservoir(), series()
    whole, _ = net(x)
    first, state = net(x[:11])
    assert torch.allclose(torch.cat((first, net(x[11:], state)[0])), whole, atol=1e-12)


def test_a_small_radius_forgets_where_it_began():
    net, x = reservoir(radius=0.5), series(80, 1)
    one, other = net(x)[1], net(x, torch.ones(1, 40, dtype=torch.float64))[1]
    assert (one - other).abs().max() < 1e-6


def test_impossible_reservoirs_are_refused():
    with pytest.raises(ValueError, match="units must be at least 1"):
        EchoState(0)
    with pytest.raises(ValueError, match="no recurrence"):
        reservoir(1, connected=1e-9)
    with pytest.raises(ValueError, match=r"leak in \(0, 1\]"):
        EchoState(10, leak=0.0)
    with pytest.raises(ValueError, match=r"\(time, batch, 1\), got \(3, 2, 2\)"):
        EchoState.forward.__wrapped__(reservoir(), torch.zeros(3, 2, 2))


def test_ridge_is_scikit_learns():
    g = torch.Generator().manual_seed(2)
    x = torch.randn(3, 50, 8, generator=g, dtype=torch.float64)
    y = torch.randn(3, 50, generator=g, dtype=torch.float64)
    for b in range(3):
        expected = Ridge(alpha=0.7, fit_intercept=False, solver="svd").fit(x[b], y[b]).coef_
        np.testing.assert_allclose(ridge(x, y, 0.7)[b].numpy(), expected, atol=1e-10)


def test_ridge_with_more_features_than_rows_and_a_penalty_each():
    g = torch.Generator().manual_seed(3)
    x, y = torch.randn(1, 6, 15, generator=g).double(), torch.randn(1, 6, generator=g).double()
    penalty = torch.linspace(0.1, 2, 15, dtype=torch.float64)
    left = x[0].T @ x[0] + penalty.diag()
    assert torch.allclose(ridge(x, y, penalty)[0], torch.linalg.solve(left, x[0].T @ y[0]))
    with pytest.raises(ValueError, match="penalty must be positive, got 0"):
        ridge(x, y, 0.0)


class Past(nn.Module):
    """Shows a value and the one before; its state is a record with an attribute."""

    def forward(self, x, state=None):
        before = torch.zeros_like(x[:1]) if state is None else state
        held = torch.cat((before, x))
        record = type("Record", (), {"state": held[-1:]})()
        return torch.cat((x, held[:-1]), -1), record


def test_readout_scales_and_adds_increments():
    weights = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
    centre, scale = (torch.tensor([value], dtype=torch.float64) for value in (5.0, 2.0))
    model = Readout(Past(), weights, centre=centre, scale=scale, increments=True)
    x = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64).view(3, 1, 1)
    said, state = model(x)
    z = (x - 5) / 2
    assert torch.allclose(said[2], 2 * (z[2] + z[2] - z[1]) + 5)  # goes on straight
    assert torch.equal(state, z[-1:])
    assert torch.allclose(model(said[2:], state)[0].flatten(), torch.tensor([8.0]).double())
