"""Training side by side against torch's own Adam, one network at a time."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nsai.models import Copies
from nsai.training import copies_right, train_copies, tune_copies


def data(copies):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(copies, 40, 3, dtype=torch.float64, generator=g)
    return x, (x[..., 0] * x[..., 1] > 0).long()


def test_each_copy_is_trained_as_if_alone_at_its_own_rate():
    torch.manual_seed(0)
    alone = [nn.Linear(3, 2).double() for _ in range(3)]
    copies, (x, y) = Copies(alone), data(3)
    rates, steps = torch.tensor([0.1, 0.01, 0.0]), 30
    options = {"steps": steps, "batch_size": 8, "generator": torch.Generator().manual_seed(1)}
    train_copies(copies, x, y, rates=rates, **options)
    for k, net in enumerate(alone):
        optimizer = torch.optim.Adam(net.parameters(), lr=float(rates[k]), eps=1e-8 * 3)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda t: (1 + math.cos(math.pi * t / steps)) / 2
        )
        g = torch.Generator().manual_seed(1)
        for _ in range(steps):
            chosen = torch.randperm(40, generator=g)[:8]
            optimizer.zero_grad()
            F.cross_entropy(net(x[k, chosen]), y[k, chosen]).backward()
            optimizer.step()
            schedule.step()
        assert torch.allclose(copies.weight[k], net.weight, atol=1e-6)


def test_it_learns_and_says_how_the_loss_fell():
    torch.manual_seed(0)
    (x, y), g = data(2), torch.Generator().manual_seed(2)
    nets = [nn.Sequential(nn.Linear(3, 30), nn.ReLU(), nn.Linear(30, 2)) for _ in range(2)]
    model = Copies(nets).double()
    loss = train_copies(
        model, x, y, steps=300, rates=torch.tensor([0.05, 0.0]), batch_size=20, generator=g
    )
    assert loss.shape == (300,)
    assert loss[-20:].mean() < 0.7 * loss[:20].mean()
    right = copies_right(model, x, y)
    assert right[0] > 0.95
    assert right[1] < 0.75


def test_shares_are_counted_copy_by_copy():
    scores = torch.tensor([[[0.0, 1], [1, 0]], [[1, 0], [1, 0]]])
    y = torch.tensor([[1, 0], [1, 0]])
    assert copies_right(nn.Identity(), scores, y).tolist() == [1.0, 0.5]


def test_weights_and_rates_must_have_a_copy_each():
    (x, y), g = data(2), torch.Generator()
    options = {"steps": 1, "batch_size": 4, "generator": g}
    with pytest.raises(ValueError, match=r"2 copies first, got \(3,\)"):
        train_copies(Copies([nn.Linear(3, 2)] * 2), x, y, rates=torch.ones(3), **options)
    with pytest.raises(ValueError, match=r"2 copies first, got \(5, 3\)"):
        train_copies(nn.Linear(3, 5), x, y, rates=torch.ones(2), **options)


def test_the_trial_that_is_best_where_one_chooses_is_tested():
    # two fixed models, right in opposite places; no rate changes them
    x = torch.ones(2, 30, 1)
    y = torch.zeros(2, 30, dtype=torch.long)
    y[0, 20:] = 1  # set 0 is tested on ones, set 1 on noughts

    def always(label):
        def build(count):
            nets = [nn.Linear(1, 2) for _ in range(count)]
            for net in nets:
                net.weight.data.zero_()
                net.bias.data = F.one_hot(torch.tensor(label), 2).float()
            return Copies(nets)

        return build

    options = {"learned": 10, "held": 10, "rates": [0.0, 0.0], "steps": 1, "batch_size": 5}
    builds = [always(1), always(0)]
    found = tune_copies(builds, x, y, **options, generator=torch.Generator())
    assert found.tolist() == [0.0, 1.0]


def test_choosing_among_rates_finds_one_that_learns():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    x = torch.randn(3, 200, 2, generator=g)
    y = (x[..., 0] > x[..., 1]).long()
    sizes = []

    def build(count):
        sizes.append(count)
        return Copies([nn.Linear(2, 2) for _ in range(count)])

    options = {"learned": 80, "held": 40, "steps": 100, "batch_size": 20, "generator": g}
    assert tune_copies([build], x, y, rates=[0.0, 0.1], **options).min() > 0.9
    assert sizes == [6]


def test_samples_to_test_on_must_be_left():
    (x, y), g = data(2), torch.Generator()
    options = {"rates": [0.1], "steps": 1, "batch_size": 4, "generator": g}
    with pytest.raises(ValueError, match="of 40; got 1 builds, 1 rates, 30 and 10"):
        tune_copies([nn.Linear], x, y, learned=30, held=10, **options)
