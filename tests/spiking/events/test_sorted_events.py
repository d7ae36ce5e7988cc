"""Sorted events: order, conversion, what is refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spiking import SortedEvents


def at(*values, **options):
    return torch.tensor(values, **options)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 5), st.sampled_from([1e-4, 1e-3, 0.7]))
def test_dense_and_back_is_the_same(steps, batch, neurons, dt):
    g = torch.Generator().manual_seed(steps + 100 * batch + neurons)
    dense = torch.poisson(torch.full((steps, batch, neurons), 0.3), generator=g)
    events = SortedEvents.from_dense(dense, dt)
    assert torch.equal(events.to_dense(steps, dt), dense)
    assert torch.equal(events.counts, dense.sum(0).long())
    SortedEvents(events.times, events.indices, events.offsets, neurons)  # in order


def test_events_count_to_the_step_they_are_in():
    events = SortedEvents(at(0.0, 0.9e-3, 2.5e-3, 9e-3), at(0, 1, 1, 0), at(0, 2, 4), neurons=2)
    found = events.to_dense(5, 1e-3).nonzero().tolist()
    assert found == [[0, 0, 0], [0, 0, 1], [2, 1, 1]]  # that at 9 ms is after the last step


def test_first_times_are_the_earliest_and_carry_the_gradient():
    times = at(0.1, 0.2, 0.3, 0.0, 0.5, requires_grad=True)
    events = SortedEvents(times, at(1, 0, 1, 0, 0), at(0, 3, 3, 5), neurons=2)
    first = events.first_times()
    expected = at([0.2, 0.1], [torch.inf, torch.inf], [0.0, torch.inf])
    assert torch.equal(first.detach(), expected)
    first[first.isfinite()].sum().backward()
    assert times.grad.tolist() == [1, 1, 0, 1, 0]


def test_from_times_sorts_and_carries_the_gradient():
    times = at([0.3, 0.1, torch.inf], [torch.inf, 0.2, 0.2], requires_grad=True)
    events = SortedEvents.from_times(times)
    assert torch.equal(events.times.detach(), at(0.1, 0.3, 0.2, 0.2))
    assert events.indices.tolist() == [1, 0, 1, 2]
    assert events.offsets.tolist() == [0, 2, 4]
    (events.times * at(1.0, 2.0, 3.0, 4.0)).sum().backward()
    assert times.grad.tolist() == [[2, 1, 0], [0, 3, 4]]
    assert torch.equal(events.first_times(), times)


@pytest.mark.parametrize("rows", [[2, 0, 0], slice(1, 3), torch.tensor([1])])
def test_rows_are_taken_with_their_events(rows):
    dense = torch.zeros(9, 3, 4)
    dense[[0, 3, 3, 8, 5], [0, 0, 2, 2, 2], [1, 2, 0, 0, 3]] = 1.0
    part = SortedEvents.from_dense(dense, 1e-3)[rows]
    assert torch.equal(part.to_dense(9, 1e-3), dense[:, rows])


WRONG = [
    ({"times": [0.2, 0.1, 0.3]}, "times must be sorted in each row, got 0.1 s after 0.2 s in"),
    ({"times": [0.1, torch.nan, 0.3]}, "times must be finite, got nan in event 1"),
    ({"times": [0.1, 0.2, torch.inf]}, "times must be finite, got inf in event 2"),
    ({"indices": [0, 1, 2]}, "indices must be 0 to 1 for 2 neurons, got 0 to 2"),
    ({"indices": [0, -1, 1]}, "indices must be 0 to 1 for 2 neurons, got -1 to 1"),
    ({"indices": [0, 1]}, "times and indices must both be"),
    ({"offsets": [0, 2]}, "offsets must rise from 0 to the number of events, 3, got 0 … 2"),
    ({"offsets": [0, 3, 2, 3]}, "offsets must rise"),
    ({"offsets": [0]}, r"offsets must be \(batch \+ 1,\)"),
    ({"neurons": 0}, "indices must be|neurons must be positive"),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=str)
def test_wrong_lists_are_refused(change, words):
    lists = {"times": [0.1, 0.2, 0.3], "indices": [0, 1, 1], "offsets": [0, 2, 3], "neurons": 2}
    lists |= change
    for name in ("times", "indices", "offsets"):
        lists[name] = torch.tensor(lists[name])
    with pytest.raises(ValueError, match=words):
        SortedEvents(**lists)


def test_times_may_fall_from_row_to_row_only():
    events = SortedEvents(at(0.5, 0.1, 0.2), at(0, 0, 0), at(0, 1, 1, 3), neurons=1)
    assert events.counts.tolist() == [[1], [0], [2]]


def test_wrong_conversions_are_refused():
    with pytest.raises(ValueError, match="numbers of spikes"):
        SortedEvents.from_dense(torch.full((3, 1, 1), 0.5), 1e-3)
    with pytest.raises(ValueError, match="must be positive, got 1 and 0"):
        SortedEvents.from_dense(torch.zeros(3, 1, 1), 0.0)
    with pytest.raises(ValueError, match="got NaN or -inf"):
        SortedEvents.from_times(at([0.1, torch.nan]))
    early = SortedEvents.from_times(at([-0.1, 0.2]))
    with pytest.raises(ValueError, match=r"times must not be negative, got -0\.1 s"):
        early.to_dense(5, 1e-3)
