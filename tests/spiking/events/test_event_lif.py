"""Spike times against closed forms and fine grids; gradients against finite differences."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from spiking import CubaLIF, EventLIF, SortedEvents

TAUS = [(20e-3, 5e-3), (10e-3, 5e-3), (20e-3, 7.3e-3), (5e-3, 5e-3), (4e-3, 9e-3)]
DOUBLE = torch.float64


def latencies(batch: int, inputs: int, seed: int = 0) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return 30e-3 * torch.rand(batch, inputs, generator=g, dtype=DOUBLE)


def layer(inputs, neurons, taus, gain, seed=0, **options):
    """Return a layer whose inputs, one spike each, give about ``gain`` spikes."""
    g = torch.Generator().manual_seed(seed)
    neuron = EventLIF(inputs, neurons, *taus, generator=g, **options).double()
    with torch.no_grad():
        neuron.weight.mul_(gain)
    return neuron


def potential(neuron, row, times, indices, spikes, at):
    """Return potentials of a neuron by summing up responses, spike by spike."""
    tau_mem, tau_syn = neuron.tau_mem, neuron.tau_syn
    v = torch.zeros_like(at)
    for t, i in zip(times, indices, strict=True):
        s = (at - t).clamp(min=0)
        if tau_mem == tau_syn:
            rise = s / tau_mem * (-s / tau_mem).exp()
        else:
            rise = (-s / tau_mem).exp() - (-s / tau_syn).exp()
            rise = rise * tau_syn / (tau_mem - tau_syn)
        v += neuron.weight[row, i].detach() * rise
    for t in spikes:
        v -= (at > t) * neuron.threshold * (-(at - t).clamp(min=0) / tau_mem).exp()
    return v


def slopes(value, tensors, steps):
    """Return central differences by every entry."""
    found = []
    with torch.no_grad():
        for tensor, step in zip(tensors, steps, strict=True):
            flat, slope = tensor.view(-1), torch.zeros(tensor.numel(), dtype=DOUBLE)
            for i, kept in enumerate(flat.clone()):
                flat[i] = kept + step
                above = value()
                flat[i] = kept - step
                slope[i] = (above - value()) / (2 * step)
                flat[i] = kept
            found.append(slope.view_as(tensor))
    return found


def require_exact(value, tensors, steps):
    """Compare gradients with finite differences, to 1e-7 of the largest."""
    for tensor in tensors:
        tensor.grad = None
    value().backward()
    for tensor, slope in zip(tensors, slopes(value, tensors, steps), strict=True):
        assert tensor.grad.abs().max() > 0
        torch.testing.assert_close(tensor.grad, slope, rtol=0, atol=1e-7 * slope.abs().max().item())


def test_spike_time_has_the_closed_form_of_goeltz_et_al():
    # Nature Machine Intelligence 3, 2021: for tau_mem = 2 tau_syn, several inputs before the spike.
    tau_mem, tau_syn, theta = 10e-3, 5e-3, 0.8
    neuron = EventLIF(3, 1, tau_mem, tau_syn, threshold=theta).double()
    w = torch.tensor([3.0, -0.5, 2.5], dtype=DOUBLE)
    t = torch.tensor([0.0, 1e-3, 2e-3], dtype=DOUBLE)
    neuron.weight.data = w[None]
    a1, a2 = ((w * (t / tau).exp()).sum() for tau in (tau_syn, tau_mem))
    x = (a2 + (a2**2 - 4 * a1 * theta).sqrt()) / (2 * a1)
    found = neuron(SortedEvents.from_times(t[None])).times[0]
    assert found > 2e-3
    assert found.item() == pytest.approx(-tau_mem * math.log(x), abs=1e-16)


@pytest.mark.parametrize("taus", TAUS)
def test_potential_is_at_the_threshold_when_and_only_when_a_neuron_spikes(taus):
    neuron, x = layer(6, 4, taus, 3.0), latencies(2, 6)
    spikes = neuron(SortedEvents.from_times(x))
    assert spikes.counts.max() > 1
    for b, n in itertools.product(range(2), range(4)):
        own = slice(int(spikes.offsets[b]), int(spikes.offsets[b + 1]))
        mine = spikes.times[own][spikes.indices[own] == n].detach()
        given = (neuron, n, x[b], range(6), mine)
        assert potential(*given, mine).sub(1).abs().lt(1e-13).all()
        before = potential(*given, torch.linspace(0, 0.3, 20001, dtype=DOUBLE))
        assert before.max() < 1 + 1e-12


@pytest.mark.parametrize("ratio", [1 - 1e-9, 1 + 1e-9, 1 + 1e-5])
def test_nearly_equal_time_constants_are_as_good_as_equal_ones(ratio):
    x = SortedEvents.from_times(latencies(4, 6))
    equal, other = (layer(6, 8, (5e-3 * r, 5e-3), 3.0) for r in (1, ratio))
    other.weight.data = equal.weight.data
    torch.testing.assert_close(other(x).times, equal(x).times, rtol=0, atol=abs(ratio - 1))


def test_time_steps_converge_to_the_event_times():
    taus, x = (20e-3, 5e-3), latencies(2, 5)
    neuron = layer(5, 6, taus, 3.0)
    exact = neuron(SortedEvents.from_times(x))
    gaps = []
    for dt in (40e-6, 10e-6):
        steps = round(0.12 / dt)
        dense = SortedEvents.from_times(x).to_dense(steps, dt)
        grid = CubaLIF(6, taus[1], taus[0], dt, r=1.0)
        spikes, _ = grid(dense @ neuron.weight.detach().T)
        found = SortedEvents.from_dense(spikes, dt)
        assert torch.equal(found.counts, exact.counts)
        gaps.append((found.first_times() - exact.first_times()).nan_to_num(0).abs().max().item())
    assert gaps[1] < gaps[0] / 3
    assert gaps[1] < 5e-5


@pytest.mark.parametrize("taus", TAUS)
def test_gradient_of_all_spike_times_equals_finite_differences(taus):
    neuron, x = layer(4, 4, taus, 3.0, seed=1), latencies(3, 4, seed=1).requires_grad_()
    spikes = neuron(SortedEvents.from_times(x))
    assert spikes.counts.max() > 1
    scale = torch.randn(len(spikes.times), generator=torch.Generator().manual_seed(2), dtype=DOUBLE)

    def value():
        return 1e3 * (scale * neuron(SortedEvents.from_times(x)).times).sum()

    require_exact(value, [neuron.weight, x], [2e-6, 2e-8])


@pytest.mark.parametrize("taus", TAUS[:3])
def test_gradient_goes_through_two_layers(taus):
    first, second = layer(4, 6, taus, 2.5, seed=3), layer(6, 2, taus, 1.5, seed=4)
    net, x = nn.Sequential(first, second), latencies(2, 4, seed=5).requires_grad_()
    times = net(SortedEvents.from_times(x)).first_times()
    there = times.isfinite().detach()
    assert there.sum() > 2

    def value():
        return 1e3 * net(SortedEvents.from_times(x)).first_times()[there].square().sum()

    require_exact(value, [first.weight, second.weight, x], [1e-6, 1e-6, 1e-8])


def test_a_repeated_input_and_equal_times_add_up():
    neuron, once = (EventLIF(n, 1, 10e-3, 5e-3).double() for n in (2, 1))
    neuron.weight.data = torch.tensor([[1.5, 1.25]], dtype=DOUBLE)
    once.weight.data = torch.tensor([[4.25]], dtype=DOUBLE)
    at = torch.full((3,), 1e-3, dtype=DOUBLE)
    twice = SortedEvents(at, torch.tensor([0, 1, 0]), torch.tensor([0, 3]), 2)
    lone = SortedEvents.from_times(at[:1, None])
    torch.testing.assert_close(neuron(twice).times, once(lone).times, rtol=0, atol=1e-15)


def test_rows_do_not_know_each_other():
    neuron, x = layer(6, 10, TAUS[0], 3.0), latencies(5, 6)
    events = SortedEvents.from_times(x)
    whole = neuron(events)
    for b in range(5):
        alone, part = neuron(events[[b]]), whole[[b]]
        assert torch.equal(alone.times, part.times)
        assert torch.equal(alone.indices, part.indices)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(threads, monkeypatch):
    monkeypatch.setattr("spiking.operations.threads.THREAD_OPERATIONS", 1)
    before = torch.get_num_threads()
    neuron, x = layer(6, 10, TAUS[0], 3.0), latencies(7, 6).requires_grad_()
    expected = neuron(SortedEvents.from_times(x[:, :])).times
    torch.set_num_threads(threads)
    try:
        times = neuron(SortedEvents.from_times(x)).times
        times.square().sum().backward()
    finally:
        torch.set_num_threads(before)
    assert torch.equal(times, expected)
    weight, grad = neuron.weight, neuron.weight.grad.clone()
    weight.grad = None
    for b in range(7):
        neuron(SortedEvents.from_times(x[b : b + 1])).times.square().sum().backward()
    torch.testing.assert_close(grad, weight.grad, rtol=1e-12, atol=1e-15)


def test_duration_ends_all():
    neuron, x = layer(6, 10, TAUS[0], 3.0), latencies(5, 6)
    whole = neuron(SortedEvents.from_times(x))
    neuron.duration = 18e-3
    cut = neuron(SortedEvents.from_times(x))
    assert 0 < len(cut.times) < len(whole.times)
    torch.testing.assert_close(cut.times, whole.times[whole.times <= 18e-3], rtol=0, atol=1e-15)


def test_nothing_in_nothing_out():
    neuron = EventLIF(3, 2)
    empty = SortedEvents.from_times(torch.full((2, 3), torch.inf))
    spikes = neuron(empty)
    assert len(spikes.times) == 0
    assert spikes.first_times().isinf().all()
    spikes.times.sum().backward()
    assert not neuron.weight.grad.any()


def test_single_precision_is_close_to_double():
    neuron, x = layer(6, 10, TAUS[0], 3.0), latencies(5, 6)
    double = neuron(SortedEvents.from_times(x)).first_times()
    single = neuron.float()(SortedEvents.from_times(x.float())).first_times()
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tau_mem": 0.0}, "tau_mem must be a positive number, got 0"),
        ({"tau_syn": math.inf}, "tau_syn must be a positive number, got inf"),
        ({"threshold": -1.0}, "threshold must be a positive"),
        ({"duration": 0.0}, "duration and most must be positive"),
        ({"std": -1.0}, "std must not be negative"),
    ],
)
def test_constants_out_of_range_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        EventLIF(2, 2, **change)


def test_events_that_do_not_fit_are_refused():
    neuron, x = EventLIF(3, 2), SortedEvents.from_times(torch.zeros(1, 2))
    with pytest.raises(ValueError, match="expected events of 3 neurons, got 2"):
        neuron(x)
    neuron = EventLIF(2, 2)
    with torch.no_grad():
        neuron.weight[1, 0] = torch.nan
    with pytest.raises(ValueError, match=r"weights must be finite, got nan at \(1, 0\)"):
        neuron(x)
    with torch.no_grad():
        neuron.weight.fill_(1e300 if neuron.weight.dtype == DOUBLE else 1e30)
    with pytest.raises(ValueError, match="spikes more than 1000 times"):
        neuron(x)
