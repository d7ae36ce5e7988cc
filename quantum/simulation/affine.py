"""Which parameters of a circuit are entries of its inputs, times a constant, plus a constant.

Most are: the angle of a gate is an entry of the weights, or a feature, or twice a feature. They
need no operation of torch, neither forwards nor backwards: the simulator reads them where they are.
What a circuit computes otherwise stays a graph of torch's operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.utils import _pytree as pytree

aten = torch.ops.aten
NONE = -1  # index of a constant

MOVES = {
    aten.select.int, aten.slice.Tensor, aten.view.default, aten.reshape.default,
    aten._unsafe_view.default, aten.unsqueeze.default, aten.squeeze.dim, aten.squeeze.default,
    aten.squeeze.dims, aten.expand.default, aten.permute.default, aten.transpose.int,
    aten.t.default, aten.alias.default, aten.clone.default, aten.unbind.int, aten.split.Tensor,
    aten.stack.default, aten.cat.default, aten.index_select.default, aten.index.Tensor,
    aten.flip.default, aten.roll.default, aten.movedim.int,
}  # fmt: skip


@dataclass(frozen=True)
class Affine:
    """A tensor whose entries are factor · input[index] + offset; the index is −1 for a constant."""

    index: Tensor
    factor: Tensor
    offset: Tensor

    @classmethod
    def constant(cls, value: Any) -> "Affine":
        """Return a tensor or a number as such."""
        given = torch.as_tensor(value, dtype=torch.float64)
        return cls(torch.full(given.shape, NONE), torch.zeros_like(given), given)

    @property
    def is_constant(self) -> bool:
        """Whether no entry is of an input."""
        return bool((self.index == NONE).all())

    def plus(self, other: "Affine") -> "Affine | None":
        """Return the sum, if each entry is still of one input."""
        a, b = (
            [part.broadcast_to(torch.broadcast_shapes(self.index.shape, other.index.shape))
             for part in (x.index, x.factor, x.offset)]
            for x in (self, other)
        )  # fmt: skip
        if not ((a[0] == NONE) | (b[0] == NONE) | (a[0] == b[0])).all():
            return None
        return Affine(torch.maximum(a[0], b[0]), a[1] + b[1], a[2] + b[2])

    def times(self, other: "Affine") -> "Affine | None":
        """Return the product, if one of both is constant."""
        a, b = (self, other) if other.is_constant else (other, self)
        if not b.is_constant:
            return None
        index = a.index.broadcast_to(torch.broadcast_shapes(a.index.shape, b.index.shape))
        return Affine(index, a.factor * b.offset, a.offset * b.offset)


def affine_outputs(
    graph: fx.GraphModule, inputs: Sequence[Affine]
) -> tuple[list[Affine | None], list[fx.Node]]:
    """Return each output of a traced graph as it depends on inputs, None where it is not affine.

    Returns
    -------
    outputs
        One for each.
    nodes
        Of the graph.
    """
    found: dict[Any, Any] = {}
    given = iter(inputs)
    out: list[fx.Node] = []
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            found[node] = next(given)
        elif node.op == "get_attr":
            value = getattr(graph, node.target)
            found[node] = None if value.is_complex() else Affine.constant(value)
        elif node.op == "call_function":
            found[node] = _result(node, found)
        elif node.op == "output":
            out = list(pytree.tree_leaves(node.args))
    return [found[node] for node in out], out


def _result(node: fx.Node, found: dict[Any, Any]) -> Any:
    """Return what an operation gives, None if that is not affine."""
    target: Any = node.target
    args: Any = node.args
    if any(found[parent] is None for parent in node.all_input_nodes) or any(
        isinstance(part, complex) for part in args
    ):
        return None
    kwargs: Any = node.kwargs
    if getattr(target, "__name__", "") == "getitem":
        return found[args[0]][args[1]]
    if target in MOVES:
        return _moved(node, found)
    sides = [found[a] if isinstance(a, fx.Node) else a for a in args]
    sides = [Affine.constant(a) if isinstance(a, int | float) else a for a in sides]
    if target is aten.neg.default:
        return sides[0].times(Affine.constant(-1.0))
    if target in (aten.mul.Tensor, aten.mul.Scalar):
        return sides[0].times(sides[1])
    if target in (aten.div.Tensor, aten.div.Scalar) and sides[1].is_constant:
        return sides[0].times(Affine.constant(1 / sides[1].offset))
    if target in (aten.add.Tensor, aten.sub.Tensor, aten.add.Scalar, aten.sub.Scalar):
        sign = kwargs.get("alpha", 1) * (-1 if "sub" in str(target) else 1)
        return sides[0].plus(sides[1].times(Affine.constant(float(sign))))
    if target in (aten._to_copy.default, aten.lift_fresh_copy.default):
        floating = kwargs.get("dtype") in (None, torch.float32, torch.float64)
        return sides[0] if floating else None
    return None


def _moved(node: fx.Node, found: dict[Any, Any]) -> Any:
    """Return what an operation that only moves entries does to indices, factors and offsets."""
    target: Any = node.target
    places: Any = node.args[1] if target is aten.index.Tensor else ()  # to look at, not values

    looked_at = [at for at in pytree.tree_leaves(places) if isinstance(at, fx.Node)]
    if any(at.meta["val"].dtype == torch.bool for at in looked_at):
        return None

    def of(part: str) -> Any:
        def entry(value: Any) -> Any:
            return getattr(found[value], part) if isinstance(value, fx.Node) else value

        args: Any = pytree.tree_map(entry, node.args)
        if places:
            looked = pytree.tree_map(
                lambda at: found[at].offset.long() if isinstance(at, fx.Node) else at, places
            )
            args = (args[0], looked)
        return target(*args, **pytree.tree_map(entry, node.kwargs))

    parts = [of(part) for part in ("index", "factor", "offset")]
    if isinstance(parts[0], Tensor):
        return Affine(*parts)
    return [Affine(*part) for part in zip(*parts, strict=True)]
