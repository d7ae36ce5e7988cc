r"""Probabilities that respect a hierarchy of classes.

Paper: Giunchiglia and Lukasiewicz, "Coherent hierarchical multi-label classification networks",
NeurIPS 2020. With :math:`D_A` the descendants of class A, A among them, the max constraint module
and its loss (section 3 there) are

.. math:: \mathrm{MCM}_A = \max_{B \in D_A} h_B, \qquad
          \mathrm{MCLoss}_A = -y_A \ln\Bigl(\max_{B \in D_A} y_B h_B\Bigr)
          - (1 - y_A) \ln(1 - \mathrm{MCM}_A)

so that no class is less probable than one that implies it. The plain loss on MCM would let a
positive class learn from a descendant that is not there; MCLoss does not.
"""

from collections.abc import Hashable, Sequence

import networkx as nx
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class HierarchyLayer(nn.Module):
    """Raise each class to the most probable of its descendants.

    Parameters
    ----------
    graph
        A networkx DiGraph with an edge from each class to every class that it implies
        (child → parent), the columns in the order of its nodes; or a square matrix of 0 and 1 in
        which row i, column j says that i implies j.
    variables
        What the columns are, if in another order than the graph's nodes.

    Attributes
    ----------
    variables
        The classes, in the order of the columns.

    Raises
    ------
    ValueError
        If the graph has a cycle (the message names it), or the matrix is not square and 0/1.

    Examples
    --------
    >>> layer = HierarchyLayer(nx.DiGraph([("cat", "animal"), ("dog", "animal")]))
    >>> layer.variables
    ('cat', 'animal', 'dog')
    >>> layer(torch.tensor([[0.75, 0.5, 0.25]])).tolist()
    [[0.75, 0.75, 0.25]]
    """

    descendants: Tensor
    ancestors: Tensor

    def __init__(
        self,
        graph: nx.DiGraph | Sequence[Sequence[int]] | Tensor,
        variables: Sequence[Hashable] | None = None,
    ) -> None:
        super().__init__()
        tree = graph if isinstance(graph, nx.DiGraph) else _from_matrix(graph)
        if not len(tree):
            raise ValueError("a hierarchy must have classes, got none")
        self.variables = tuple(tree if variables is None else variables)
        if len(self.variables) != len(tree) or set(self.variables) != set(tree):
            raise ValueError(
                f"variables must name each of {tuple(tree)} once, got {self.variables}"
            )
        if not nx.is_directed_acyclic_graph(tree):
            cycle = [edge[0] for edge in nx.find_cycle(tree)]
            shown = " → ".join(map(str, [*cycle, cycle[0]]))
            raise ValueError(f"a hierarchy must have no cycle, got {shown}")
        column = {name: i for i, name in enumerate(self.variables)}
        pairs = [(column[b], column[a]) for b in tree for a in nx.descendants(tree, b)]
        below, above = zip(*pairs, strict=True) if pairs else ((), ())
        self.register_buffer("descendants", torch.tensor(below, dtype=torch.long))
        self.register_buffer("ancestors", torch.tensor(above, dtype=torch.long))

    def forward(self, p: Float[Tensor, "batch classes"]) -> Float[Tensor, "batch classes"]:
        """Return the coherent probabilities; p must be in [0, 1]."""
        self._check("p", p)
        return self._raise(p)

    def loss(
        self, p: Float[Tensor, "batch classes"], labels: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, " batch"]:
        """Return MCLoss of each row, summed over the classes.

        Parameters
        ----------
        p
            Probabilities before the layer, (batch, classes).
        labels
            0 or 1, (batch, classes); they must respect the hierarchy.
        """
        self._check("p", p)
        self._check("labels", labels)
        if labels.shape != p.shape or not bool(((labels == 0) | (labels == 1)).all()):
            raise ValueError(
                f"labels must be 0 or 1 and {tuple(p.shape)}, got {tuple(labels.shape)}"
            )
        beyond = labels[:, self.descendants] > labels[:, self.ancestors]
        if bool(beyond.any()):
            row, pair = beyond.nonzero()[0].tolist()
            child, parent = (self.variables[int(x[pair])] for x in self._pairs())
            raise ValueError(
                f"labels must respect the hierarchy, got {child} without {parent} in row {row}"
            )
        # a positive class looks only at descendants that are positive as well
        h = torch.where(labels == 1, self._raise(labels * p), self._raise(p))
        return F.binary_cross_entropy(h, labels, reduction="none").sum(1)

    def _pairs(self) -> tuple[Tensor, Tensor]:
        return self.descendants, self.ancestors

    def _raise(self, p: Tensor) -> Tensor:
        to = self.ancestors.expand(len(p), -1)
        return p.scatter_reduce(1, to, p[:, self.descendants], "amax")

    def _check(self, name: str, p: Tensor) -> None:
        n = len(self.variables)
        if p.ndim != 2 or p.shape[1] != n:
            raise ValueError(f"{name} must be (batch, {n}), got {tuple(p.shape)}")
        if not bool(((p >= 0) & (p <= 1)).all()):
            raise ValueError(f"{name} must be in [0, 1], got some outside or NaN")


def _from_matrix(matrix: Sequence[Sequence[int]] | Tensor) -> nx.DiGraph:
    """Return the graph of a 0/1 matrix; a class may not be said to imply itself."""
    m = torch.as_tensor(matrix)
    if m.ndim != 2 or m.shape[0] != m.shape[1] or not bool(((m == 0) | (m == 1)).all()):
        raise ValueError(f"a matrix must be square, of 0 and 1, got {tuple(m.shape)}")
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(m)))
    graph.add_edges_from(m.nonzero().tolist())
    return graph
