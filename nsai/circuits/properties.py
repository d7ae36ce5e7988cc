r"""The properties of a circuit that make questions easy, decided and never assumed.

Decomposability and smoothness are read off the graph. Determinism asks whether two children of an ∨
can hold at once, which is coNP-complete in general. Here a proof is tried first: two nodes exclude
each other if they imply opposite literals, or

.. math:: a_1 \vee \dots \vee a_k \perp b \;\Leftarrow\; \forall i\; a_i \perp b, \qquad
          a_1 \wedge \dots \wedge a_k \perp b \;\Leftarrow\; \exists i\; a_i \perp b.

That is complete, and takes at most a step per pair of nodes, where all ∧ follow one vtree, as in a
sentential decision diagram or a count. What it leaves open, a SAT solver decides.

References
----------
Darwiche and Marquis, "A knowledge compilation map", JAIR 17, 2002, definitions 2 to 4.

Pipatsrisawat and Darwiche, "New compilation languages based on structured decomposability",
AAAI 2008.
"""

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any, Literal

from nsai.circuits.errors import PropertyError
from nsai.circuits.nnf import NNF, Kind
from nsai.logic.budget import interrupted_after

Property = Literal["decomposable", "smooth", "deterministic"]

SOLVER = "glucose4"
PAIRS = 500_000  # pairs of nodes to try a proof for, a few seconds; then the solver is asked


def is_decomposable(nnf: NNF) -> bool:
    """Return whether the children of every ∧ share no variable.

    Examples
    --------
    >>> from nsai.circuits.cardinality import cardinality
    >>> is_decomposable(cardinality(4, 2, 2))
    True
    """
    return _shared_variable(nnf) is None


def is_smooth(nnf: NNF) -> bool:
    r"""Return whether the children of every ∨ mention the same variables.

    Examples
    --------
    >>> from nsai.circuits.formats import read_nnf
    >>> is_smooth(read_nnf("nnf 5 4 2\nL 1\nL -2\nA 2 0 1\nL -1\nO 1 2 2 3"))
    False
    """
    return _missing_variable(nnf) is None


def is_deterministic(nnf: NNF, *, seconds: float = 60.0) -> bool:
    """Return whether no two children of an ∨ can hold at once; exact, of any graph.

    Parameters
    ----------
    nnf
        Any graph.
    seconds
        Budget of the SAT solver.

    Raises
    ------
    TimeoutError
        If that is not decided within the budget.
    ImportError
        If a SAT solver is needed and python-sat is not installed.

    Examples
    --------
    >>> from nsai.circuits.cardinality import cardinality
    >>> is_deterministic(cardinality(4, 2, 2))
    True
    """
    return _common_model(nnf, seconds) is None


def check(nnf: NNF, *properties: Property, seconds: float = 60.0) -> None:
    """Refuse a circuit that lacks a property.

    Parameters
    ----------
    nnf
        Any graph.
    properties
        What to check; what exact answers need, decomposable and deterministic, unless given.
    seconds
        Budget to decide determinism.

    Raises
    ------
    TimeoutError
        If determinism is not decided within the budget.
    PropertyError
        If a property is missing; the message names the node, its kind, and the children and
        variables (from 0) or literals (from ±1) at fault.
    ValueError
        If a property is unknown.

    Examples
    --------
    >>> from nsai.circuits.nnf import NNFBuilder
    >>> builder = NNFBuilder(2)
    >>> either = builder.disjoin([builder.literal(1), builder.literal(2)])
    >>> check(builder.build(either), "deterministic")
    Traceback (most recent call last):
    nsai.circuits.errors.PropertyError: not deterministic: OR node 2: children 0 and 1 hold at \
once, as in [1, 2]
    """
    tests: dict[str, Callable[[NNF], str | None]] = {
        "decomposable": _shared_variable,
        "smooth": _missing_variable,
        "deterministic": partial(_common_model, seconds=seconds),
    }
    for name in properties or ("decomposable", "deterministic"):
        if name not in tests:
            raise ValueError(f"expected properties among {', '.join(tests)}, got {name!r}")
        fault = tests[name](nnf)
        if fault is not None:
            raise PropertyError(f"not {name}: {fault}")


def _shared_variable(nnf: NNF) -> str | None:
    """Return what makes the graph not decomposable."""
    scopes = nnf.scopes()
    for node, (kind, _, children) in enumerate(nnf.nodes()):
        if kind is not Kind.AND:
            continue
        seen = 0
        for child in children:
            if shared := seen & scopes[child]:
                first = next(other for other in children if scopes[other] & shared)
                both = f"children {first} and {child} share"
                return f"AND node {node}: {both} {_named(scopes[first] & scopes[child])}"
            seen |= scopes[child]
    return None


def _missing_variable(nnf: NNF) -> str | None:
    """Return what makes the graph not smooth."""
    scopes = nnf.scopes()
    for node, (kind, _, children) in enumerate(nnf.nodes()):
        if kind is Kind.OR:
            for child in children:
                if missing := scopes[node] & ~scopes[child]:
                    return f"OR node {node}: child {child} does not mention {_named(missing)}"
    return None


def _named(scope: int) -> str:
    """Return the variables of a scope in words, the first few of many."""
    found = [v for v in range(scope.bit_length()) if scope >> v & 1]
    rest = f", … ({len(found)})" if len(found) > 5 else ""
    return f"variable{'s' * (len(found) > 1)} {', '.join(map(str, found[:5]))}{rest}"


def _common_model(nnf: NNF, seconds: float) -> str | None:
    """Return what makes the graph not deterministic."""
    proof = _Exclusion(nnf)
    unproven = [
        node
        for node, (kind, _, children) in enumerate(nnf.nodes())
        if kind is Kind.OR and not all(proof.holds(a, b) for a, b in combinations(children, 2))
    ]
    if not unproven:
        return None
    encoding = _Encoding(nnf)
    with _solver(encoding.clauses) as solver, interrupted_after(seconds, solver):
        for node in unproven:
            test, clauses = encoding.two_of(nnf.children(node).tolist())
            solver.append_formula(clauses)
            found = solver.solve_limited(assumptions=[test], expect_interrupt=True)
            if found is None:
                raise TimeoutError(
                    f"whether the circuit is deterministic was not decided within {seconds:g} s; "
                    "raise `seconds`"
                )
            if found:
                return _shown_model(nnf, node, solver.get_model()[: nnf.variables])
    return None


def _shown_model(nnf: NNF, node: int, model: list[int]) -> str:
    """Return which children of an ∨ hold in a model, in words."""
    held = set(model)
    true: list[bool] = []
    for kind, literal, children in nnf.nodes():
        if kind is Kind.LITERAL:
            true.append(literal in held)
        elif kind is Kind.AND:
            true.append(all(true[child] for child in children))
        elif kind is Kind.OR:
            true.append(any(true[child] for child in children))
        else:
            true.append(kind is Kind.TRUE)
    first, second, *_ = (child for child in nnf.children(node).tolist() if true[child])
    scope = nnf.scopes()[node]
    seen = [x for x in model if scope >> (abs(x) - 1) & 1]
    return f"OR node {node}: children {first} and {second} hold at once, as in {seen}"


def _solver(clauses: list[list[int]]) -> Any:
    try:
        from pysat.solvers import Solver
    except ImportError as error:
        message = "to decide determinism needs python-sat: pip install 'nsai[logic]'"
        raise ImportError(message) from error
    return Solver(name=SOLVER, bootstrap_with=clauses)


class _Exclusion:
    """Proofs that two nodes cannot hold at once; none is no proof of the contrary."""

    def __init__(self, nnf: NNF) -> None:
        self.kind = nnf.kind.tolist()
        self.children = [children for _, _, children in nnf.nodes()]
        self.scope = nnf.scopes()
        self.positive, self.negative = _implied(nnf)
        self.known: dict[tuple[int, int], bool] = {}

    def holds(self, a: int, b: int) -> bool:
        """Return whether a proof is found; without recursion, for circuits may be deep."""
        found = self._at_sight(a, b)
        stack = [] if found is not None else [self._split(a, b)]
        while stack:
            pair, every, parts, place = stack.pop()
            found = every
            while place < len(parts) and found is every:
                inner = self._at_sight(*parts[place])
                if inner is None:
                    stack += [(pair, every, parts, place), self._split(*parts[place])]
                    break
                found = inner
                place += 1
            else:
                self.known[pair] = found
        return bool(found)

    def _at_sight(self, a: int, b: int) -> bool | None:
        if self.positive[a] & self.negative[b] or self.negative[a] & self.positive[b]:
            return True
        if a == b or not self.scope[a] & self.scope[b]:
            return False
        if max(self.kind[a], self.kind[b]) <= Kind.LITERAL or len(self.known) > PAIRS:
            return False
        return self.known.get((min(a, b), max(a, b)))

    def _split(self, a: int, b: int) -> "_Step":
        """Return the parts that have to exclude the rest: all of an ∨, one of an ∧.

        The node with more variables is split, an ∨ before an ∧: it stands higher in a vtree.
        """
        low, high = sorted((a, b), key=lambda x: (self.scope[x].bit_count(), self.kind[x], x))
        every = self.kind[high] == Kind.OR
        return (min(a, b), max(a, b)), every, [(part, low) for part in self.children[high]], 0


_Step = tuple[tuple[int, int], bool, list[tuple[int, int]], int]


def _implied(nnf: NNF) -> tuple[list[int], list[int]]:
    """Return literals that each node implies, as bits: the positive and the negative ones.

    False implies all, and one that every node is given the opposite of: it excludes any node.
    """
    extra = 1 << nnf.variables
    every = 2 * extra - 1
    positive: list[int] = []
    negative: list[int] = []
    for kind, literal, children in nnf.nodes():
        up, down = 0, extra
        if kind is Kind.LITERAL:
            bit = 1 << (abs(literal) - 1)
            up, down = (bit, extra) if literal > 0 else (0, extra | bit)
        elif kind is Kind.AND:
            for child in children:
                up, down = up | positive[child], down | negative[child]
        elif kind is Kind.OR:
            up, down = every, every
            for child in children:
                up, down = up & positive[child], down & negative[child]
        if kind is Kind.FALSE or up & down:
            up, down = every, every
        positive.append(up)
        negative.append(down)
    return positive, negative


class _Encoding:
    """A graph as clauses "a node implies its definition": enough, for no node is negated.

    References
    ----------
    Plaisted and Greenbaum, "A structure-preserving clause form translation", J. Symbolic
    Computation 2, 1986.
    """

    def __init__(self, nnf: NNF) -> None:
        self.clauses: list[list[int]] = []
        self.name: list[int] = []
        self.used = nnf.variables
        for kind, literal, children in nnf.nodes():
            name = literal if kind is Kind.LITERAL else self._new()
            self.name.append(name)
            inner = [self.name[child] for child in children]
            if kind is Kind.AND:
                self.clauses += [[-name, other] for other in inner]
            elif kind in (Kind.OR, Kind.FALSE):
                self.clauses.append([-name, *inner])

    def _new(self) -> int:
        self.used += 1
        return self.used

    def two_of(self, nodes: list[int]) -> tuple[int, list[list[int]]]:
        """Return a literal that implies "two of the nodes hold", and clauses that make it so."""
        test = self._new()
        first = [self._new() for _ in nodes]
        later = [self._new() for _ in nodes]  # one of the nodes from here on holds
        clauses = [[-test, *first[:-1]]]
        for i, node in enumerate(nodes):
            after = later[i + 1 : i + 2]
            clauses += [[-first[i], self.name[node]], [-first[i], *after]]
            clauses.append([-later[i], self.name[node], *after])
        return test, clauses
