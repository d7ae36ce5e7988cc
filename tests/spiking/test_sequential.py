"""Networks: what they return, how they go on, what they refuse."""

import pytest
import snntorch
import torch
from torch import nn

from spiking import LIF, CubaLIF, ForeignNeuron, LeakyIntegrator, Linear, Sequential


def test_modules_without_state_see_every_step():
    torch.manual_seed(0)
    convolution, pool = nn.Conv2d(2, 3, 3), nn.AvgPool2d(2)
    net = Sequential(convolution, LIF((3, 6, 6)), pool, nn.Flatten(), Linear(27, 4), LIF(4))
    x = torch.rand(7, 5, 2, 8, 8)
    out, record = net(x)
    assert out.shape == (7, 5, 4)
    drive = torch.stack([convolution(row) for row in x])
    spikes, _ = LIF((3, 6, 6))(drive)
    assert torch.equal(record["1"].spikes, spikes)


def test_networks_nest_and_go_on():
    torch.manual_seed(0)
    x = torch.rand(30, 2, 6)
    inner = Sequential(Linear(6, 5), CubaLIF(5))
    net = Sequential(
        inner, Linear(5, 4), snntorch.Leaky(beta=0.9), Linear(4, 3), LeakyIntegrator(3)
    )
    whole, record = net(x)
    assert list(record) == ["0", "2", "4"]
    assert list(record["0"]) == ["1"]
    first, record = net(x[:11])
    second, _ = net(x[11:], record.state)
    torch.testing.assert_close(torch.cat((first, second)), whole)


def test_a_layer_that_comes_twice_works_twice():
    weights, neuron = Linear(4, 4), LIF(4, 5e-3)
    x = 4 * torch.rand(20, 2, 4, generator=torch.Generator().manual_seed(0))
    out, record = Sequential(weights, neuron, weights, neuron)(x)
    assert list(record) == ["1", "3"]
    assert torch.equal(out, neuron(weights(neuron(weights(x))[0]))[0])


@pytest.mark.parametrize(
    "neuron",
    [
        snntorch.Leaky(beta=0.8),
        snntorch.Leaky(beta=0.8, init_hidden=True),
        snntorch.Synaptic(alpha=0.7, beta=0.8),
        snntorch.Alpha(alpha=0.8, beta=0.7),
        snntorch.Lapicque(R=5, C=1, time_step=0.5),
        snntorch.RLeaky(beta=0.8, linear_features=4),
        snntorch.RSynaptic(alpha=0.7, beta=0.8, linear_features=4),
    ],
    ids=lambda n: f"{type(n).__name__}-{n.init_hidden}",
)
def test_neurons_of_snntorch_run_as_in_their_own_loop(neuron: nn.Module):
    generator = torch.Generator().manual_seed(0)
    x = 5 * torch.rand(25, 3, 4, generator=generator)
    spikes, record = ForeignNeuron(neuron)(x)
    state = neuron.reset_mem()
    state = state if isinstance(state, tuple) else (state,)
    for t in range(len(x)):
        if neuron.init_hidden:
            fired = neuron(x[t])
        else:
            fired, *after = neuron(x[t], *state)
            state = (fired, *after)[-len(state) :]
            torch.testing.assert_close(record.voltage[t], state[-1])
        assert torch.equal(spikes[t], fired)
    assert spikes.any()


def unchecked(kind: type, *arguments, **named) -> nn.Module:
    """Make a layer without the type checks of the tests."""
    layer = kind.__new__(kind)
    kind.__init__.__wrapped__(layer, *arguments, **named)
    return layer


def test_faults_say_what_was_expected():
    net = Sequential(Linear(4, 3), LIF(3), Linear(3, 2), LeakyIntegrator(2))
    x = torch.rand(10, 5, 4)
    _, record = net(x)
    faults = [
        (lambda: net(x[0]), r"expected input \(time, batch, ...\), got shape \(5, 4\)"),
        (lambda: LIF(3)(torch.rand(5, 3)), r"the time axis is missing; .* x.unsqueeze\(0\)"),
        (
            lambda: LIF(3)(torch.rand(5, 3, 10)),
            r"expected input \(time, batch, 3\), got \(5, 3, 10",
        ),
        (
            lambda: net(x[:, :2], record.state),
            r"layer 1 \(LIF\): expected a state for the batch of the input, \(2, 3\), got \(5, 3\)",
        ),
        (lambda: net(x, {}), r"expected a state of layers \['1', '3'\], got \[\]"),
        (lambda: LIF(3)(torch.rand(5, 2, 3), ()), "expected a state of 1 tensors, got 0"),
        (lambda: LIF(0), "neurons must be a positive whole number, or a shape of such, got 0"),
        (lambda: LIF(3, dt=0.0), "dt must be a positive number of seconds, got 0"),
        (lambda: LIF(3, tau_mem=-1.0), "tau_mem must be positive, got -1"),
        (
            lambda: LIF(3, tau_mem=torch.ones(2)),
            r"tau_mem must be a number or fit the neurons \(3,\)",
        ),
        (
            lambda: unchecked(LIF, 3, reset="soft"),
            "reset must be one of subtract, zero, none, got 'soft'",
        ),
        (lambda: LIF(3, 1e-4, method="euler"), "needs time constants of at least dt = 0.001 s"),
        (lambda: LIF(3, learn=("beta",)), "learn must be names among tau_mem, threshold, .*beta"),
        (lambda: LIF(3, learn=("r",)), "r cannot learn where there is none"),
        (lambda: LIF(3)(torch.rand(0, 2, 3)), "expected at least one time step"),
        (lambda: ForeignNeuron(nn.Linear(2, 2)), "expected a neuron of snntorch, got Linear"),
    ]
    for run, message in faults:
        with pytest.raises((ValueError, TypeError), match=message):
            run()
    net(x)  # all is as before


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_nan_is_refused_where_it_came_in(reset: str):
    x = torch.rand(10, 5, 3)
    x[4, 2, 1] = torch.nan
    for layer in (LIF(3, reset=reset), CubaLIF(3, reset=reset), LeakyIntegrator(3)):
        with pytest.raises(ValueError, match=r"must be numbers, got NaN first at .* = \(4, 2, 1\)"):
            layer(x)
