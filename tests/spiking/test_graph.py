"""Networks with branches against the same layers called one by one."""

import pytest
import torch

from spiking import LIF, Graph, LeakyIntegrator, Linear, Sequential, Triangular, sequential
from spiking.operations.products import sample

EDGES = [
    ("input", "first"),
    ("first", "lif"),
    ("lif", "second"),
    ("second", "out"),
    ("first", "out"),
    ("out", "output"),
    ("input", "aside"),
]


def network() -> Graph:
    torch.manual_seed(0)
    layers = {
        "out": LeakyIntegrator(4),  # in any order
        "second": Linear(4, 4),
        "lif": LIF(4),
        "first": Linear(3, 4),
        "aside": LIF(3),
    }
    return Graph(layers, EDGES)


def test_a_layer_sees_the_sum_of_its_edges():
    net, x = network(), torch.rand(30, 2, 3)
    out, record = net(x)
    drive = net.first(x)
    spikes, _ = net.lif(drive)
    expected, _ = net.out(net.second(spikes) + drive)
    assert torch.equal(out, expected)
    assert set(record) == {"lif", "out", "aside"}
    assert torch.equal(record["lif"].spikes, spikes)


def test_a_compact_surrogate_makes_the_backward_pass_sparse_and_leaves_gradients(monkeypatch):
    def slopes(near_threshold):
        monkeypatch.setattr("spiking.graph.near_threshold", near_threshold)
        torch.manual_seed(0)
        lif = LIF(40, surrogate=Triangular(0.2))
        layers = {"a": Linear(30, 40), "lif": lif, "b": Linear(40, 50), "c": Linear(40, 50)}
        edges = [("input", "a"), ("a", "lif"), ("lif", "b"), ("lif", "c")]
        net = Graph(layers, [*edges, ("b", "output"), ("c", "output")]).double()
        x = (torch.rand(500, 4, 30) < 0.1).double()
        (net(x)[0] * torch.linspace(-1, 1, 50)).sum().backward()
        return [p.grad for p in net.parameters()]

    taken = []
    monkeypatch.setattr("spiking.layers.linear.sample", lambda *a: taken.append(1) or sample(*a))
    monkeypatch.setattr("spiking.layers.linear.LEAST", 1)
    sparse = slopes(sequential.near_threshold)
    assert len(taken) == 2
    for ours, dense in zip(sparse, slopes(lambda *_: None), strict=True):
        torch.testing.assert_close(ours, dense, rtol=1e-9, atol=1e-12)


def test_a_graph_goes_on_where_it_stopped_and_nests():
    net, x = Sequential(network(), LIF(4)), torch.rand(30, 2, 3)
    whole, _ = net(x)
    first, record = net(x[:11])
    second, _ = net(x[11:], record.state)
    torch.testing.assert_close(torch.cat((first, second)), whole)


def test_faults_name_the_layer():
    layer, x = Linear(3, 3), torch.rand(5, 2, 3)
    faults = [
        ({"a": layer}, [("input", "b"), ("a", "output")], r"edge \('input', 'b'\) is of an unkn"),
        ({"a": layer}, [("a", "output"), ("output", "a")], "'output', 'a'.* is of an unknown"),
        ({"input": layer}, [("input", "output")], "cannot be called 'input'"),
        ({"a": layer}, [("input", "a")], "no edge leads to 'output'"),
        ({"a": layer}, [("a", "output")], "no edge leads to 'a'"),
        ({"a": layer}, 2 * [("input", "a")], "given twice"),
        (
            {"a": layer, "b": LIF(3)},
            [("input", "a"), ("a", "b"), ("b", "a"), ("b", "output")],
            "layers form a loop: .* -> ",
        ),
    ]
    for layers, edges, message in faults:
        with pytest.raises(ValueError, match=message):
            Graph(layers, edges)
    skip = Graph({"a": Linear(3, 4)}, [("input", "a"), ("a", "output"), ("input", "output")])
    with pytest.raises(ValueError, match=r"layer output: a brings \(5, 2, 4\), but input brings"):
        skip(x)
    with pytest.raises(ValueError, match=r"layer aside .*the input must be numbers"):
        network()(x.log().sqrt())
    with pytest.raises(ValueError, match=r"expected a state of layers \['aside', 'lif', 'out'\]"):
        network()(x, {})
    with pytest.raises(ValueError, match=r"expected input \(time, batch, ...\)"):
        network()(x[0])


def test_a_layer_that_comes_twice_works_twice():
    neuron, x = LIF(3, 5e-3), 4 * torch.rand(9, 2, 3, generator=torch.Generator().manual_seed(0))
    edges = [("input", "a"), ("a", "b"), ("b", "output")]
    out, record = Graph({"a": neuron, "b": neuron}, edges)(x)
    assert list(record) == ["a", "b"]
    assert torch.equal(out, neuron(neuron(x)[0])[0])
    assert out.any()
