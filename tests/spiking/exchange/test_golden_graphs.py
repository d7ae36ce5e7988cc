"""The graphs of the NIR paper: they load, and run as their equations say.

The reference is written out here, in numpy and float64, by Euler's method.
"""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d

from spiking import IF, CubaLIF, Recurrent, load_nir

GOLDEN = Path(__file__).parents[4] / "shared" / "golden"
TIGHT = {"rtol": 0.0, "atol": 1e-7}

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="shared/golden is not here")


def spikes_in(*shape: int, rate: float = 0.2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(*shape, generator=generator) < rate).double()


def cuba_step(p: Any, dt: float, i: Any, v: Any, x: Any) -> tuple[Any, Any, Any]:
    i = i + dt / p.tau_syn * (p.w_in * x - i)
    v = v + dt / p.tau_mem * (p.v_leak - v + p.r * i)
    fired = v > p.v_threshold
    return i, np.where(fired, p.v_reset, v), fired.astype(float)


@torch.no_grad()
def test_the_neuron_of_norse_fires_as_the_exact_solution():
    """The columns are the input, the potential and the spikes, in steps of 0.1 ms.

    There a neuron is reset within a step, where it meets the threshold, and takes up what is left
    of the input; here at the end of the step. That difference decays.
    """
    data = torch.from_numpy(np.loadtxt(GOLDEN / "loihi" / "exact_lif.csv", delimiter=","))
    net = load_nir(GOLDEN / "nir" / "lif_norse.nir", dt=1e-4).double()
    spikes, record = net(data[:, :1].unsqueeze(1))
    assert torch.equal(spikes.flatten(), data[:, 2])
    times = spikes.flatten().nonzero().flatten().tolist()
    assert times == [460, 510, 710, 760]
    gap = data[:, 1] - record["1"].voltage.flatten() * (1 - spikes.flatten())
    assert gap[:460].abs().max() < 2e-7  # tau is a float32
    decay = math.exp(-1e-4 / 2.5e-3)
    for start, end in pairwise([*times, 1000]):
        assert 0 < gap[start] < 1 - decay
        torch.testing.assert_close(gap[start + 1 : end], decay * gap[start : end - 1], **TIGHT)


def test_the_neuron_of_norse_equals_norse():
    norse = pytest.importorskip("norse.torch", reason="norse is in benchmarks/peers.txt")
    graph = nir.read(GOLDEN / "nir" / "lif_norse.nir")
    x = spikes_in(1000, 3, 1, rate=0.1).float()
    with pytest.warns(DeprecationWarning, match="nirtorch.load"):
        theirs, state, found = norse.from_nir(graph, dt=1e-4), None, []
    for row in x.unbind(0):
        out, state = theirs(row, state)
        found.append(out.detach())
    spikes, _ = load_nir(GOLDEN / "nir" / "lif_norse.nir", dt=1e-4, method="euler")(x)
    assert spikes.mean() > 0.01
    assert torch.equal(spikes, torch.stack(found))


@torch.no_grad()
def test_the_recurrent_braille_network_equals_its_equations():
    dt = 1e-4
    net = load_nir(GOLDEN / "nir" / "braille_rsnn.nir", dt, method="euler").double()
    assert [name for name, _ in net.named_children()] == ["fc1", "lif1", "fc2", "lif2"]
    assert isinstance(net.lif1, Recurrent)
    assert isinstance(net.lif2, CubaLIF)
    x = spikes_in(200, 4, 12, rate=0.05)
    _, record = net(x)
    nodes = nir.read(GOLDEN / "nir" / "braille_rsnn.nir").nodes
    one, two = nodes["lif1.lif"], nodes["lif2"]

    def affine(name: str, x: Any) -> Any:
        return x @ nodes[name].weight.T.astype(float) + nodes[name].bias

    s, i, v, j, u = (np.zeros((4, n)) for n in (38, 38, 38, 7, 7))
    for t, row in enumerate(x.numpy()):
        i, v, s = cuba_step(one, dt, i, v, affine("fc1", row) + affine("lif1.w_rec", s))
        j, u, out = cuba_step(two, dt, j, u, affine("fc2", s))
        assert np.array_equal(record["lif1"].spikes[t].numpy(), s)
        assert np.array_equal(record["lif2"].spikes[t].numpy(), out)
    assert record["lif1"].spikes.sum() > 100


@torch.no_grad()
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_the_network_of_sinabs_equals_its_equations(reset: str):
    net = load_nir(GOLDEN / "nir" / "cnn_sinabs.nir", dt=1.0, reset=reset).double()
    assert sum(isinstance(layer, IF) for layer in net) == 5
    x = spikes_in(30, 2, 2, 34, 34, rate=0.05)
    _, record = net(x)
    nodes = nir.read(GOLDEN / "nir" / "cnn_sinabs.nir").nodes
    potentials = dict.fromkeys(nodes, 0.0)
    for t, y in enumerate(x):
        for name in map(str, range(13)):
            node = nodes[name]
            if isinstance(node, nir.Conv2d):
                weight, bias = (torch.from_numpy(a).double() for a in (node.weight, node.bias))
                y = conv2d(y, weight, bias, tuple(node.stride), tuple(node.padding))
            elif isinstance(node, nir.Affine):
                y = y @ torch.from_numpy(node.weight).double().T
            elif isinstance(node, nir.SumPool2d):
                y = 4 * avg_pool2d(y, 2)
            elif isinstance(node, nir.Flatten):
                y = y.flatten(1)
            else:
                v = potentials[name] + y
                y = (v > 1).double()
                potentials[name] = v * (1 - y) if reset == "zero" else v - y
                assert torch.equal(record[name].spikes[t], y)
    assert all(0.001 < r.spikes.mean() < 0.5 for r in record.values())


@pytest.mark.parametrize("name", ["lif_norse", "cnn_sinabs", "braille_rsnn"])
def test_parameters_keep_every_bit(name: str):
    graph = nir.read(GOLDEN / "nir" / f"{name}.nir")
    kept = {
        (tuple(v.shape), str(v.dtype)[6:], v.numpy().tobytes())
        for v in load_nir(GOLDEN / "nir" / f"{name}.nir", dt=1e-4).state_dict().values()
    }
    found = 0
    for node in graph.nodes.values():
        for field in ("weight", "bias", "tau", "tau_syn", "tau_mem", "r", "w_in", "v_threshold"):
            value = getattr(node, field, None)
            if value is not None:
                assert (value.shape, value.dtype.name, value.tobytes()) in kept, field
                found += 1
    assert found >= 5
