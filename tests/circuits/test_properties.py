"""Properties of graphs against their definitions, written out over the truth table."""

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import And, Or, symbols

from nsai import circuits
from nsai.circuits import NNF, NNFBuilder, PropertyError, cardinality, properties
from nsai.circuits.nnf import Kind
from nsai.circuits.properties import check, is_decomposable, is_deterministic, is_smooth
from tests.oracles import formulas

NAMES = symbols("a b c d e f")
LITERAL = st.integers(1, 4).flatmap(lambda v: st.sampled_from([v, -v]))


GATE = st.tuples(st.booleans(), st.lists(st.integers(0, 20), min_size=2, max_size=4))
RECIPE = st.tuples(
    st.lists(LITERAL, min_size=2, max_size=6), st.lists(GATE, min_size=1, max_size=6)
)


def graph_from(recipe: tuple[list[int], list[tuple[bool, list[int]]]]) -> NNF:
    """Return any graph over 4 variables; most lack the properties."""
    literals, gates = recipe
    builder = NNFBuilder(4)
    nodes = [builder.literal(k) for k in literals]
    for conjoined, places in gates:
        join = builder.conjoin if conjoined else builder.disjoin
        nodes.append(join([nodes[-1 - place % len(nodes)] for place in places]))
    return builder.build(nodes[-1])


def graph_of(variables: int, *nodes: tuple[Kind, int | list[int]]) -> NNF:
    """Return a graph as it is written down, nothing folded: kind, and literal or children."""
    inner = [below if isinstance(below, list) else [] for _, below in nodes]
    literals = [0 if isinstance(below, list) else below for _, below in nodes]
    start = list(itertools.accumulate(map(len, inner), initial=0))
    columns = [[int(kind) for kind, _ in nodes], literals, start, [*itertools.chain(*inner)]]
    types = ["int8", "int32", "int32", "int32"]
    return NNF(variables, *map(np.array, columns, types))


def tables_of(nnf: NNF) -> list[list[bool]]:
    """Return the truth table of every node."""
    rows = list(itertools.product([False, True], repeat=nnf.variables))
    tables: list[list[bool]] = []
    for kind, literal, children in nnf.nodes():
        inner = [tables[child] for child in children]
        if kind is Kind.LITERAL:
            tables.append([row[abs(literal) - 1] == (literal > 0) for row in rows])
        elif kind is Kind.OR:
            tables.append([any(x[i] for x in inner) for i in range(len(rows))])
        elif kind is Kind.AND:
            tables.append([all(x[i] for x in inner) for i in range(len(rows))])
        else:
            tables.append([kind is Kind.TRUE] * len(rows))
    return tables


def deterministic_by_table(nnf: NNF) -> bool:
    tables = tables_of(nnf)
    return not any(
        any(map(all, zip(tables[x], tables[y], strict=True)))
        for kind, _, children in nnf.nodes()
        if kind is Kind.OR
        for x, y in itertools.combinations(children, 2)
    )


def scopes_of(nnf: NNF) -> list[set[int]]:
    scopes: list[set[int]] = []
    for _, literal, children in nnf.nodes():
        scopes.append({abs(literal)} - {0} | set().union(*(scopes[child] for child in children)))
    return scopes


@settings(max_examples=150)
@given(RECIPE)
def test_properties_are_those_of_the_definitions(recipe):
    nnf = graph_from(recipe)
    scopes = scopes_of(nnf)
    gates = [(kind, [scopes[x] for x in children]) for kind, _, children in nnf.nodes()]
    disjoint = all(sum(map(len, x)) == len(set().union(*x)) for k, x in gates if k is Kind.AND)
    equal = all(len(set(map(frozenset, x))) == 1 for k, x in gates if k is Kind.OR)
    assert is_decomposable(nnf) == disjoint
    assert is_smooth(nnf) == equal
    assert is_deterministic(nnf) == deterministic_by_table(nnf)


@settings(max_examples=100)
@given(RECIPE)
def test_solver_alone_decides_determinism_too(recipe):
    nnf = graph_from(recipe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(properties._Exclusion, "holds", lambda *_: False)
        assert is_deterministic(nnf) == deterministic_by_table(nnf)


@settings(max_examples=25)
@given(formulas(NAMES, max_leaves=12))
def test_compiled_circuits_are_decomposable_and_deterministic(formula):
    check(circuits.compile(formula, NAMES, cache=False).nnf)


@pytest.mark.parametrize(("n", "low", "high"), [(9, 1, 1), (10, 3, 6), (8, 4, 8), (1000, 1, 1)])
def test_determinism_of_counts_is_proven_without_a_solver(n, low, high, monkeypatch):
    monkeypatch.setattr(properties, "_solver", lambda *_: pytest.fail("the solver was asked"))
    check(cardinality(n, low, high), "deterministic", "decomposable")


AND, OR, LIT = Kind.AND, Kind.OR, Kind.LITERAL


@pytest.mark.parametrize(
    ("nnf", "lacking", "message"),
    [
        (
            graph_of(2, (LIT, 1), (LIT, -2), (LIT, -1), (AND, [0, 1]), (AND, [2, 3])),
            "decomposable",
            r"not decomposable: AND node 4: children 2 and 3 share variable 0$",
        ),
        (
            graph_of(2, (LIT, 1), (LIT, 2), (LIT, -1), (AND, [1, 2]), (OR, [0, 3])),
            "smooth",
            r"not smooth: OR node 4: child 0 does not mention variable 1$",
        ),
        (
            graph_of(2, (LIT, 1), (LIT, 2), (OR, [0, 1])),
            "deterministic",
            r"not deterministic: OR node 2: children 0 and 1 hold at once, as in \[1, 2\]$",
        ),
        (
            graph_of(1, (LIT, 1), (OR, [0, 0])),
            "deterministic",
            r"OR node 1: children 0 and 0 hold at once, as in \[1\]$",
        ),
        (graph_of(1, (Kind.TRUE, 0), (LIT, 1), (OR, [0, 1])), "deterministic", "OR node 2"),
        (graph_of(0, (Kind.TRUE, 0), (OR, [0, 0])), "deterministic", "OR node 1"),
    ],
    ids=["shared", "unsmooth", "overlap", "twice", "true", "constants"],
)
def test_a_missing_property_is_named_and_the_others_hold(nnf, lacking, message):
    with pytest.raises(PropertyError, match=message):
        check(nnf, lacking)
    decided = {
        "decomposable": is_decomposable(nnf),
        "smooth": is_smooth(nnf),
        "deterministic": is_deterministic(nnf),
    }
    assert not decided[lacking]
    assert decided["decomposable"] or lacking == "decomposable"
    assert decided["deterministic"] or lacking == "deterministic"


def test_overlap_that_no_literal_shows_is_found():
    """Two parities over different pairs of three variables hold at once."""
    builder = NNFBuilder(3)

    def parity(x, y):
        sides = [(x, -y), (-x, y)]
        return builder.disjoin(builder.conjoin(map(builder.literal, side)) for side in sides)

    wrong = builder.build(builder.disjoin([parity(1, 2), parity(2, 3)]))
    with pytest.raises(PropertyError, match=r"as in \[(1, -2, 3|-1, 2, -3)\]"):
        check(wrong, "deterministic")
    odd = [builder.conjoin([parity(1, 2), parity(2, 3), parity(1, 3)]), builder.literal(1)]
    assert is_deterministic(builder.build(builder.disjoin(odd)))  # the first is unsatisfiable


def test_false_excludes_everything():
    assert is_deterministic(graph_of(1, (Kind.FALSE, 0), (Kind.TRUE, 0), (OR, [0, 1])))
    assert is_deterministic(graph_of(0, (Kind.FALSE, 0), (Kind.FALSE, 0), (OR, [0, 1])))
    unsatisfiable = graph_of(2, (LIT, 1), (LIT, -1), (AND, [0, 1]), (LIT, 2), (OR, [2, 3]))
    assert is_deterministic(unsatisfiable)


def test_proof_of_a_deep_chain_need_no_recursion():
    builder = NNFBuilder(700)
    node = builder.TRUE
    for i in range(700, 0, -1):
        node = builder.disjoin([builder.literal(i), builder.conjoin([builder.literal(-i), node])])
    nnf = builder.build(builder.disjoin([builder.conjoin([builder.literal(1), node]), node]))
    assert not is_deterministic(nnf)


def test_unknown_property_is_refused():
    with pytest.raises(ValueError, match="among decomposable, smooth, deterministic, got 'small'"):
        check.__wrapped__(cardinality(2, 1, 1), "small")


def test_checked_circuit_answers_and_a_wrong_one_is_refused():
    circuit = circuits.circuit_from(circuits.read_nnf("nnf 3 2 2\nL 1\nL 2\nA 2 0 1"))
    assert [str(x) for x in circuit.variables] == ["x1", "x2"]
    assert circuit.model_count() == 1
    assert circuits.circuit_from(cardinality(2, 1, 1), "ab").variables == ("a", "b")
    with pytest.raises(PropertyError, match="not deterministic"):
        circuits.circuit_from(circuits.read_nnf("nnf 3 2 2\nL 1\nL 2\nO 0 2 0 1"))


def test_a_missing_solver_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysat.solvers", None)
    with pytest.raises(ImportError, match=r"python-sat: pip install 'nsai\[logic\]'"):
        is_deterministic(graph_of(2, (LIT, 1), (LIT, 2), (OR, [0, 1])))


def pigeons(holes: int) -> NNF:
    """Return "each of holes + 1 pigeons has a hole, or no hole has two": never both, and proofs
    of that by resolution are exponentially long (Haken 1985)."""
    builder = NNFBuilder((holes + 1) * holes)
    place = np.arange(1, (holes + 1) * holes + 1).reshape(holes + 1, holes)

    def at_least_one(row: list[int]) -> int:
        node = builder.FALSE
        for x in row:
            rest = builder.conjoin([builder.literal(-x), node])
            node = builder.disjoin([builder.literal(x), rest])
        return node

    def at_most_one(row: list[int]) -> int:
        none = one = builder.TRUE
        for x in row:
            taken = builder.conjoin([builder.literal(x), none])
            one = builder.disjoin([taken, builder.conjoin([builder.literal(-x), one])])
            none = builder.conjoin([builder.literal(-x), none])
        return one

    housed = builder.conjoin([at_least_one(row) for row in place.tolist()])
    alone = builder.conjoin([at_most_one(column) for column in place.T.tolist()])
    return builder.build(builder.disjoin([housed, alone]))


def test_a_decision_that_takes_too_long_says_so():
    assert is_deterministic(pigeons(3))
    nnf = pigeons(12)
    for ask in (is_deterministic, check, circuits.circuit_from):
        with pytest.raises(TimeoutError, match=r"not decided within 0\.2 s; raise `seconds`"):
            ask(nnf, seconds=0.2)


def test_parts_compiled_apart_stay_deterministic():
    a, b, c, d, *_ = NAMES
    check(circuits.compile(And(Or(a, b), Or(c, d)), cache=False).nnf)
