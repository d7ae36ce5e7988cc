"""NeuroBench's own figures of our networks equal our counters, exactly."""

import pytest
import snntorch
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from spiking import (
    IF,
    LIF,
    AdaptiveLIF,
    CubaLIF,
    Delay,
    DelayedLinear,
    Graph,
    LeakyIntegrator,
    Linear,
    Recurrent,
    Sequential,
    SumPool2d,
    Threshold,
)
from spiking.metrics import (
    BenchmarkModel,
    activation_sparsity,
    connection_sparsity,
    footprint,
    synaptic_operations,
)

pytest.importorskip("neurobench", reason="neurobench is in benchmarks/peers.txt")

from neurobench.benchmarks import Benchmark
from neurobench.metrics.static import ConnectionSparsity, Footprint
from neurobench.metrics.workload import ActivationSparsity, MembraneUpdates, SynapticOperations
from neurobench.models import SNNTorchModel

STATIC, WORKLOAD = [Footprint, ConnectionSparsity], [ActivationSparsity, SynapticOperations]


def pruned(net: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                layer.weight *= 3
                layer.weight[torch.rand(layer.weight.shape, generator=generator) < 0.3] = 0
    return net


def feed_forward() -> tuple[nn.Module, tuple[int, ...]]:
    first = [Linear(20, 30), LIF(30), nn.Linear(30, 24), nn.ReLU(), Sequential(CubaLIF(24))]
    last = [Linear(24, 16), AdaptiveLIF(16), Linear(16, 10), LeakyIntegrator(10)]
    return Sequential(*first, *last), (20,)


def convolutional() -> tuple[nn.Module, tuple[int, ...]]:
    first = [nn.Conv2d(2, 4, 3, padding=1, stride=2), IF((4, 5, 5)), nn.AvgPool2d(2)]
    then = [nn.Conv2d(4, 6, 2, groups=2), Threshold(torch.tensor(0.0)), SumPool2d(1), nn.Flatten()]
    return Sequential(*first, *then, Linear(6, 5), LIF(5)), (2, 10, 10)


def recurrent() -> tuple[nn.Module, tuple[int, ...]]:
    image = Recurrent(IF((2, 4, 4)), nn.Conv2d(2, 2, 3, padding=1))
    first = [Linear(20, 32), Recurrent(LIF(32)), nn.Unflatten(1, (2, 4, 4)), image, nn.Flatten()]
    return Sequential(*first, Linear(32, 6), Recurrent(AdaptiveLIF(6), nn.Linear(6, 6))), (20,)


def delayed() -> tuple[nn.Module, tuple[int, ...]]:
    return Sequential(DelayedLinear(20, 12, 5e-3), LIF(12), Delay(12, 3e-3), Linear(12, 4)), (20,)


def branching() -> tuple[nn.Module, tuple[int, ...]]:
    layers = {
        "a": Linear(20, 8),
        "lif": LIF(8),
        "b": Linear(8, 8),
        "skip": Linear(20, 8),
        "z": LIF(8),
    }
    edges = [("input", "a"), ("a", "lif"), ("lif", "b"), ("b", "z"), ("skip", "z")]
    return Graph(layers, [*edges, ("input", "skip"), ("z", "output")]), (20,)


def of_snntorch() -> tuple[nn.Module, tuple[int, ...]]:
    first = [Linear(20, 30), snntorch.Leaky(beta=0.9), nn.Linear(30, 12), LIF(12)]
    then = [Linear(12, 12), snntorch.RLeaky(beta=0.8, linear_features=12), Linear(12, 4)]
    return Sequential(*first, *then, snntorch.Synaptic(alpha=0.8, beta=0.9, init_hidden=True)), (
        20,
    )


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize(
    "make", [feed_forward, convolutional, recurrent, delayed, branching, of_snntorch]
)
def test_figures_are_equal(make, numbers: bool):
    torch.manual_seed(0)
    net, shape = make()
    net = pruned(net).eval()
    x = torch.rand(8, 25, *shape)  # powers of two, so that means over batches do not round
    x = x if numbers else (x < 0.3).float()
    bytes_before = footprint(net)
    loader = DataLoader(TensorDataset(x, torch.zeros(8)), batch_size=4)
    benchmark = Benchmark(BenchmarkModel(net), loader, [], [], [STATIC, WORKLOAD])
    theirs = benchmark.run(quiet=True)
    halves = [half.transpose(0, 1) for half in x.split(4)]
    with torch.no_grad():
        runs = [(half, net(half)[1]) for half in halves]
    assert theirs["Footprint"] == bytes_before
    assert theirs["ConnectionSparsity"] == round(connection_sparsity(net), 4)
    sparsity = sum(activation_sparsity(net, *run) for run in runs) / 2
    assert theirs["ActivationSparsity"] == sparsity
    assert 0.1 < sparsity < 0.999
    found = [synaptic_operations(net, *run) for run in runs]
    macs, acs, dense = (sum(column) / 2 for column in zip(*found, strict=True))
    assert theirs["SynapticOperations"] == {
        "Effective_MACs": macs,
        "Effective_ACs": acs,
        "Dense": dense,
    }
    assert acs > 0
    assert dense > acs + macs


def test_figures_are_those_of_neurobenchs_own_model_of_snntorch():
    torch.manual_seed(0)
    how = {"init_hidden": True}
    theirs = nn.Sequential(
        nn.Linear(20, 30),
        snntorch.Leaky(beta=0.9, **how),
        nn.Linear(30, 5),
        snntorch.Leaky(beta=0.8, output=True, **how),
    )
    pruned(theirs)
    ours = Sequential(*theirs)
    x = (torch.rand(8, 25, 20) < 0.3).float()
    loader = DataLoader(TensorDataset(x, torch.zeros(8)), batch_size=4)
    metrics = [*WORKLOAD, MembraneUpdates]
    figures = [
        Benchmark(model, loader, [], [], [[ConnectionSparsity], metrics]).run(quiet=True)
        for model in (SNNTorchModel(theirs), BenchmarkModel(ours))
    ]
    assert figures[0] == figures[1]
    assert figures[0]["SynapticOperations"]["Effective_ACs"] > 0
    assert figures[0]["MembraneUpdates"] > 0


def test_nothing_listens_when_a_benchmark_is_over():
    net = Sequential(Linear(3, 3), Recurrent(LIF(3)), nn.ReLU(), DelayedLinear(3, 2, 2e-3))
    loader = DataLoader(TensorDataset(torch.rand(2, 5, 3), torch.zeros(2)))
    benchmark = Benchmark(BenchmarkModel(net), loader, [], [], [STATIC, WORKLOAD])
    benchmark.run(quiet=True)
    del benchmark
    for module in net.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
