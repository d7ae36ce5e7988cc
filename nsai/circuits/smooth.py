r"""Smoothing: every child of an ∨ mentions what the others do.

A child that does not mention x is joined with :math:`x \vee \neg x`, which changes no model. A set
of variables is joined along one binary tree over all of them, so that sets share what they have in
common, and a range of n variables costs O(log n) nodes of its own.

References
----------
Shih, Van den Broeck, Beame and Amarilli, "Smoothing structured decomposable circuits",
NeurIPS 2019.
"""

from nsai.circuits.nnf import NNF, Kind, NNFBuilder


def smooth(nnf: NNF) -> NNF:
    """Return the same function as a smooth graph whose root mentions all variables.

    Decomposability, determinism and the number of models stay as they are. An unsatisfiable
    graph that folds to false mentions nothing.

    Parameters
    ----------
    nnf
        Any graph.

    Examples
    --------
    >>> builder = NNFBuilder(2)
    >>> a, not_a, b = (builder.literal(k) for k in (1, -1, 2))
    >>> either = builder.build(builder.disjoin([a, builder.conjoin([not_a, b])]))
    >>> either.edges, smooth(either).edges, smooth(either).model_count()
    (4, 8, 3)
    """
    builder = NNFBuilder(nnf.variables)
    free = _Free(builder)
    scopes = {builder.FALSE: 0, builder.TRUE: 0}
    made: list[int] = []

    def widened(node: int, scope: int) -> int:
        """Return a node that mentions a scope, too."""
        missing = scope & ~scopes[node]
        return builder.conjoin([node, free(missing)]) if missing else node

    for kind, literal, children in nnf.nodes():
        inner = [made[child] for child in children]
        scope = 0
        for child in inner:
            scope |= scopes[child]
        if kind is Kind.LITERAL:
            node, scope = builder.literal(literal), 1 << (abs(literal) - 1)
        elif kind is Kind.AND:
            node = builder.conjoin(inner)
        elif kind is Kind.OR:
            node = builder.disjoin(
                widened(child, scope) for child in inner if child != builder.FALSE
            )
        else:
            node = int(kind)
        scopes.setdefault(node, scope)
        made.append(node)
    root = made[-1]
    every = (1 << nnf.variables) - 1
    return builder.build(root if root == builder.FALSE else widened(root, every))


class _Free:
    """Nodes that mention variables and hold always."""

    def __init__(self, builder: NNFBuilder) -> None:
        self.builder = builder
        self.known: dict[int, int] = {}
        self.size = 1 << max(builder.variables - 1, 0).bit_length()

    def __call__(self, scope: int) -> int:
        """Return the node of a set of variables, as bits."""
        return self._within(scope, 0, self.size)

    def _within(self, scope: int, low: int, size: int) -> int:
        """Return the node of a set of variables from low to low + size."""
        if scope not in self.known:
            if size == 1:
                literals = (self.builder.literal(sign * (low + 1)) for sign in (1, -1))
                self.known[scope] = self.builder.disjoin(literals)
            else:
                half = size // 2
                below = ((1 << half) - 1) << low
                parts = [(scope & below, low), (scope & ~below, low + half)]
                self.known[scope] = self.builder.conjoin(
                    [self._within(part, first, half) for part, first in parts if part]
                )
        return self.known[scope]
