"""What a network computes in the order of a chip, against the network itself."""

import numpy as np
import pytest
import torch
from torch import nn

from spiking import (
    IF,
    LIF,
    AdaptiveLIF,
    CubaLIF,
    Delay,
    DelayedLinear,
    Integrator,
    LeakyIntegrator,
    Linear,
    Recurrent,
    Sequential,
    SumPool2d,
)
from spiking.hardware import NetworkError, read, run_in_floats
from spiking.neurons import Temporal
from spiking.sequential import over_time

CONNECTIONS = (Delay, DelayedLinear)


def spikes(*shape, share=0.2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=generator) < share).double()


def networks():
    torch.manual_seed(0)
    taus = torch.linspace(5e-3, 30e-3, 8)
    dense = Sequential(Linear(6, 8), LIF(8, taus, reset="zero"), Linear(8, 4), LeakyIntegrator(4))
    shifted = Sequential(
        Linear(6, 8, bias=False),
        CubaLIF(8, 4e-3, 20e-3, reset="zero", v_leak=-0.5, v_reset=-0.5, threshold=0.3, w=2.0),
        Linear(8, 3),
        Integrator(3),
    )
    held = Sequential(
        Linear(6, 8), LIF(8, reset="subtract", refractory=2e-3, r=8.0), Linear(8, 4), IF(4)
    )
    loops = Sequential(
        Linear(6, 8),
        Recurrent(CubaLIF(8, 3e-3, reset="subtract"), nn.Linear(8, 8, bias=False)),
        Delay(8, torch.arange(8) * 1e-3),
        Linear(8, 4),
        LIF(4, reset="zero"),
    )
    loops[0].bias.data.zero_()
    delayed = Sequential(
        DelayedLinear(6, 8, most=9e-3, sigma=0.0), Sequential(LIF(8), Linear(8, 4)), IF(4)
    )
    for net in (dense, shifted, held, loops, delayed):
        for part in net.modules():
            if isinstance(part, nn.Linear | DelayedLinear):
                part.weight.data.mul_(3.0).add_(0.1)
                if part.bias is not None:
                    part.bias.data.abs_()
    return [net.double() for net in (dense, shifted, held, loops, delayed)]


def one_step_late(net, x):
    """Return records of neurons, where each connection takes a step."""
    records = []
    for layer in _flat(net):
        if isinstance(layer, Temporal):
            late = isinstance(layer, DelayedLinear)
            x, record = layer(torch.cat((0 * x[:1], x[:-1])) if late else x)
            records += [] if isinstance(layer, CONNECTIONS) else [record]
        else:
            x = over_time(layer, torch.cat((0 * x[:1], x[:-1])))
    return records


def _flat(net):
    for layer in net:
        yield from _flat(layer) if isinstance(layer, Sequential) else [layer]


@pytest.mark.parametrize("which", range(5))
def test_spikes_and_potentials_are_those_of_torch_where_a_connection_takes_a_step(which):
    net, x = networks()[which], spikes(80, 3, 6)
    found = read(net, (6,))
    done = run_in_floats(found, x.numpy())
    with torch.no_grad():
        records = one_step_late(net, x)
    for cells, theirs in zip(found.cells, records, strict=True):
        here = found.slices[cells.name]
        if theirs.spikes is not None:
            assert 0.01 < theirs.spikes.mean() < 0.9
            assert np.array_equal(done.spikes[:, :, here], theirs.spikes.numpy())
        rest = 0.5 if which == 1 and cells.name == "1" else 0.0
        gap = np.abs(done.voltages[:, :, here] - theirs.voltage.numpy() - rest)
        assert gap.max() < 1e-9


def test_convolution_and_pooling_are_one_matrix():
    torch.manual_seed(0)
    net = Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        IF((3, 6, 6)),
        SumPool2d(2),
        nn.Flatten(),
        Linear(27, 4),
        IF(4),
    ).double()
    net[0].weight.data.mul_(4.0)
    x = spikes(40, 2, 2, 6, 6)
    with torch.no_grad():
        first, _ = net[1](over_time(net[0], torch.cat((0 * x[:1], x[:-1]))))
    found = read(net, (2, 6, 6))
    assert [part.kind for part in found.synapses] == ["convolution", "dense"]
    assert found.synapses[0].weights.nnz == 2 * 3 * 16 * 16  # 3 x 3 less what lies outside
    done = run_in_floats(found, x.flatten(2).numpy())
    assert first.any()
    assert np.array_equal(done.spikes[:, :, : 3 * 36], first.flatten(2).numpy())


def test_layers_without_a_form_are_named():
    lif = LIF(4, reset="zero")
    faults = [
        ([Linear(4, 4), AdaptiveLIF(4)], "layer 1: AdaptiveLIF is an unsupported neuron"),
        ([Linear(4, 4), nn.ReLU(), lif], r"layers 0 \(Linear\), 1 \(ReLU\): only linear layers"),
        ([Linear(4, 4), LIF(4, reset="none")], "layer 1: a chip resets to zero or subtracts"),
        ([Linear(4, 4), LIF(4, v_leak=0.1)], "layer 1: neurons must rest where they are reset to"),
        ([Linear(4, 4), lif, Linear(4, 2)], r"layer 2 \(Linear\): no neurons follow"),
        ([Linear(4, 4), CubaLIF(4)], "layer 1: a bias cannot go through a synaptic current"),
        ([Linear(4, 4), Delay(4, 1e-3), lif], "layer 1: a delay must follow neurons"),
        ([Linear(5, 4), lif], r"layers 0 \(Linear\): "),
        ([Linear(4, 5), lif], "layer 1: 4 neurons, but 5 inputs"),
    ]
    for layers, message in faults:
        with pytest.raises(NetworkError, match=message):
            read(Sequential(*layers), (4,))
    with pytest.raises(NetworkError, match=r"expected a spiking\.Sequential, got Linear"):
        read(nn.Linear(2, 2), (2,))
    with pytest.raises(NetworkError, match="expected at least one layer of neurons"):
        read(Sequential(), (2,))
