"""Spikes as sorted lists of events in continuous time, for a batch of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

SLACK = 1e-3  # of a time step, by which an event may come early and still count to it


@dataclass(frozen=True, eq=False)
class SortedEvents:
    """The spikes of a batch, row after row, sorted by time in each row.

    Parameters
    ----------
    times
        When each spike happens, in seconds; shape (events,). May need a gradient.
    indices
        Which neuron spikes; shape (events,).
    offsets
        Row b has the events offsets[b] … offsets[b + 1] - 1; shape (batch + 1,).
    neurons
        Number of neurons; `indices` are below.

    Raises
    ------
    ValueError
        If shapes or offsets do not fit, a time is not finite or not in order, or an index is out of
        range.

    Examples
    --------
    Two rows of three neurons; in the second only neuron 1 spikes:

    >>> at = torch.tensor([0.001, 0.004, 0.002])
    >>> events = SortedEvents(at, torch.tensor([2, 0, 1]), torch.tensor([0, 2, 3]), neurons=3)
    >>> len(events), events.first_times()
    (2, tensor([[0.0040,    inf, 0.0010],
            [   inf, 0.0020,    inf]]))
    """

    times: Float[Tensor, " _"]
    indices: Int[Tensor, " _"]
    offsets: Int[Tensor, " _"]
    neurons: int

    def __post_init__(self) -> None:
        _require_shapes(self)
        times = self.times.detach()
        if not bool(times.isfinite().all()):
            bad = int((~times.isfinite()).nonzero()[0])
            raise ValueError(f"times must be finite, got {times[bad].item()} in event {bad}")
        early = times.diff() < 0
        begins = self.offsets[1:-1]
        early[begins[(begins > 0) & (begins < len(times))] - 1] = False
        if bool(early.any()):
            bad = int(early.nonzero()[0]) + 1
            row = int((self.offsets <= bad).sum()) - 1
            raise ValueError(
                f"times must be sorted in each row, got {times[bad].item():g} s after "
                f"{times[bad - 1].item():g} s in row {row}; SortedEvents.from_times sorts"
            )
        if (
            len(times)
            and not 0 <= int(self.indices.min()) <= int(self.indices.max()) < self.neurons
        ):
            low, high = int(self.indices.min()), int(self.indices.max())
            raise ValueError(
                f"indices must be 0 to {self.neurons - 1} for {self.neurons} neurons, got {low} to "
                f"{high}"
            )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    def __getitem__(self, rows: slice | Sequence[int] | Int[Tensor, " rows"]) -> "SortedEvents":
        """Return some rows.

        Examples
        --------
        >>> events = SortedEvents.from_times(torch.tensor([[0.3, 0.1], [0.2, 0.5]]))
        >>> events[[1, 1]].times
        tensor([0.2000, 0.5000, 0.2000, 0.5000])
        """
        chosen = torch.arange(len(self))[rows].reshape(-1)
        counts = self.offsets.diff()[chosen]
        offsets = _offsets(counts)
        shift = self.offsets[chosen] - offsets[:-1]
        place = torch.arange(int(offsets[-1])) + shift.repeat_interleave(counts)
        return trusted(self.times[place], self.indices[place], offsets, self.neurons)

    @property
    def counts(self) -> Int[Tensor, "batch neurons"]:
        """How often each neuron spikes."""
        size = len(self) * self.neurons
        return torch.bincount(self._keys(), minlength=size).view(len(self), self.neurons)

    def first_times(self) -> Float[Tensor, "batch neurons"]:
        """Return when each neuron spikes first, infinite if it does not; with its gradient."""
        last, size = len(self.times), len(self) * self.neurons
        place = torch.full((size,), last)
        place.scatter_reduce_(0, self._keys(), torch.arange(last), "amin")
        padded = torch.cat((self.times, self.times.new_full((1,), torch.inf)))
        return padded[place].view(len(self), self.neurons)

    def to_dense(self, steps: int, dt: float) -> Float[Tensor, "time batch neurons"]:
        """Count the spikes of each time step; those after the last are left out.

        Parameters
        ----------
        steps
            Number of time steps; step t is from t dt to (t + 1) dt.
        dt
            Time step, in seconds.

        Raises
        ------
        ValueError
            If steps or dt is not positive, or an event is before time 0.
        """
        _require_grid(steps, dt)
        step = (self.times.detach().double() / dt + SLACK).floor().long()
        if bool((step < 0).any()):
            raise ValueError(f"times must not be negative, got {self.times.min().item():g} s")
        dense = self.times.new_zeros(steps, len(self) * self.neurons)
        inside = step < steps
        one = self.times.new_ones(int(inside.sum()))
        dense.index_put_((step[inside], self._keys()[inside]), one, accumulate=True)
        return dense.view(steps, len(self), self.neurons)

    @classmethod
    def from_times(cls, times: Float[Tensor, "batch neurons"]) -> "SortedEvents":
        """Return events of neurons that spike once, or, at an infinite time, not at all.

        Parameters
        ----------
        times
            In seconds. The events' times keep their gradient.

        Raises
        ------
        ValueError
            If the shape is wrong, or a time is NaN or minus infinity.

        Examples
        --------
        >>> SortedEvents.from_times(torch.tensor([[0.3, 0.1, torch.inf]])).indices
        tensor([1, 0])
        """
        if times.dim() != 2:
            raise ValueError(f"times must be (batch, neurons), got {tuple(times.shape)}")
        if bool((times.isnan() | times.isneginf()).any()):
            raise ValueError("times must be numbers, or inf for no spike, got NaN or -inf")
        ordered, indices = times.sort(dim=1, stable=True)
        there = ordered.detach() < torch.inf
        offsets = _offsets(there.sum(1))
        return trusted(ordered[there], indices[there], offsets, times.shape[1])

    @classmethod
    def from_dense(
        cls,
        spikes: Float[Tensor, "time batch neurons"],
        dt: float,
        dtype: torch.dtype | None = None,
    ) -> "SortedEvents":
        """Return the events of spikes on a grid; a spike of step t happens at t dt.

        Parameters
        ----------
        spikes
            Number of spikes of each step.
        dt
            Time step, in seconds.
        dtype
            Type of the times; that of the spikes unless given.

        Raises
        ------
        ValueError
            If the shape is wrong, or something is no count.

        Examples
        --------
        >>> spikes = torch.zeros(50, 2, 3)
        >>> spikes[[4, 30], 1, [0, 2]] = 1.0
        >>> events = SortedEvents.from_dense(spikes, dt=1e-3)
        >>> events.times, torch.equal(events.to_dense(50, dt=1e-3), spikes)
        (tensor([0.0040, 0.0300]), True)
        """
        _require_grid(1, dt)
        if spikes.dim() != 3:
            raise ValueError(f"spikes must be (time, batch, neurons), got {tuple(spikes.shape)}")
        across = spikes.detach().transpose(0, 1)
        row, step, index = across.nonzero().unbind(1)
        repeats = across[row, step, index]
        if bool((repeats != repeats.round()).any() | (repeats < 0).any()):
            raise ValueError("spikes must be numbers of spikes: 0, 1, 2, …")
        row, step, index = (part.repeat_interleave(repeats.long()) for part in (row, step, index))
        offsets = _offsets(torch.bincount(row, minlength=across.shape[0]))
        times = (step.double() * dt).to(dtype or spikes.dtype)
        return trusted(times, index, offsets, spikes.shape[2])

    def _keys(self) -> Tensor:
        rows = torch.arange(len(self)).repeat_interleave(self.offsets.diff())
        return rows * self.neurons + self.indices


def trusted(times: Tensor, indices: Tensor, offsets: Tensor, neurons: int) -> SortedEvents:
    """Return events that are known to be in order, without looking again."""
    events = object.__new__(SortedEvents)
    for name, value in zip(
        ("times", "indices", "offsets", "neurons"), (times, indices, offsets, neurons), strict=True
    ):
        object.__setattr__(events, name, value)
    return events


def _offsets(counts: Tensor) -> Tensor:
    return torch.cat((counts.new_zeros(1), counts.cumsum(0)))


def _require_grid(steps: int, dt: float) -> None:
    if steps < 1 or not 0 < dt < float("inf"):
        raise ValueError(f"steps and dt must be positive, got {steps} and {dt}")


def _require_shapes(events: SortedEvents) -> None:
    times, indices, offsets = events.times, events.indices, events.offsets
    if times.dim() != 1 or times.shape != indices.shape:
        raise ValueError(
            f"times and indices must both be (events,), got {tuple(times.shape)} and "
            f"{tuple(indices.shape)}"
        )
    if offsets.dim() != 1 or len(offsets) < 2:
        raise ValueError(f"offsets must be (batch + 1,), got {tuple(offsets.shape)}")
    if int(offsets[0]) != 0 or int(offsets[-1]) != len(times) or bool((offsets.diff() < 0).any()):
        raise ValueError(
            f"offsets must rise from 0 to the number of events, {len(times)}, got "
            f"{offsets[0].item()} … {offsets[-1].item()}"
        )
    if events.neurons < 1:
        raise ValueError(f"neurons must be positive, got {events.neurons}")
