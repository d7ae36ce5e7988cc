r"""Evaluation of a program in plain torch, level by level: on any device, and differentiable.

All rows of a level are one gather, one product and one indexed sum. `log_wmc` is the reference
that the kernels are held against; autograd differentiates it as often as asked.
"""

from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from nsai.circuits.program import Program


class Levels:
    """A program cut into levels, on one device.

    Parameters
    ----------
    program
        What to evaluate.
    device
        Where the index tensors live.
    """

    def __init__(self, program: Program, device: torch.device | str = "cpu") -> None:
        self.program = program
        self.device = device

    @cached_property
    def steps(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Target, left and right row of every term, level by level; made when first needed."""
        program = self.program
        level = torch.from_numpy(program.levels())
        start = torch.from_numpy(program.start).long()
        owner = torch.repeat_interleave(torch.arange(len(level)), start.diff())
        order = torch.argsort(level[owner], stable=True)
        left, right = (torch.from_numpy(x).long()[order] for x in (program.left, program.right))
        target = owner[order] + program.inner
        sizes = torch.bincount(level[owner])[1:].tolist() if len(level) else []
        parts = (x.to(self.device).split(sizes) for x in (target, left, right))
        return list(zip(*parts, strict=True))

    def table(
        self,
        positive: Float[Tensor, "batch variables"],
        negative: Float[Tensor, "batch variables"],
    ) -> Float[Tensor, "rows batch"]:
        """Return literals and constants in their rows, zeros elsewhere."""
        batch, variables = positive.shape
        literals = torch.stack((positive, negative), -1).reshape(batch, 2 * variables).T
        constants = torch.tensor([0.0, 1.0], dtype=positive.dtype, device=positive.device)
        rest = positive.new_zeros(self.program.rows - self.program.inner, batch)
        return torch.cat((constants[:, None].expand(2, batch), literals, rest))

    def log_wmc(
        self,
        positive: Float[Tensor, "batch variables"],
        negative: Float[Tensor, "batch variables"],
    ) -> Float[Tensor, " batch"]:
        """Return the logarithm of the root; differentiable to any order."""
        table = self.table(positive, negative)
        for target, left, right in self.steps:
            table = table.index_add(0, target, table[left] * table[right])
        return table[self.program.root].log()

    def log_wmc_from_logits(
        self, logits: Float[Tensor, "batch variables"]
    ) -> Float[Tensor, " batch"]:
        """Return the logarithm of the root, computed with logarithms: no logit is too large."""
        both = torch.stack((logits, -logits), -1).flatten(1)
        literals = torch.nn.functional.logsigmoid(both).T
        batch = len(logits)
        nothing = literals.new_full((self.program.rows, batch), -torch.inf)
        table = torch.cat((nothing[:1], torch.zeros_like(nothing[:1]), literals))
        table = torch.cat((table, nothing[len(table) :]))
        for target, left, right in self.steps:
            x = table[left] + table[right]
            place = target[:, None].expand_as(x)
            top = nothing.scatter_reduce(0, place, x.detach(), "amax").nan_to_num(neginf=0.0)
            total = torch.zeros_like(nothing).index_add(0, target, (x - top[target]).exp())
            some = total > 0
            found = torch.where(some, total, torch.ones_like(total)).log() + top
            table = torch.where(some, found, table)
        return table[self.program.root]

    @torch.no_grad()
    def derivatives(
        self,
        positive: Float[Tensor, "batch variables"],
        negative: Float[Tensor, "batch variables"],
    ) -> tuple[
        Float[Tensor, " batch"], Float[Tensor, "batch variables"], Float[Tensor, "batch variables"]
    ]:
        """Return the root and the derivatives of its logarithm by both weights."""
        value = self.table(positive, negative)
        for target, left, right in self.steps:
            value.index_add_(0, target, value[left] * value[right])
        root = value[self.program.root]
        slope = torch.zeros_like(value)
        slope[self.program.root] = torch.where(root > 0, 1 / root, torch.zeros_like(root))
        for target, left, right in reversed(self.steps):
            above = slope[target]
            slope.index_add_(0, left, above * value[right])
            slope.index_add_(0, right, above * value[left])
        literals = slope[2 : self.program.inner].T
        return root, literals[:, ::2], literals[:, 1::2]
