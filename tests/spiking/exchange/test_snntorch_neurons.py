"""Neurons of snntorch through a NIR file: as ours they fire the same spikes, or are refused."""

import numpy as np
import pytest
import snntorch
import torch
from torch import nn

from spiking import LIF, FastSigmoid, Linear, Recurrent, Sequential, load_nir, save_nir, to_nir
from spiking.exchange import UnsupportedLayerError

STEPS = (1e-4, 1e-3)


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
@pytest.mark.parametrize("dt", STEPS)
def test_neurons_of_snntorch(tmp_path, dt, reset):
    torch.manual_seed(0)
    how = {"spike_grad": FastSigmoid(), "reset_mechanism": reset}
    at_once = {**how, "reset_delay": reset != "zero"}  # its delayed reset to zero loses inputs
    rates = torch.rand(30, dtype=torch.float64)
    net = Sequential(
        Linear(20, 30),
        snntorch.Leaky(beta=0.9, **how),  # one number for all, in which snntorch's export fails
        Linear(30, 30),
        snntorch.Leaky(beta=rates, threshold=0.7, **how),
        Linear(30, 30),
        snntorch.Synaptic(alpha=0.7, beta=0.85, **at_once),
        Linear(30, 30),
        snntorch.RLeaky(beta=0.8, linear_features=30, **at_once),
        Linear(30, 30),
        snntorch.RLeaky(beta=0.8, V=torch.rand(30), all_to_all=False, **at_once),
        Linear(30, 30),
        snntorch.Leaky(beta=1.0, **how),
        Linear(30, 30),
        snntorch.Leaky(beta=0.0, **how),
    )
    if reset != "zero":
        net.append(Linear(30, 30))
        net.append(snntorch.RSynaptic(alpha=0.75, beta=0.9, linear_features=30, **how))
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.Linear):
                layer.weight *= 3
    save_nir(net.double(), tmp_path / "net.nir", dt=dt)
    again = load_nir(tmp_path / "net.nir", dt)
    assert isinstance(again[1], LIF)
    assert isinstance(again[7], Recurrent)
    x = torch.rand(60, 3, 20, generator=torch.Generator().manual_seed(0))
    record, other = (run((x < 0.2).double())[1] for run in (net, again))
    assert [*record] == [*other] == [name for name in again._modules if int(name) % 2]
    for name, layer in record.items():
        assert 0.01 < layer.spikes.mean() < 0.99, name
        assert torch.equal(layer.spikes, other[name].spikes), name


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        (snntorch.Alpha(alpha=0.9, beta=0.8), "NIR has Leaky, Synaptic"),
        (snntorch.Leaky(beta=0.9, graded_spikes_factor=2.0), "graded spikes"),
        (snntorch.Leaky(beta=0.9, state_quant=lambda x: x), "state_quant"),
        (snntorch.Leaky(beta=0.9, reset_delay=False), "subtracts twice"),
        (snntorch.Leaky(beta=torch.tensor([0.9, 1.0, 0.5])), "all neurons of a layer leak or none"),
        (snntorch.Synaptic(alpha=1.0, beta=0.9), "never decays"),
        (snntorch.Synaptic(alpha=0.5, beta=0.9, reset_mechanism="zero"), "loses the input"),
        (snntorch.RLeaky(0.9, linear_features=3, reset_mechanism="zero"), "loses the input"),
        (
            snntorch.RSynaptic(
                0.5, 0.9, linear_features=3, reset_mechanism="zero", reset_delay=False
            ),
            "leaves its potential as it is",
        ),
    ],
    ids=lambda x: type(x).__name__,
)
def test_neurons_of_snntorch_with_other_dynamics_are_refused(neuron: nn.Module, message: str):
    net = Sequential(Linear(3, 3), neuron)
    with pytest.raises(UnsupportedLayerError, match=f"layer '1' .*{message}"):
        to_nir(net, dt=1e-3)
    with pytest.raises(
        UnsupportedLayerError, match=r"layer '1' .*give dt|layer '1' .*NIR has Leaky"
    ):
        to_nir(net)


def test_a_subtraction_at_once_really_differs_in_snntorch():
    """The reason for one of the refusals: a potential above two thresholds."""
    neuron = snntorch.Leaky(beta=0.9, reset_delay=False)
    x = torch.tensor([3.5, 0.0, 0.0, 0.0, 0.0]).view(5, 1, 1)
    theirs, _ = Sequential(neuron)(x)
    alike, _ = Sequential(LIF(1, -1e-3 / np.log(0.9)))(x)
    assert theirs.flatten().tolist() != alike.flatten().tolist()
