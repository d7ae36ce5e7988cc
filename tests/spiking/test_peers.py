"""The same spikes and gradients as snntorch and SpikingJelly, over random networks, in float64.

snntorch keeps its decays in float32, and its own surrogates return float32, through which gradients
would be rounded: it is given ours, which its neurons take as well.
"""

from itertools import pairwise

import pytest
import snntorch
import torch
from torch import Tensor, nn

from spiking import LIF, ArcTan, CubaLIF, FastSigmoid, Linear, Sequential, time_constant

BETA, SYNAPSE = 0.875, 0.75  # numbers of float32, too
SIZES = (30, 40, 20, 10)


def weights(seed: int) -> list[Linear]:
    torch.manual_seed(seed)
    layers = [Linear(a, b) for a, b in pairwise(SIZES)]
    for layer in layers:
        nn.init.normal_(layer.weight, 0.05, 0.3)
    return [layer.double() for layer in layers]


def spikes_in(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(200, 8, SIZES[0], generator=generator) < 0.15).double()


def network(layers: list[Linear], neuron) -> Sequential:
    return Sequential(*(part for layer in layers for part in (layer, neuron(layer.out_features))))


def run(layers: list[Linear], forward, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Return the spikes of every layer, and gradients of a random sum of them."""
    for layer in layers:
        layer.zero_grad()
    x = x.clone().requires_grad_()
    found = forward(x)
    generator = torch.Generator().manual_seed(9)
    noise = [torch.rand(s.shape, generator=generator).double() - 0.5 for s in found]
    sum((s * n).sum() for s, n in zip(found, noise, strict=True)).backward()
    return found, [x.grad, *(layer.weight.grad for layer in layers)]


def compare(layers: list[Linear], ours: Sequential, theirs, x: Tensor) -> None:
    spikes, slopes = run(layers, lambda x: [r.spikes for r in ours(x)[1].values()], x)
    others, other_slopes = run(layers, theirs, x)
    for a, b in zip(spikes, others, strict=True):
        assert 0.02 < a.mean() < 0.999
        assert torch.equal(a, b)  # not one mismatch
    for a, b in zip(slopes, other_slopes, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-9)


def step_by_step(layers: list[Linear], neurons: list[nn.Module]):
    """Return the usual loop of snntorch."""

    def forward(x: Tensor) -> list[Tensor]:
        states = [neuron.reset_mem() for neuron in neurons]
        states = [state if isinstance(state, tuple) else (state,) for state in states]
        found = [[] for _ in layers]
        for row in x.unbind(0):
            for i, (layer, neuron) in enumerate(zip(layers, neurons, strict=True)):
                row, *states[i] = neuron(layer(row), *states[i])
                found[i].append(row)
        return [torch.stack(rows) for rows in found]

    return forward


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_lif_equals_snntorch(reset: str, seed: int):
    layers = weights(seed)
    tau = time_constant(BETA)
    ours = network(layers, lambda n: LIF(n, tau, reset=reset, reset_delay=True))
    options = {"spike_grad": FastSigmoid(), "reset_mechanism": reset}
    theirs = [snntorch.Leaky(beta=BETA, **options).double() for _ in layers]
    compare(layers, ours, step_by_step(layers, theirs), spikes_in(seed))


@pytest.mark.parametrize("reset", ["subtract", "none"])  # its "zero" loses the input, too
def test_cuba_lif_equals_snntorch(reset: str):
    layers = weights(0)
    times = (time_constant(SYNAPSE), time_constant(BETA))
    ours = network(layers, lambda n: CubaLIF(n, *times, reset=reset, reset_delay=True))
    options = {"spike_grad": FastSigmoid(), "reset_mechanism": reset}
    theirs = [snntorch.Synaptic(alpha=SYNAPSE, beta=BETA, **options).double() for _ in layers]
    compare(layers, ours, step_by_step(layers, theirs), spikes_in(0))


def test_snntorch_in_our_network_equals_its_own_loop():
    layers = weights(1)
    theirs = [snntorch.Leaky(beta=BETA, spike_grad=FastSigmoid()).double() for _ in layers]
    ours = Sequential(*(part for pair in zip(layers, theirs, strict=True) for part in pair))
    compare(layers, ours, step_by_step(layers, theirs), spikes_in(1))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("hard", [True, False])
def test_lif_equals_spikingjelly(hard: bool, detach: bool, seed: int):
    neuron = pytest.importorskip(
        "spikingjelly.activation_based.neuron", reason="SpikingJelly is in benchmarks/peers.txt"
    )
    from spikingjelly.activation_based import surrogate

    tau, layers = 1 / (1 - BETA), weights(seed)
    options = {
        "v_reset": 0.0 if hard else None,
        "detach_reset": detach,
        "decay_input": False,
        "step_mode": "m",
    }
    theirs = [
        neuron.LIFNode(tau=tau, surrogate_function=surrogate.ATan(alpha=2.0), **options)
        for _ in layers
    ]
    own = {"reset": "zero" if hard else "subtract", "detach_reset": detach}
    ours = network(layers, lambda n: LIF(n, time_constant(BETA), surrogate=ArcTan(), **own))

    def forward(x: Tensor) -> list[Tensor]:
        found = []
        for layer, node in zip(layers, theirs, strict=True):
            x = node(layer(x))
            found.append(x)
        return found

    compare(layers, ours, forward, spikes_in(seed))


def test_a_surrogate_of_snntorch_equals_ours():
    layers, times = weights(2), time_constant(BETA)
    foreign = snntorch.surrogate.fast_sigmoid(slope=10)
    theirs = network(layers, lambda n: LIF(n, times, surrogate=foreign))
    ours = network(layers, lambda n: LIF(n, times, surrogate=FastSigmoid(10.0)))
    compare(layers, ours, lambda x: [r.spikes for r in theirs(x)[1].values()], spikes_in(2))
