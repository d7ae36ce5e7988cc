r"""A circuit as sums of products of two: what the kernels evaluate.

Every row r of a table of values is a constant, a literal or

.. math:: v_r = \sum_{t} v_{\mathrm{left}(t)} \; v_{\mathrm{right}(t)},
          \qquad t \in [\mathrm{start}_r, \mathrm{start}_{r+1})

Rows 0 and 1 are the constants 0 and 1, rows 2 + 2v and 3 + 2v the literals v and ¬v; a term of one
factor has row 1 as the other. An ∧ that one ∨ uses is a term of it and needs no row, which
halves the table of a sentential decision diagram. The backward pass is as simple,

.. math:: \bar v_{\mathrm{left}} \mathrel{+}= \bar v_r\, v_{\mathrm{right}}, \qquad
          \bar v_{\mathrm{right}} \mathrel{+}= \bar v_r\, v_{\mathrm{left}},

and divides by nothing, so that a value of exactly zero harms no gradient.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nsai.circuits.nnf import NNF, Kind

ZERO, ONE, FIRST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Program:
    """Sums of products over a table of values.

    Attributes
    ----------
    variables
        Number of variables; literals fill rows 2 to 2 + 2 · variables.
    start
        Terms of the i-th inner row, which is row ``inner + i``, are ``start[i]`` to
        ``start[i + 1]``; int32 (inner rows + 1,).
    left, right
        Rows of the two factors of every term, int32 (terms,).
    root
        Row of the root.

    Examples
    --------
    >>> from nsai.circuits.cardinality import cardinality
    >>> program = lower(cardinality(3, 1, 1))
    >>> program.rows, len(program.left)
    (11, 5)
    """

    variables: int
    start: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    root: int

    @property
    def inner(self) -> int:
        """The first row that is not a constant or a literal."""
        return FIRST + 2 * self.variables

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """What every kernel takes first."""
        return self.start, self.left, self.right, self.inner, self.root

    @property
    def rows(self) -> int:
        """Number of rows of the table."""
        return self.inner + len(self.start) - 1

    def levels(self) -> NDArray[np.int32]:
        """Return the level of each inner row: one more than the highest that it reads."""
        level = [0] * self.inner
        factors = list(zip(self.left.tolist(), self.right.tolist(), strict=True))
        for a, b in pairwise(self.start.tolist()):
            level.append(1 + max(level[row] for pair in factors[a:b] for row in pair))
        return np.array(level[self.inner :], dtype=np.int32)


def lower(nnf: NNF) -> Program:
    """Turn a graph into sums of products of two.

    Parameters
    ----------
    nnf
        A circuit; what it computes is a probability if it is decomposable and deterministic.
    """
    uses = np.bincount(nnf.child, minlength=len(nnf))
    start, left, right = [0], [], []  # type: list[int], list[int], list[int]
    inner = FIRST + 2 * nnf.variables
    row = [0] * len(nnf)  # the row of each node
    product: dict[int, tuple[int, int]] = {}  # an ∧ without a row: its two factors

    def close() -> int:
        start.append(len(left))
        return inner + len(start) - 2

    def row_of(node: int) -> int:
        if node in product:
            factors = product.pop(node)
            left.append(factors[0])
            right.append(factors[1])
            row[node] = close()
        return row[node]

    for node, (kind, literal, children) in enumerate(nnf.nodes()):
        if kind is Kind.LITERAL:
            row[node] = FIRST + 2 * (abs(literal) - 1) + (literal < 0)
        elif kind is Kind.AND:
            factors = [row_of(child) for child in children]
            while len(factors) > 2:
                pairs = list(zip(factors[::2], factors[1::2], strict=False))
                odd = factors[-1:] if len(factors) % 2 else []
                factors = []
                for a, b in pairs:
                    left.append(a)
                    right.append(b)
                    factors.append(close())
                factors += odd
            product[node] = (factors[0], factors[1])
        elif kind is Kind.OR:
            terms = []
            for child in children:
                if child in product and uses[child] == 1:
                    terms.append(product.pop(child))
                else:
                    terms.append((row_of(child), ONE))
            left += [a for a, _ in terms]
            right += [b for _, b in terms]
            row[node] = close()
        else:
            row[node] = int(kind)
    root = row_of(len(nnf) - 1)
    starts, lefts, rights = (np.array(values, dtype=np.int32) for values in (start, left, right))
    return Program(nnf.variables, starts, lefts, rights, root)
