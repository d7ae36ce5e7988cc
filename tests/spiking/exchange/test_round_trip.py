"""Networks through a NIR file and back: not one spike lost, no bit of a parameter changed."""

from io import BytesIO
from pathlib import Path

import nir
import pytest
import torch
from torch import Tensor, nn

from spiking import (
    IF,
    LIF,
    CubaLIF,
    Delay,
    Graph,
    Integrator,
    LeakyIntegrator,
    Linear,
    Recurrent,
    Scale,
    Sequential,
    SumPool2d,
    Threshold,
    load_nir,
    save_nir,
)

STEPS = (1e-4, 1e-3)
CONSTANTS = {  # of neurons without a leak
    f"{layer}.{name}" for layer in ("7", "10", "5.neuron") for name in ("tau_mem", "v_leak")
}


def through_file(net: nn.Module, folder: Path, step: float, **options) -> nn.Module:
    save_nir(net, folder / "net.nir", **options)
    return load_nir(folder / "net.nir", step)


def spikes_in(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(*shape, generator=generator) < 0.2).to(dtype)


def compare(net: nn.Module, again: nn.Module, x: Tensor) -> None:
    (out, record), (other, other_record) = net(x), again(x)
    assert torch.equal(out, other)
    assert [*record] == [*other_record]
    for name, layer in record.items():
        spikes = getattr(layer, "spikes", None)
        if spikes is not None:
            assert 0.01 < spikes.mean() < 0.99, name
            assert torch.equal(spikes, other_record[name].spikes), name


def louder(net: nn.Module, factor: float = 3.0) -> nn.Module:
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d)):
                layer.weight *= factor
    return net


def same_parameters(net: nn.Module, again: nn.Module) -> None:
    ours, theirs = net.state_dict(), again.state_dict()
    assert [*ours] == [*theirs]
    for name, value in ours.items():
        if name in CONSTANTS:
            continue
        assert value.dtype == theirs[name].dtype, name
        assert value.shape == theirs[name].shape, name
        assert torch.equal(value, theirs[name]), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_feed_forward(tmp_path, reset, dt, dtype):
    torch.manual_seed(0)
    rates = torch.rand(24) * 10 * dt + 5 * dt
    net = Sequential(
        Linear(20, 30),
        LIF(30, 10 * dt, dt, reset=reset, reset_delay=reset == "subtract"),
        nn.Linear(30, 24, bias=False),
        CubaLIF(24, 5 * dt, rates, dt, reset=reset, v_reset=-0.1, r=1.5, method="euler"),
        Linear(24, 16),
        CubaLIF(16, 3 * dt, 8 * dt, dt, w=2.0, v_leak=0.05, refractory=2 * dt, threshold=0.7),
        Linear(16, 12),
        IF(12, dt, r=0.5 / dt, reset=reset, threshold=torch.rand(12) + 0.5),
        Linear(12, 5),
        LeakyIntegrator(5, 12 * dt, dt, r=2.0, v_leak=-0.3),
        Integrator(5, dt),
    )
    net = louder(net).to(dtype)
    again = through_file(net, tmp_path, dt)
    compare(net, again, spikes_in(100, 3, 20, dtype=dtype))
    same_parameters(net, again)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("dt", STEPS)
def test_convolutional(tmp_path, dt, seed):
    torch.manual_seed(seed)
    net = Sequential(
        nn.Conv2d(2, 6, (3, 5), stride=(1, 2), padding=(1, 2), bias=False),
        LIF((6, 12, 6), tau_mem=torch.rand(6, 1, 1) * 20 * dt + 5 * dt, dt=dt),
        SumPool2d(2),
        nn.Conv2d(6, 4, 3, padding="same", groups=2, dilation=1),
        Scale(torch.rand(4, 1, 1) + 0.5),
        IF((4, 6, 3), dt),
        nn.AvgPool2d(2, 1, 1),
        nn.Dropout(0.5),
        nn.Flatten(2),
        nn.Conv1d(4, 3, 3, stride=2, padding=1),
        Threshold(torch.tensor(0.1)),
        nn.Flatten(),
        Linear(42, 10),
        LIF(10, 5 * dt, dt),
    )
    net = louder(net).eval()
    again = through_file(net, tmp_path, dt, input_shape=(2, 12, 12))
    names = [name for name, _ in again.named_children()]
    assert names == [str(i) for i in range(14) if i != 7]  # what does nothing is left out
    compare(net, again, spikes_in(40, 2, 2, 12, 12, seed=seed))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("dt", STEPS)
def test_recurrent(tmp_path, dt, seed):
    torch.manual_seed(seed)
    net = Sequential(
        Linear(20, 30),
        Recurrent(LIF(30, 10 * dt, dt, reset="zero", r=20.0)),
        Linear(30, 30),
        Recurrent(CubaLIF(30, 5 * dt, 10 * dt, dt), nn.Linear(30, 30)),
        Linear(30, 10),
        Recurrent(IF(10, dt), Scale(torch.randn(10))),
    )
    net = louder(net)
    again = through_file(net, tmp_path, dt)
    compare(net, again, spikes_in(60, 3, 20, seed=seed))
    same_parameters(net, again)


def test_networks_in_networks_and_graphs(tmp_path):
    torch.manual_seed(0)
    inner = Sequential(Linear(16, 16), LIF(16), Linear(16, 8), LIF(8))
    branches = Graph(
        {"up": Linear(20, 16), "lif": LIF(16), "inner": inner, "skip": Linear(20, 8), "z": LIF(8)},
        [
            ("input", "up"),
            ("up", "lif"),
            ("lif", "inner"),
            ("inner", "z"),
            ("skip", "z"),
            ("input", "skip"),
            ("z", "output"),
        ],
    )
    net = louder(Sequential(branches, Linear(8, 4), LIF(4)))
    again = through_file(net, tmp_path, 1e-3)
    assert isinstance(again[0], Graph)
    compare(net, again, spikes_in(120, 4, 20))


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("learn", [False, True])
def test_delays(tmp_path, dt, learn):
    torch.manual_seed(0)
    whole, between = torch.randint(0, 12, (30,)).double(), 8 * torch.rand(16)
    net = Sequential(
        Linear(20, 30),
        LIF(30, 10 * dt, dt),
        Delay(30, whole * dt, dt, most=15 * dt),
        Linear(30, 16),
        LIF(16, 10 * dt, dt),
        Delay(16, between * dt, dt, most=9 * dt, learn=learn),
        Linear(16, 5),
        LIF(5, 10 * dt, dt),
    )
    again = through_file(louder(net), tmp_path, dt)
    compare(net, again, spikes_in(100, 3, 20))
    x = spikes_in(40, 3, 20)
    first, record = net(x[:17])
    second, _ = again(x[17:], record.state)  # states are of one shape, too
    assert torch.equal(torch.cat((first, second)), again(x)[0])


def test_what_learns_is_exported_as_it_is(tmp_path):
    torch.manual_seed(0)
    net = Sequential(
        Linear(20, 8), LIF(8, torch.rand(8) / 50 + 0.01, r=9.0, learn=("tau_mem", "r"))
    )
    louder(net)
    again = through_file(net, tmp_path, 1e-3)
    assert torch.equal(again[1].tau_mem, net[1].tau_mem)
    compare(net, again, spikes_in(100, 4, 20))


def test_time_is_continuous_in_the_file(tmp_path):
    net = Sequential(Scale(torch.ones(1)), LIF(1, tau_mem=20e-3, dt=1e-3, r=1.0, reset="zero"))
    fine = through_file(net, tmp_path, 1e-5, input_shape=(1,))
    first = 20e-3 * torch.log(torch.tensor(3.0))  # a current of 1.5 reaches 1
    for layer, dt in ((net, 1e-3), (fine, 1e-5)):
        spikes, _ = layer(torch.full((int(0.05 / dt), 1, 1), 1.5))
        time = (spikes.flatten().nonzero()[0] + 1).item() * dt
        assert 0 <= time - first.item() < dt * 1.001


def test_the_file_is_one_of_nir(tmp_path):
    net = Sequential(Linear(4, 3), LIF(3, reset="zero", r=2.0), Recurrent(CubaLIF(3)), Linear(3, 2))
    save_nir(net, tmp_path / "net.nir")
    graph = nir.read(tmp_path / "net.nir")  # its types are checked
    assert {name: type(node).__name__ for name, node in graph.nodes.items()} == {
        "input": "Input",
        "0": "Affine",
        "1": "LIF",
        "2.neuron": "CubaLIF",
        "2.connection": "Linear",
        "3": "Affine",
        "output": "Output",
    }
    assert ("2.connection", "2.neuron") in graph.edges
    assert graph.nodes["1"].tau.tolist() == [0.02] * 3
    assert graph.nodes["1"].r.tolist() == [2.0] * 3
    jump = graph.nodes["2.neuron"]
    decay = torch.exp(torch.tensor(-1e-3 / 20e-3, dtype=torch.float64))
    torch.testing.assert_close(torch.from_numpy(jump.r), (1 / (1 - decay)).expand(3))


def test_a_stream_is_read_as_a_file(tmp_path):
    net = Sequential(Linear(4, 3), LIF(3))
    again = through_file(net, tmp_path, 1e-3)
    stream = load_nir(BytesIO((tmp_path / "net.nir").read_bytes()), 1e-3)
    same_parameters(again, stream)


def test_from_nir_leaves_the_generator_of_torch_alone(tmp_path):
    net = Sequential(Linear(4, 3), LIF(3))
    torch.manual_seed(5)
    first = torch.rand(3)
    torch.manual_seed(5)
    through_file(net, tmp_path, 1e-3)
    assert torch.equal(torch.rand(3), first)
