"""Our graphs in other tools: the same spikes where they discretise as we do, by Euler's method."""

from pathlib import Path

import nir
import pytest
import torch
from torch import Tensor, nn

from spiking import LIF, CubaLIF, Linear, Recurrent, Sequential, from_nir, save_nir, to_nir

DT = 1e-4


def spikes_in(inputs: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(100, 3, inputs, generator=generator) < 0.2).float()


def step_by_step(net: nn.Module, x: Tensor) -> Tensor:
    state, found = None, []
    for row in x.unbind(0):
        out, state = net(row, state)
        found.append(out.detach())
    return torch.stack(found)


def network(recurrent: bool = False) -> Sequential:
    torch.manual_seed(0)
    how = {"dt": DT, "method": "euler", "reset": "zero"}
    last = CubaLIF(20, 4 * DT, 8 * DT, **how)
    net = Sequential(
        Linear(12, 30),
        LIF(30, 5 * DT, r=5.0, **how),
        Linear(30, 20),
        Recurrent(last) if recurrent else last,
    )
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.Linear):
                layer.weight *= 3
    return net


def same(ours: nn.Module, theirs: nn.Module, x: Tensor) -> None:
    spikes, _ = ours(x)
    assert 0.05 < spikes.mean() < 0.95
    assert torch.equal(spikes, step_by_step(theirs, x))


def saved(net: nn.Module, folder: Path) -> nir.NIRGraph:
    save_nir(net, folder / "net.nir")
    return nir.read(folder / "net.nir")


def test_snntorch_fires_the_same_spikes(tmp_path, capsys):
    exchange = pytest.importorskip("snntorch.import_nir", reason="needs nirtorch")
    net = network()
    same(net, exchange.import_from_nir(saved(net, tmp_path)), spikes_in(12))
    assert "warning" not in capsys.readouterr().out  # nothing had to be scaled


@pytest.mark.parametrize("recurrent", [False, True])
def test_spikingjelly_fires_the_same_spikes(tmp_path, recurrent: bool):
    exchange = pytest.importorskip(
        "spikingjelly.activation_based.nir_exchange", reason="it is in benchmarks/peers.txt"
    )
    net = network(recurrent)
    same(net, exchange.import_from_nir(saved(net, tmp_path), dt=DT), spikes_in(12))


def test_norse_fires_the_same_spikes(tmp_path):
    """It takes no resistance but 1, and warns of its own loader."""
    norse = pytest.importorskip("norse.torch", reason="norse is in benchmarks/peers.txt")
    torch.manual_seed(0)
    how = {"dt": DT, "method": "euler", "reset": "zero"}
    net = Sequential(Linear(12, 30), LIF(30, 5 * DT, r=1.0, **how), Linear(30, 20))
    net.append(CubaLIF(20, 4 * DT, 8 * DT, r=8.0, w=3.0, **how))
    with torch.no_grad():
        net[0].weight *= 20
        net[2].weight *= 4
    with pytest.warns(DeprecationWarning, match="nirtorch.load"):
        theirs = norse.from_nir(saved(net, tmp_path), dt=DT)
    same(net, theirs, spikes_in(12))


def test_graphs_of_spikingjelly_come_in(tmp_path):
    pytest.importorskip("spikingjelly", reason="it is in benchmarks/peers.txt")
    from spikingjelly.activation_based import functional, layer, neuron
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    torch.manual_seed(0)
    theirs = nn.Sequential(
        layer.Conv2d(2, 4, 3, padding=1),
        neuron.IFNode(v_threshold=0.5),
        layer.AvgPool2d(2),
        layer.Flatten(),
        layer.Linear(64, 10),
        neuron.LIFNode(tau=3.0, decay_input=False, v_threshold=0.3),
    )
    x = (torch.rand(60, 3, 2, 8, 8) < 0.3).float()
    graph = export_to_nir(theirs, x[0], save_path=tmp_path / "net.nir", dt=DT)
    ours = from_nir(graph, dt=DT, method="euler")
    functional.reset_net(theirs)
    out = torch.stack([theirs(row) for row in x.unbind(0)])
    assert 0.02 < out.mean() < 0.98
    assert torch.equal(ours(x)[0], out)


def test_graphs_of_snntorch_come_in():
    import snntorch
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(0)
    how = {"init_hidden": True, "reset_mechanism": "zero", "reset_delay": False}
    beta, alpha = torch.full((6,), 0.9), torch.full((4,), 0.8)
    theirs = nn.Sequential(
        nn.Linear(12, 6),
        snntorch.Leaky(beta=beta, threshold=torch.ones(6), **how),
        nn.Linear(6, 4),
        snntorch.Synaptic(alpha=alpha, beta=beta[:4], threshold=torch.ones(4), **how),
    )
    with torch.no_grad():
        theirs[0].weight *= 3
        theirs[2].weight *= 3
    with pytest.warns(DeprecationWarning, match="nirtorch.extract_nir_graph"):
        graph = export_to_nir(theirs, torch.zeros(1, 12), ignore_dims=[0])
    ours = from_nir(graph, dt=1e-4, method="euler")
    x = spikes_in(12)
    for layer in (theirs[1], theirs[3]):
        layer.reset_mem()
    expected = torch.stack([theirs(row) for row in x.unbind(0)])
    assert 0.02 < expected.mean() < 0.98
    assert (ours(x)[0] != expected).float().mean() < 1e-3  # its time constants are float32


def test_our_graphs_pass_nirs_own_check():
    graph = to_nir(network(recurrent=True))
    again = nir.NIRGraph(graph.nodes, graph.edges)  # types are checked
    assert [*again.nodes] == [*graph.nodes]
