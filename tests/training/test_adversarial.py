import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nsai.models.gan import DiracDiscriminator, DiracGenerator, PointNets, dirac_eigenvalues
from nsai.training.adversarial import (
    discriminator_loss,
    follow,
    generator_loss,
    gradient_penalty,
    train_gan,
)


def test_losses_are_cross_entropies():
    g = torch.Generator().manual_seed(0)
    real, fake = torch.randn(20, generator=g), torch.randn(20, generator=g)
    ones, zeros = torch.ones(20), torch.zeros(20)
    bce = F.binary_cross_entropy_with_logits
    assert discriminator_loss(real, fake) == pytest.approx(
        float(bce(real, ones) + bce(fake, zeros)), rel=1e-5
    )
    assert generator_loss(fake) == pytest.approx(float(bce(fake, ones)), rel=1e-5)
    side_by_side = discriminator_loss(real.view(2, 10, 1), fake.view(2, 10, 1))
    each = sum(discriminator_loss(real[k : k + 10], fake[k : k + 10]) for k in (0, 10))
    assert side_by_side == pytest.approx(float(each), rel=1e-5)


def test_penalty_is_the_squared_slope_and_can_be_differentiated():
    net = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double()
    x = torch.randn(4, 2, dtype=torch.float64)
    slopes = torch.stack([torch.autograd.functional.jacobian(net, row[None])[0, 0] for row in x])
    penalty = gradient_penalty(net, x)
    assert penalty.item() == pytest.approx(slopes.square().sum(1).mean().item())
    penalty.backward()
    weight = net[0].weight
    before, by = weight.detach().clone(), torch.zeros_like(weight)
    by[1, 0] = 1e-6
    sides = []
    for sign in (1, -1):
        with torch.no_grad():
            weight.copy_(before + sign * by)
        sides.append(gradient_penalty(net, x).item())
    assert weight.grad[1, 0].item() == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-4)


def dirac_step(theta, psi, rate, **options):
    G, D = DiracGenerator(theta), DiracDiscriminator(psi)
    pair = tuple(torch.optim.SGD(m.parameters(), rate) for m in (G, D))
    real = torch.zeros(1, 1, dtype=torch.float64)
    train_gan(G, D, [real], lambda: torch.zeros(1, 1), pair, **options)
    return torch.stack([G.theta.detach(), D.psi.detach()])


@pytest.mark.parametrize("r1", [0.0, 0.7])
@pytest.mark.parametrize("simultaneous", [False, True])
def test_one_step_of_training_has_the_eigenvalues_of_theory(r1, simultaneous):
    rate, e = 0.3, 1e-6
    columns = [
        dirac_step(a, b, rate, r1=r1, simultaneous=simultaneous) / e
        for a, b in ((e, 0.0), (0.0, e))
    ]
    measured = torch.linalg.eigvals(torch.stack(columns, 1))
    theory = torch.tensor(dirac_eigenvalues(rate, r1=r1, alternating=not simultaneous))
    assert torch.allclose(measured.sum().real, theory.sum().real.double(), atol=1e-5)
    assert torch.allclose(measured.prod().real, theory.prod().real.double(), atol=1e-5)


def test_unrolled_step_is_the_derivative_through_the_answer():
    """Dirac-GAN, one imagined step: L_G = ζ(−θ ψ'(θ)) with ψ' = ψ − a θ σ(θψ)."""
    theta, psi, rate, a = 0.8, 0.0, 0.1, 0.5
    moved = dirac_step(theta, psi, rate, unroll=1, unroll_rate=a)
    t = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    after = moved[1]
    answer = after - a * t * torch.sigmoid(t * after)
    (slope,) = torch.autograd.grad(F.softplus(-t * answer), t)
    assert moved[0].item() == pytest.approx(theta - rate * slope.item())


def pair_of_nets(nets=2):
    g = torch.Generator().manual_seed(0)
    G, D = PointNets([2, 8, 2], nets, generator=g), PointNets([2, 8, 1], nets, generator=g)
    optimizers = tuple(torch.optim.Adam(m.parameters(), 0.01) for m in (G, D))
    return G, D, optimizers, g


def test_nets_side_by_side_learn_as_if_alone():
    G, D, optimizers, g = pair_of_nets()
    real = torch.randn(5, 2, 16, 2, generator=g)
    z = torch.randn(2, 16, 2, generator=g)
    single = []
    for module in (G, D):
        twin = PointNets([2, 8, module.weights[-1].shape[2]])
        with torch.no_grad():
            for mine, both in zip(twin.parameters(), module.parameters(), strict=True):
                mine.copy_(both[1:])
        single.append(twin)
    train_gan(G, D, list(real), lambda: z, optimizers, r1=0.5)
    alone = tuple(torch.optim.Adam(m.parameters(), 0.01) for m in single)
    train_gan(*single, list(real[:, 1:]), lambda: z[1:], alone, r1=0.5)
    assert torch.allclose(single[0](z[1:]), G(z)[1:], atol=1e-4)


def test_history_begins_with_the_value_at_the_start():
    G, D, optimizers, g = pair_of_nets(1)
    x, z = torch.randn(1, 16, 2, generator=g), torch.randn(1, 16, 2, generator=g)
    real, fake = D(x), D(G(z))
    value = F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean()
    history = train_gan(G, D, [x, x], lambda: z, optimizers, evaluate=lambda G: G(z).shape)
    assert history.loss[0] == pytest.approx(value.item(), rel=1e-5)
    assert history.evaluations == [(2, (1, 16, 2))]


def test_average_follows_the_generator():
    G, D, optimizers, g = pair_of_nets(1)
    x = torch.randn(1, 16, 2, generator=g)
    mean = copy.deepcopy(G)
    train_gan(G, D, [x] * 3, lambda: x, optimizers, average=mean, decay=0.0)
    before, now = mean(x), G(x)
    follow(mean, G, 0.0)
    assert not torch.allclose(before, now)
    assert torch.equal(mean(x), now)


def test_a_point_mass_is_found_with_r1_and_not_without():
    def ends(start=1.0, **options):
        G, D = DiracGenerator(start), DiracDiscriminator(0.0)
        pair = tuple(torch.optim.SGD(m.parameters(), 0.2) for m in (G, D))
        real = [torch.zeros(1, 1, dtype=torch.float64)] * 300
        train_gan(G, D, real, lambda: torch.zeros(1, 1), pair, **options)
        return math.hypot(G.theta.item(), D.psi.item())

    assert ends(r1=1.0) < 1e-6
    assert ends() > 0.2
    assert ends(0.1, simultaneous=True) > 0.3


def test_wrong_options_and_no_batches_are_named():
    G, D, optimizers, _ = pair_of_nets(1)
    x = torch.zeros(1, 4, 2)
    with pytest.raises(ValueError, match="not with simultaneous"):
        train_gan(G, D, [x], lambda: x, optimizers, unroll=1, simultaneous=True)
    with pytest.raises(ValueError, match="batches is empty"):
        train_gan(G, D, [], lambda: x, optimizers)
