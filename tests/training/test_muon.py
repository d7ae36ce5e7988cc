"""Muon against singular values, its own equation written out, and torch's AdamW."""

import pytest
import torch
from torch import nn

from nsai.training.muon import Muon, orthogonalise


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", [(6, 6), (4, 10), (10, 4), (3, 5, 8)])
def test_orthogonalised_matrices_keep_their_singular_vectors(shape):
    matrices = draw(*shape)
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    rotated = u.mT @ orthogonalise(matrices) @ v.mT
    values = rotated.diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(rotated, torch.diag_embed(values), rtol=0, atol=1e-9)
    assert bool(((values > 0.3) & (values < 1.25)).all())


def test_the_scale_of_a_gradient_does_not_matter():
    matrix = draw(5, 7)
    torch.testing.assert_close(orthogonalise(1000 * matrix), orthogonalise(matrix))


def test_two_steps_follow_the_equation():
    weights = [nn.Parameter(draw(8, 4)), nn.Parameter(draw(8, 4, seed=1))]
    start = [w.detach().clone() for w in weights]
    optimizer = Muon(weights, [], rate=0.1, other_rate=1.0, momentum=0.9, weight_decay=0.5)
    gradients = [[draw(8, 4, seed=10 * step + i) for i in range(2)] for step in range(2)]
    for step in gradients:
        for w, g in zip(weights, step, strict=True):
            w.grad = g.clone()
        optimizer.step()
    for i, wanted in enumerate(start):
        average = torch.zeros(8, 4, dtype=torch.float64)
        for step in gradients:
            average = 0.9 * average + 0.1 * step[i]
            turn = orthogonalise(0.1 * step[i] + 0.9 * average)
            wanted = (1 - 0.1 * 0.5) * wanted - 0.1 * (8 / 4) ** 0.5 * turn
        torch.testing.assert_close(weights[i].detach(), wanted)


def test_other_parameters_follow_adamw():
    ours, theirs = nn.Embedding(5, 3), nn.Embedding(5, 3)
    theirs.load_state_dict(ours.state_dict())
    rival = torch.optim.AdamW(theirs.parameters(), lr=0.03, betas=(0.8, 0.97), weight_decay=0.0)
    optimizer = Muon([], ours.parameters(), rate=1.0, other_rate=0.03, betas=(0.8, 0.97))
    for i in range(5):
        for model in (ours, theirs):
            model.weight.grad = draw(5, 3, seed=i).float()
        optimizer.step()
        rival.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_a_schedule_reaches_both_kinds():
    layer = nn.Linear(3, 3)
    optimizer = Muon([layer.weight], [layer.bias], rate=0.1, other_rate=0.2)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 0.0)
    before = [p.detach().clone() for p in layer.parameters()]
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    schedule.step()
    for old, new in zip(before, layer.parameters(), strict=True):
        assert torch.equal(old, new)


def test_a_stretched_valley_is_descended_faster_than_by_gradient_descent():
    scales = torch.logspace(0, 3, 8, dtype=torch.float64)

    def after(make):
        weight = nn.Parameter(draw(8, 8))
        optimizer = make([weight])
        for _ in range(100):
            optimizer.zero_grad()
            loss = (scales[:, None] * weight.square()).sum()
            loss.backward()
            optimizer.step()
        return loss.item()

    muon = after(lambda p: Muon(p, [], rate=0.03, other_rate=0.0, momentum=0.5))
    descent = after(lambda p: torch.optim.SGD(p, lr=1 / float(scales.max())))
    assert muon < descent


def test_parameters_without_gradient_stay():
    layer = nn.Linear(3, 3)
    optimizer = Muon([layer.weight], [layer.bias], rate=0.1, other_rate=0.1)
    before = layer.weight.detach().clone()
    optimizer.step()
    assert torch.equal(layer.weight, before)


def test_state_resumes_bit_identically():
    def make():
        torch.manual_seed(0)
        layer = nn.Linear(4, 4)
        return layer, Muon([layer.weight], [layer.bias], rate=0.1, other_rate=0.1)

    def learn(layer, optimizer, steps):
        for i in steps:
            optimizer.zero_grad()
            layer(draw(5, 4, seed=i).float()).square().sum().backward()
            optimizer.step()

    straight, optimizer = make()
    learn(straight, optimizer, range(6))
    first, half = make()
    learn(first, half, range(3))
    second, resumed = make()
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(half.state_dict())
    learn(second, resumed, range(3, 6))
    assert torch.equal(second.weight, straight.weight)
    assert torch.equal(second.bias, straight.bias)


def test_hidden_parameters_must_be_matrices():
    with pytest.raises(ValueError, match=r"must hold matrices, got shape \(3,\)"):
        Muon([nn.Parameter(torch.zeros(3))], [], rate=0.1, other_rate=0.1)
