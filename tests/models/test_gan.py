import cmath
import io

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nsai.models.gan import (
    DiracDiscriminator,
    DiracGenerator,
    ImageDiscriminator,
    ImageGenerator,
    PointNets,
    dirac_eigenvalues,
)


def alone(model, k):
    """The k-th net as ordinary torch layers with copied weights."""
    layers = []
    for W, b in zip(model.weights, model.biases, strict=True):
        layer = nn.Linear(W.shape[1], W.shape[2])
        with torch.no_grad():
            layer.weight.copy_(W[k].T)
            layer.bias.copy_(b[k, 0])
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def test_point_nets_are_ordinary_networks_side_by_side():
    g = torch.Generator().manual_seed(0)
    model = PointNets([2, 7, 5, 3], nets=4, generator=g)
    x = torch.randn(4, 9, 2, generator=g)
    seen = torch.stack([alone(model, k)(x[k]) for k in range(4)])
    assert torch.allclose(model(x), seen, atol=1e-6)


def test_a_net_neither_sees_nor_moves_its_neighbour():
    g = torch.Generator().manual_seed(0)
    model = PointNets([2, 7, 1], nets=2, generator=g)
    x = torch.randn(2, 9, 2, generator=g, requires_grad=True)
    model(x)[0].sum().backward()
    assert x.grad[1].count_nonzero() == 0
    assert all(w.grad[1].count_nonzero() == 0 for w in model.weights)
    assert x.grad[0].count_nonzero() > 0


def test_statistics_tell_a_batch_that_is_all_alike():
    g = torch.Generator().manual_seed(0)
    model = PointNets([2, 8, 1], statistics=True, generator=g)
    batch = torch.randn(1, 50, 2, generator=g)
    alike = batch[:, :1].expand(1, 50, 2)
    plain = PointNets([2, 8, 1], generator=g)
    assert (model(batch)[0, 0] - model(alike)[0, 0]).abs() > 1e-3
    assert torch.allclose(plain(batch)[0, 0], plain(alike)[0, 0])
    # and the features shown are the standard deviations
    spread = batch.std(1, unbiased=False)[0]
    shown = PointNets([4, 8, 1])
    shown.load_state_dict(model.state_dict())
    by_hand = torch.cat([batch, spread.expand(1, 50, 2)], 2)
    assert torch.allclose(model(batch), shown(by_hand), atol=1e-5)


@pytest.mark.parametrize("size", [8, 28])
def test_images_lie_between_0_and_1_and_get_a_logit_each(size):
    z = torch.randn(3, 5)
    images = ImageGenerator(size, latent=5, width=4)(z)
    assert images.shape == (3, 1, size, size)
    assert ((images > 0) & (images < 1)).all()
    assert ImageDiscriminator(size, width=4)(images).shape == (3,)


def test_every_weight_of_both_gets_a_gradient():
    G, D = ImageGenerator(8, latent=5, width=4), ImageDiscriminator(8, width=4)
    D(G(torch.randn(6, 5))).sum().backward()
    for parameter in (*G.parameters(), *D.parameters()):
        assert parameter.grad is not None
        assert parameter.grad.count_nonzero() > 0


def test_weights_survive_saving():
    model, other = ImageGenerator(8, latent=5, width=4), ImageGenerator(8, latent=5, width=4)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    z = torch.randn(2, 5)
    assert torch.equal(model(z), other(z))


def jacobian(rate, r1, alternating):
    """The update written out with autograd, differentiated at the equilibrium."""

    def step(point):
        theta, psi = point
        down = torch.sigmoid(theta * psi) * theta + r1 * psi  # of ζ(θψ) + ζ(0) + γ/2 ψ²
        after = psi - rate * down
        seen = after if alternating else psi
        return torch.stack([theta + rate * torch.sigmoid(-theta * seen) * seen, after])

    start = torch.zeros(2, dtype=torch.float64)
    return torch.autograd.functional.jacobian(step, start)


@given(rate=st.floats(0.01, 1.0), r1=st.floats(0.0, 2.0), alternating=st.booleans())
def test_dirac_eigenvalues_are_those_of_the_differentiated_update(rate, r1, alternating):
    ours = dirac_eigenvalues(rate, r1=r1, alternating=alternating)
    theirs = jacobian(rate, r1, alternating)
    assert sum(ours).real == pytest.approx(float(theirs.trace()), abs=1e-9)
    assert (ours[0] * ours[1]).real == pytest.approx(float(theirs.det()), abs=1e-9)


@given(rate=st.floats(0.01, 1.0))
def test_without_a_penalty_dirac_circles_or_leaves(rate):
    assert all(abs(v) == pytest.approx(1.0) for v in dirac_eigenvalues(rate))
    out = cmath.sqrt(1 + rate**2 / 4)
    assert all(
        abs(v) == pytest.approx(abs(out)) for v in dirac_eigenvalues(rate, alternating=False)
    )


def test_dirac_modules_are_a_number_and_a_line():
    z = torch.zeros(3, 1)
    made = DiracGenerator(0.5)(z)
    assert made.flatten().tolist() == [0.5] * 3
    assert DiracDiscriminator(-2.0)(made).tolist() == [-1.0] * 3


def test_wrong_sizes_are_named():
    with pytest.raises(ValueError, match="two sizes or more"):
        PointNets([2])
    with pytest.raises(ValueError, match=r"\(2, batch, 3\), got \(1, 4, 3\)"):
        PointNets([3, 1], nets=2)(torch.zeros(1, 4, 3))
    for model in (ImageGenerator, ImageDiscriminator):
        with pytest.raises(ValueError, match="multiple of 4, got 10"):
            model(10)
