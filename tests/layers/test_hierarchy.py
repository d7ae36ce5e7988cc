"""The hierarchy layer against the paper's formulas, written out class by class."""

import math
import random

import networkx as nx
import pytest
import torch

from nsai.layers.hierarchy import HierarchyLayer


def random_hierarchy(seed, n=12):
    rng = random.Random(seed)
    names = rng.sample(range(n), n)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(
        (names[i], names[j]) for i in range(n) for j in range(i) if rng.random() < 0.2
    )
    return graph


def below(graph, name):
    """Return a class and all that imply it, by walking the edges backwards."""
    found, left = set(), [name]
    while left:
        at = left.pop()
        if at not in found:
            found.add(at)
            left += graph.predecessors(at)
    return found


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_no_class_is_less_probable_than_one_that_implies_it(seed, dtype):
    graph = random_hierarchy(seed)
    layer = HierarchyLayer(graph)
    p = torch.rand(100_000, 12, generator=torch.Generator().manual_seed(seed)).to(dtype)
    out = layer(p)
    for child, parent in graph.edges:
        assert bool((out[:, child] <= out[:, parent]).all())
    assert torch.equal(layer(out), out)
    assert bool((out >= p).all())
    assert out.dtype == dtype


@pytest.mark.parametrize("seed", range(3))
def test_layer_and_loss_equal_the_papers_formulas(seed):
    graph = random_hierarchy(seed)
    layer = HierarchyLayer(graph)
    rng = random.Random(seed)
    p = torch.rand(8, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    truth = [[rng.random() < 0.3 for _ in range(12)] for _ in range(8)]
    y = [[any(row[b] for b in below(graph, a)) for a in range(12)] for row in truth]
    losses = []
    for h, label, out in zip(p.tolist(), y, layer(p).tolist(), strict=True):
        total = 0.0
        for a in range(12):
            most = max(h[b] for b in below(graph, a))
            assert out[a] == most
            if label[a]:
                total -= math.log(max(label[b] * h[b] for b in below(graph, a)))
            else:
                total -= math.log(1 - most)
        losses.append(total)
    labels = torch.tensor(y, dtype=torch.float64)
    torch.testing.assert_close(layer.loss(p, labels), torch.tensor(losses, dtype=torch.float64))


def test_a_positive_class_does_not_learn_from_an_absent_descendant():
    # the basic case of the paper: A implies B, B holds, A does not
    layer = HierarchyLayer(nx.DiGraph([("A", "B")]))
    p = torch.tensor([[0.75, 0.25]], requires_grad=True)
    labels = torch.tensor([[0.0, 1.0]])
    (slope,) = torch.autograd.grad(layer.loss(p, labels).sum(), p)
    torch.testing.assert_close(slope, torch.tensor([[4.0, -4.0]]))


def test_gradients_are_those_of_finite_differences():
    layer = HierarchyLayer(random_hierarchy(1))
    p = torch.rand(4, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.autograd.gradcheck(layer, p.requires_grad_())
    corners = torch.tensor([[0.0] * 12, [1.0] * 12], requires_grad=True)
    (slope,) = torch.autograd.grad(layer.loss(corners, torch.zeros(2, 12)).sum(), corners)
    assert bool(slope.isfinite().all())


def test_a_matrix_and_an_order_of_columns_say_the_same_as_a_graph():
    p = torch.tensor([[0.1, 0.7, 0.3]])
    by_matrix = HierarchyLayer([[0, 0, 0], [0, 0, 1], [1, 0, 0]])
    assert (
        by_matrix(p).tolist() == HierarchyLayer(nx.DiGraph([(0, 1), (2, 0)]), [1, 2, 0])(p).tolist()
    )
    torch.testing.assert_close(by_matrix(p), torch.tensor([[0.7, 0.7, 0.7]]))


def test_a_forest_without_edges_changes_nothing():
    p = torch.rand(3, 2)
    assert torch.equal(HierarchyLayer(torch.zeros(2, 2))(p), p)


def test_errors_say_expected_and_got():
    with pytest.raises(ValueError, match=r"no cycle, got (a → b → a|b → a → b)"):
        HierarchyLayer(nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c")]))
    with pytest.raises(ValueError, match="no cycle, got 0 → 0"):
        HierarchyLayer([[1]])
    with pytest.raises(ValueError, match=r"square, of 0 and 1, got \(1, 2\)"):
        HierarchyLayer([[0, 1]])
    with pytest.raises(ValueError, match="must have classes, got none"):
        HierarchyLayer(nx.DiGraph())
    with pytest.raises(ValueError, match=r"variables must name each of \('a', 'b'\) once"):
        HierarchyLayer(nx.DiGraph([("a", "b")]), ["a"])
    layer = HierarchyLayer(nx.DiGraph([("a", "b")]))
    with pytest.raises(ValueError, match=r"p must be \(batch, 2\), got \(1, 3\)"):
        layer(torch.zeros(1, 3))
    for bad in (math.nan, 1.5, -0.5):
        with pytest.raises(ValueError, match=r"p must be in \[0, 1\]"):
            layer(torch.tensor([[0.5, bad]]))
    with pytest.raises(ValueError, match="got a without b in row 0"):
        layer.loss(torch.full((1, 2), 0.5), torch.tensor([[1.0, 0.0]]))
    with pytest.raises(ValueError, match="labels must be 0 or 1"):
        layer.loss(torch.full((1, 2), 0.5), torch.full((1, 2), 0.5))
