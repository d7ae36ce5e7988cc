"""Scan and checkpoints against plain steps; what is kept for the backward pass."""

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from spiking import LIF, CubaLIF, LeakyIntegrator, Linear, Recurrent, Sequential
from spiking.checkpoint import checkpointed
from spiking.operations.scan import scan


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 8, 33])
def test_a_scan_is_the_recursion(steps):
    decay, x, start = random(4), random(steps, 2, 4, seed=1), random(2, 4, seed=2)
    y, rows = start, []
    for row in x:
        y = decay * y + row
        rows.append(y)
    torch.testing.assert_close(scan(decay, x, start), torch.stack(rows), rtol=1e-13, atol=0)


def test_a_scan_passes_gradcheck():
    parts = (random(3), random(6, 2, 3, seed=1), random(2, 3, seed=2))
    assert torch.autograd.gradcheck(scan, [part.requires_grad_() for part in parts])


def network() -> Sequential:
    torch.manual_seed(0)
    return Sequential(
        Linear(5, 40), CubaLIF(40, refractory=2e-3), Linear(40, 30), Recurrent(LIF(30)),
        Linear(30, 2), LeakyIntegrator(2),
    ).double()  # fmt: skip


@pytest.mark.parametrize("steps", [1, 7, 50, 500])
def test_checkpoints_change_neither_outputs_nor_gradients(steps):
    net, found = network(), []
    for way in (0, 1):
        x = (4 * random(50, 3, 5)).requires_grad_()
        net.zero_grad()
        y, rest = net(x) if way == 0 else checkpointed(net, x, steps)
        (y * random(50, 3, 2, seed=3)).sum().backward()
        state = rest.state if way == 0 else rest
        found.append((y, state, x.grad, [p.grad for p in net.parameters()]))
    assert found[0][2].any()
    torch.testing.assert_close(found[1], found[0], rtol=1e-9, atol=1e-12)


def test_checkpoints_go_on_from_a_state():
    net, x = network(), 4 * random(40, 3, 5)
    whole, record = net(x)
    first, state = checkpointed(net, x[:15], 6)
    second, state = checkpointed(net, x[15:], 6, state)
    torch.testing.assert_close(torch.cat((first, second)), whole)
    torch.testing.assert_close(state, record.state)


def test_checkpoints_keep_a_part_of_the_memory():
    net, kept = network(), []
    for way in (0, 1):
        held = {}

        def keep(tensor, held=held):
            held[tensor.data_ptr()] = tensor.numel()
            return tensor

        with saved_tensors_hooks(keep, lambda tensor: tensor):
            x = 4 * random(400, 3, 5)
            _ = net(x) if way == 0 else checkpointed(net, x, 20)
        kept.append(sum(held.values()))
    assert kept[1] < kept[0] / 5


def test_a_part_has_at_least_one_step():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        checkpointed(network(), torch.ones(3, 1, 5).double(), 0)
