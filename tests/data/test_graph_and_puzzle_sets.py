"""Graphs and puzzles, each against its own rules."""

import pytest
import torch

from nsai import data


def test_sudoku_solutions_are_valid_and_splits_disjoint(need):
    need("sudoku")
    puzzle, solution = data.sudoku("all")
    digits = torch.arange(1, 10)
    boxes = solution.view(-1, 3, 3, 3, 3).transpose(2, 3).reshape(-1, 9, 9)
    for units in (solution, solution.transpose(1, 2), boxes):
        assert units.sort(-1).values.eq(digits).all()
    given = puzzle > 0
    assert puzzle[given].equal(solution[given])
    assert given.sum((1, 2)).aminmax() == (29, 37)
    train, test = (
        {row.numpy().tobytes() for row in data.sudoku(s).puzzle} for s in ("train", "test")
    )
    assert not train & test


@pytest.mark.parametrize("name", ["nations", "kinships", "umls", "countries_S2", "wn18rr"])
def test_graph_numbers_are_shared_by_its_splits(need, name):
    need("kg_wn18rr" if name == "wn18rr" else "kg_small")
    parts = {
        split: data.knowledge_graph(name, split) for split in ("train", "validation", "test", "all")
    }
    whole = parts["all"]
    assert torch.cat([p.triples for s, p in parts.items() if s != "all"]).equal(whole.triples)
    assert all(part.entities == whole.entities for part in parts.values())
    assert whole.triples[:, [0, 2]].unique().equal(torch.arange(len(whole.entities)))
    assert whole.triples[:, 1].unique().equal(torch.arange(len(whole.relations)))
    train, test = ({tuple(row) for row in parts[s].triples.tolist()} for s in ("train", "test"))
    assert not train & test


@pytest.mark.parametrize(("name", "classes"), [("cora", 7), ("citeseer", 6)])
def test_citations_have_the_planetoid_split(need, name, classes):
    need("citation_graphs")
    graph = data.citation_graph(name)
    assert graph.y[graph.train].bincount().tolist() == [20] * classes
    assert (len(graph.validation), len(graph.test)) == (500, 1000)
    nodes = torch.cat([graph.train, graph.validation, graph.test])
    assert len(nodes.unique()) == len(nodes)
    assert (graph.edges[:, 0] != graph.edges[:, 1]).all()
    assert len({frozenset(edge) for edge in graph.edges.tolist()}) == len(graph.edges)
    same = graph.y[graph.edges]
    assert (same[:, 0] == same[:, 1]).float().mean() > 0.7  # homophily, about 0.81 and 0.74


def test_arc_has_the_published_pairs(need):
    need("arc_agi_1")
    for split, train, test in (("training", 1302, 416), ("evaluation", 1363, 419)):
        tasks = data.arc_agi_1(split)
        assert sum(len(task.train) for task in tasks) == train
        assert sum(len(task.test) for task in tasks) == test
        grids = [grid for task in tasks for example in task.train for grid in example]
        assert min(int(grid.min()) for grid in grids) == 0
        assert max(int(grid.max()) for grid in grids) == 9
    tripled = next(task for task in data.arc_agi_1() if task.name == "007bbfb7").train[0]
    expected = torch.kron((tripled.input > 0).long(), tripled.input)  # the task's rule
    assert tripled.output.equal(expected)


def test_countries_facts_have_their_names(need):
    need("kg_small")
    graph = data.knowledge_graph("countries_S1", "all")
    entity, relation = graph.entities.index, graph.relations.index
    fact = [entity("slovakia"), relation("neighbor"), entity("ukraine")]
    assert fact in graph.triples.tolist()
