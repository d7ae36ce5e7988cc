"""Networks side by side against each network alone."""

import pytest
import torch
from torch import nn

from nsai.models import Copies


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)).double()


def test_each_copy_answers_and_learns_as_if_alone():
    torch.manual_seed(0)
    alone = [network() for _ in range(3)]
    copies = Copies(alone)
    x = torch.randn(3, 5, 1, 4, 4, dtype=torch.float64)
    together = copies(x)
    together.square().sum().backward()
    for k, net in enumerate(alone):
        out = net(x[k])
        out.square().sum().backward()
        assert torch.allclose(together[k], out, atol=1e-12)
        for name, weight in net.named_parameters():
            grad = copies.get_parameter(name.replace(".", "_")).grad
            assert torch.allclose(grad[k], weight.grad, atol=1e-12)


def test_only_the_copies_weights_are_parameters():
    copies = Copies([nn.Linear(3, 2) for _ in range(4)])
    assert {n: tuple(p.shape) for n, p in copies.named_parameters()} == {
        "weight": (4, 2, 3),
        "bias": (4, 2),
    }


def test_other_numbers_of_copies_and_buffers_are_refused():
    with pytest.raises(ValueError, match="2 copies first"):
        Copies([nn.Linear(3, 2) for _ in range(2)])(torch.zeros(3, 1, 3))
    with pytest.raises(ValueError, match="at least one"):
        Copies([])
    with pytest.raises(ValueError, match="running_mean"):
        Copies([nn.BatchNorm1d(3)])
