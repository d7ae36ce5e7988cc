r"""Nerve nets of logical units, without circles and with them.

Paper: McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity",
Bulletin of Mathematical Biophysics 5 (1943) 115–133.

.. math:: y_i(t+1) = 1 \text{ if } \sum_j a_{ij}\, s_j(t) \ge \theta_i
          \text{ and no } s_j(t) = 1 \text{ with } b_{ij} = 1, \text{ else } 0

Excitation adds up: a (units, sources) counts synapses. Inhibition is absolute: one impulse at a
synapse marked in b (units, sources) silences the unit. The sources are the inputs and, in a net
with circles, then the units themselves.

Shapes: x (batch, time, inputs) of False and True, y (batch, time, units).
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from nsai.models.threshold import corners


class LogicalUnits(nn.Module):
    """A row of units of 1943: a count of excitatory synapses, absolute inhibition, a threshold.

    Parameters
    ----------
    excitatory
        Number of synapses from each source, (units, sources).
    inhibitory
        Which sources silence the unit, (units, sources).
    threshold
        Impulses that make it fire, (units,). The paper has at least one; at 0 a unit fires
        unless it is inhibited.

    Raises
    ------
    ValueError
        If a count or a threshold is negative, or the shapes disagree.

    Examples
    --------
    >>> but_not = LogicalUnits(torch.tensor([[1, 0]]), torch.tensor([[False, True]]),
    ...                        torch.tensor([1]))
    >>> but_not(corners(2).bool())[:, 0].int().tolist()  # the first and not the second
    [0, 0, 1, 0]
    """

    excitatory: Tensor
    inhibitory: Tensor
    threshold: Tensor

    def __init__(
        self,
        excitatory: Int[Tensor, "units sources"],
        inhibitory: Bool[Tensor, "units sources"],
        threshold: Int[Tensor, " units"],
    ) -> None:
        super().__init__()
        if excitatory.shape != inhibitory.shape or len(threshold) != len(excitatory):
            raise ValueError(
                "excitatory and inhibitory must be (units, sources) and threshold (units,), got "
                f"{tuple(excitatory.shape)}, {tuple(inhibitory.shape)}, {tuple(threshold.shape)}"
            )
        if bool((excitatory < 0).any()) or bool((threshold < 0).any()):
            raise ValueError("excitatory and threshold must not be negative")
        self.register_buffer("excitatory", excitatory)
        self.register_buffer("inhibitory", inhibitory)
        self.register_buffer("threshold", threshold)

    def forward(self, active: Bool[Tensor, "*batch sources"]) -> Bool[Tensor, "*batch units"]:
        """Return which units fire one moment after these sources did."""
        source = active.float()  # counts stay far below 2**24
        excited = source @ self.excitatory.float().T >= self.threshold
        return excited & (source @ self.inhibitory.float().T == 0)


class LogicalNet(nn.Module):
    """A net with circles: its units are sources to each other, and so it has a memory.

    Parameters
    ----------
    units
        The units; their sources are the inputs first and then themselves.

    Raises
    ------
    ValueError
        If there are more units than sources.

    Examples
    --------
    A unit that excites itself remembers being set until it is reset.

    >>> latch = LogicalNet(LogicalUnits(torch.tensor([[1, 0, 1]]),
    ...     torch.tensor([[False, True, False]]), torch.tensor([1])))
    >>> set_reset = torch.tensor([[[0, 0], [1, 0], [0, 0], [0, 1], [0, 0]]]).bool()
    >>> latch(set_reset)[0, :, 0].int().tolist()
    [0, 1, 1, 0, 0]
    """

    def __init__(self, units: LogicalUnits) -> None:
        super().__init__()
        size, sources = units.excitatory.shape
        if sources < size:
            raise ValueError(f"sources must be inputs and {size} units, got {sources} in all")
        self.units = units
        self.inputs = sources - size

    def step(
        self, x: Bool[Tensor, "*batch inputs"], state: Bool[Tensor, "*batch units"]
    ) -> Bool[Tensor, "*batch units"]:
        """Return the units' next firing from the inputs' and their own."""
        return self.units(torch.cat([x, state], -1))

    def forward(
        self,
        x: Bool[Tensor, "batch time inputs"],
        state: Bool[Tensor, "batch units"] | None = None,
    ) -> Bool[Tensor, "batch time units"]:
        """Return the firing after each input, from silence or from `state`."""
        if x.shape[-1] != self.inputs:
            raise ValueError(f"x must have {self.inputs} inputs, got {x.shape[-1]}")
        if state is None:
            state = x.new_zeros(len(x), len(self.units.threshold))
        rows = []
        for now in x.unbind(1):
            state = self.step(now, state)
            rows.append(state)
        return torch.stack(rows, 1) if rows else x.new_zeros(len(x), 0, state.shape[-1])


def disjunctive_net(
    tables: Int[Tensor, "functions corners"], *, spontaneous: bool = False
) -> nn.Sequential:
    """Build a net of two layers for each truth table, by its disjunctive normal form.

    The first layer has a unit for each corner of the cube, excited by its ones and inhibited by
    its zeros; the second has a unit for each function, excited by the corners where it is 1.

    Parameters
    ----------
    tables
        Zeros and ones over the 2**n corners, a row for each function.
    spontaneous
        Whether a threshold may be 0, which the corner without ones would need.

    Examples
    --------
    >>> net = disjunctive_net(torch.tensor([[0, 1, 1, 0], [1, 0, 0, 1]]))
    >>> net(corners(2).bool()).T.int().tolist()  # the last one fires only when something does
    [[0, 1, 1, 0], [0, 0, 0, 1]]
    """
    n = tables.shape[1].bit_length() - 1
    if tables.shape[1] != 2**n:
        raise ValueError(f"tables must have 2**n columns, got {tables.shape[1]}")
    cube = corners(n)
    ones = cube.sum(1) if spontaneous else cube.sum(1).clamp(min=1)
    detectors = LogicalUnits(cube, cube == 0, ones)
    none = torch.zeros_like(tables, dtype=torch.bool)
    either = LogicalUnits(tables, none, torch.ones(len(tables), dtype=torch.int64))
    return nn.Sequential(detectors, either)
