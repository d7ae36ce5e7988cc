"""Kernels against the step in plain torch and autograd; neurons against closed forms."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from spiking import (
    LIF,
    AdaptiveLIF,
    ArcTan,
    Boxcar,
    CubaLIF,
    FastSigmoid,
    Foreign,
    Izhikevich,
    LeakyIntegrator,
    Triangular,
    time_constant,
    unroll,
)
from spiking.neurons import adaptive_lif, cuba_lif, izhikevich, leaky_integrator, lif

STEPS, BATCH, NEURONS = 60, 3, 7
SURROGATES = [FastSigmoid(5.0), ArcTan(), Triangular(), Boxcar(), Foreign(ArcTan())]
KINDS = [
    {},
    {"reset_delay": True},
    {"reset": "zero"},
    {"reset": "none"},
    {"reset": "zero", "v_reset": -0.2, "v_leak": 0.1, "r": 2.0},
    {"method": "euler", "v_leak": 0.05},
    {"refractory": 3e-3},
    {"refractory": torch.arange(7) * 1e-3, "reset": "zero", "v_reset": -0.1},
    {"refractory": 2e-3, "reset": "none"},
]


def random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def both_ways(layer, x, state, step, start, parameters):
    """Return outputs and gradients, of the kernels and of autograd through the steps."""
    results = []
    weights = [random(*x.shape, seed=seed) - 0.3 for seed in (1, 2)]
    for way in (0, 1):
        given = x.clone().requires_grad_()
        before = tuple(part.clone().requires_grad_() for part in state)
        layer.zero_grad()
        if way == 0:
            out, record = layer(given, before)
            voltage, last = record.voltage, record.state
        else:
            out, states = unroll(step, given, start(*before), parameters(given))
            voltage, last = states.v, tuple(part[-1] for part in states if part is not None)
        loss = (out * weights[0].to(x)).sum() + (voltage * weights[1].to(x)).sum()
        (loss + sum(part.square().sum() for part in last)).backward()
        slopes = [
            given.grad,
            *(part.grad for part in before),
            *(p.grad for p in layer.parameters()),
        ]
        results.append(([out, voltage, *last], slopes))
    return results


def require_equal(results, tolerance):
    (ours, slopes), (theirs, others) = results
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)
    for a, b in zip(slopes, others, strict=True):
        if a is None or b is None:
            assert all(slope is None or not slope.any() for slope in (a, b))
        else:
            torch.testing.assert_close(a, b, **tolerance)


TOLERANCE = {"rtol": 1e-9, "atol": 1e-10}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("surrogate", SURROGATES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("detach", [True, False])
def test_lif_kernel_equals_autograd_through_steps(kind, surrogate, detach):
    layer = LIF(
        NEURONS,
        torch.linspace(5e-3, 30e-3, NEURONS, dtype=torch.float64),
        threshold=torch.linspace(0.5, 1.5, NEURONS, dtype=torch.float64),
        surrogate=surrogate,
        detach_reset=detach,
        learn=[name for name in LIF.learnable if name != "r" or "r" in kind],
        **kind,
    ).double()
    x, state = 0.6 * random(STEPS, BATCH, NEURONS), (2 * random(BATCH, NEURONS, seed=3),)
    if layer.wait is not None:
        state = (*state, (random(BATCH, NEURONS, seed=4) * (layer.wait + 1)).floor())
    found = both_ways(layer, x, state, lif.step, lif.LIFState, layer.parameters_for)
    assert 0.01 < found[0][0][0].mean() < 0.99  # some spike, some do not
    require_equal(found, TOLERANCE)


@pytest.mark.parametrize(
    "kind", [{}, {"reset": "zero", "r": 2.0, "w": 1.5}, {"refractory": 4e-3, "w": 2.0}], ids=str
)
@pytest.mark.parametrize("learns", [True, False])
def test_cuba_lif_kernel_equals_autograd_through_steps(kind, learns):
    layer = CubaLIF(
        NEURONS,
        torch.linspace(2e-3, 9e-3, NEURONS, dtype=torch.float64),
        detach_reset=False,
        learn=[n for n in CubaLIF.learnable if learns and (n not in "rw" or n in kind)],
        **kind,
    ).double()
    x = random(STEPS, BATCH, NEURONS) - 0.3
    state = (random(BATCH, NEURONS, seed=3), random(BATCH, NEURONS, seed=4))
    if layer.wait is not None:
        state = (*state, random(BATCH, NEURONS, seed=5).round() * layer.wait)
    start, step = cuba_lif.CubaLIFState, cuba_lif.step
    require_equal(both_ways(layer, x, state, step, start, layer.coefficients), TOLERANCE)


@pytest.mark.parametrize("symplectic", [True, False])
@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("learns", [True, False])
def test_adaptive_lif_kernel_equals_autograd_through_steps(learns, detach, reset, symplectic):
    layer = AdaptiveLIF(
        NEURONS,
        torch.linspace(5e-3, 30e-3, NEURONS, dtype=torch.float64),
        50e-3,
        a=torch.linspace(-0.5, 1.0, NEURONS, dtype=torch.float64),
        b=5.0,
        v_reset=-0.1,
        v_leak=0.05,
        r=3.0,
        reset=reset,
        symplectic=symplectic,
        detach_reset=detach,
        learn=AdaptiveLIF.learnable if learns else (),
    ).double()
    x = 2 * random(STEPS, BATCH, NEURONS)
    state = (2 * random(BATCH, NEURONS, seed=3), random(BATCH, NEURONS, seed=4))
    start, step = adaptive_lif.AdaptiveLIFState, adaptive_lif.step
    found = both_ways(layer, x, state, step, start, layer.parameters_for)
    assert 0.01 < found[0][0][0].mean() < 0.99
    require_equal(found, TOLERANCE)


@pytest.mark.parametrize("substeps", [1, 3])
@pytest.mark.parametrize("surrogate", [FastSigmoid(0.1), Foreign(ArcTan())])
@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("learns", [True, False])
def test_izhikevich_kernel_equals_autograd_through_steps(learns, detach, surrogate, substeps):
    layer = Izhikevich(
        NEURONS,
        torch.linspace(0.02, 0.1, NEURONS, dtype=torch.float64),
        c=torch.linspace(-65.0, -50.0, NEURONS, dtype=torch.float64),
        d=2.0,
        substeps=substeps,
        detach_reset=detach,
        surrogate=surrogate,
        learn=Izhikevich.learnable if learns else (),
    ).double()
    x = 60 * random(STEPS // 3, BATCH, NEURONS)
    state = (110 * random(BATCH, NEURONS, seed=3) - 70, 10 * random(BATCH, NEURONS, seed=4) - 15)
    start, step = izhikevich.IzhikevichState, izhikevich.step
    found = both_ways(layer, x, state, step, start, layer.parameters_for)
    assert 0.01 < found[0][0][0].mean() < 0.99
    require_equal(found, TOLERANCE)


def test_adaptation_resonates_at_its_frequency():
    """Below the threshold, with a > 0, the linear system rings with its eigenvalues' frequency."""
    tau, tau_w, a, dt = 20e-3, 20e-3, 15.0, 1e-4
    layer = AdaptiveLIF(1, tau, tau_w, a=a, b=0.0, dt=dt, threshold=1e9)
    x = torch.zeros(round(0.2 / dt), 1, 1, dtype=torch.float64)
    x[0] = 100.0
    v = layer(x)[1].voltage.flatten()
    falls = ((v[:-1] > 0) & (v[1:] <= 0)).nonzero().flatten().double() * dt
    assert falls.diff().mean().item() == pytest.approx(2 * math.pi * tau / math.sqrt(a), rel=1e-2)


@pytest.mark.parametrize("learns", [True, False])
def test_leaky_integrator_kernel_equals_autograd_through_steps(learns):
    names = LeakyIntegrator.learnable if learns else ()
    layer = LeakyIntegrator(NEURONS, 8e-3, v_leak=0.3, r=2.0, learn=names).double()
    x, v = random(STEPS, BATCH, NEURONS) - 0.5, random(BATCH, NEURONS, seed=3)
    start, step = leaky_integrator.LeakyIntegratorState, leaky_integrator.step
    require_equal(both_ways(layer, x, (v,), step, start, layer.parameters_for), TOLERANCE)


def test_leaky_integrator_passes_gradcheck():
    layer = LeakyIntegrator(2, 8e-3, r=2.0, learn=("tau_mem", "r")).double()
    x = random(6, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: layer(x)[0], (x, *layer.parameters()))


def test_float32_spikes_equal_the_step_to_the_last_bit():
    for kind, reset_delay in itertools.product(("subtract", "zero"), (False, True)):
        layer = LIF(500, 10e-3, reset=kind, reset_delay=reset_delay)
        x = 0.3 * random(300, 4, 500, dtype=torch.float32)
        spikes, record = layer(x)
        rest = lif.LIFState(torch.zeros(4, 500))
        theirs, states = unroll(lif.step, x, rest, layer.parameters_for(x))
        assert torch.equal(spikes, theirs)
        assert torch.equal(record.voltage, states.v)


def test_a_neuron_that_is_held_fires_at_the_closed_form_rate():
    tau, refractory, drive, dt = 20e-3, 5e-3, 1.5, 1e-5
    x = torch.full((round(1 / dt), 1, 1), drive, dtype=torch.float64)
    spikes, record = LIF(1, tau, dt, r=1.0, reset="zero", refractory=refractory)(x)
    times = spikes.flatten().nonzero().flatten() * dt
    period = refractory + tau * math.log(drive / (drive - 1))
    assert times.diff().mean().item() == pytest.approx(period, abs=2 * dt)
    held = record.voltage[round(times[0].item() / dt) + 1 :][: round(refractory / dt)]
    assert not held.any()


def test_the_state_of_a_held_neuron_goes_on():
    layer = CubaLIF(5, refractory=7e-3)
    x = 0.5 * random(40, 2, 5)
    whole, record = layer(x)
    first, middle = layer(x[:13])
    second, last = layer(x[13:], middle.state)
    assert len(last.state) == 3
    assert torch.equal(torch.cat((first, second)), whole)
    assert all(torch.equal(a, b) for a, b in zip(last.state, record.state, strict=True))


def test_a_refractory_period_that_is_no_step_is_refused():
    with pytest.raises(ValueError, match=r"at least half a time step of 0\.001 s, got 0\.0002"):
        LIF(3, refractory=2e-4)
    with pytest.raises(ValueError, match="a step late"):
        LIF(3, reset_delay=True, refractory=2e-3)


def test_threads_split_batch_and_neurons_and_change_nothing():
    for batch, neurons in ((7, 300), (1, 4000)):
        x = 0.3 * random(1200, batch, neurons, dtype=torch.float32)
        results, count = [], torch.get_num_threads()
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            try:
                layer = LIF(neurons, 10e-3, learn=("tau_mem",))
                given = x.clone().requires_grad_()
                spikes, _ = layer(given)
                spikes.sum().backward()
            finally:
                torch.set_num_threads(count)
            results.append((spikes, given.grad))
        for spikes, slope in results[1:]:
            assert torch.equal(spikes, results[0][0])
            assert torch.equal(slope, results[0][1])


def test_other_types_go_step_by_step():
    x = 0.5 * random(20, 2, 3).bfloat16()
    for layer in (LIF(3), CubaLIF(3), LeakyIntegrator(3), AdaptiveLIF(3, r=10.0)):
        out, record = layer(x)
        assert out.dtype == record.voltage.dtype == torch.bfloat16
        assert out.any()


@pytest.mark.parametrize("current", [1.05, 1.5, 3.0, 20.0])
def test_lif_fires_at_the_closed_form_time(current: float):
    """v(t) = r i (1 − e^(−t/τ)) meets θ at τ ln(r i / (r i − θ)); at rest again, it repeats."""
    tau, dt = 20e-3, 1e-5
    steps = round(1.0 / dt)
    layer = LIF(1, tau, dt, r=1.0, reset="zero")
    spikes, _ = layer(torch.full((steps, 1, 1), current, dtype=torch.float64))
    times = dt * (spikes.flatten().nonzero().flatten() + 1).double()
    period = tau * math.log(current / (current - 1))
    gaps = torch.diff(times, prepend=torch.zeros(1, dtype=torch.float64))
    assert ((gaps - period) < dt + 1e-12).all()
    assert (gaps > period - 1e-12).all()


def test_exact_method_does_not_depend_on_the_time_step():
    """Held for 8 ms, a current moves the potential by the same, in steps of 1 or of 0.125 ms."""
    found = []
    for dt in (1e-3, 0.125e-3):
        layer = LeakyIntegrator(1, 20e-3, dt, r=3.0, v_leak=-0.5)
        v, _ = layer(torch.full((round(8e-3 / dt), 1, 1), 0.7, dtype=torch.float64))
        found.append(v[-1].item())
    closed = -0.5 + 3 * 0.7 * -math.expm1(-8 / 20)
    assert found == pytest.approx([closed, closed], abs=1e-12)


def test_euler_and_exact_agree_to_first_order():
    gaps = []
    for dt in (1e-3, 0.5e-3):
        ends = []
        for method in ("exact", "euler"):
            layer = LeakyIntegrator(1, 20e-3, dt, r=1.0, method=method)
            ends.append(layer(torch.ones(round(20e-3 / dt), 1, 1).double())[0][-1].item())
        gaps.append(abs(ends[0] - ends[1]))
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.05)


def test_state_goes_on_where_it_stopped():
    x = 0.4 * random(40, 2, 3)
    for layer in (LIF(3), LIF(3, reset_delay=True), CubaLIF(3), LeakyIntegrator(3)):
        whole, _ = layer(x)
        first, record = layer(x[:15])
        second, _ = layer(x[15:], record.state)
        assert torch.equal(torch.cat((first, second)), whole)


def test_gradient_flows_through_a_handed_over_state():
    x = 0.4 * random(40, 2, 3)
    layer, slopes = LIF(3, detach_reset=False), []
    for cut in (40, 15):
        given = x.clone().requires_grad_()
        spikes, record = layer(given[:cut])
        total = spikes.sum()
        if cut < 40:
            total = total + layer(given[cut:], record.state)[0].sum()
        total.backward()
        slopes.append(given.grad)
    torch.testing.assert_close(*slopes)


def test_neurons_of_any_shape_have_parameters_of_their_own():
    tau = torch.tensor([5e-3, 50e-3]).view(2, 1, 1)
    layer = LIF((2, 4, 3), tau, threshold=9.0)
    _, record = layer(0.5 * torch.ones(30, 2, 2, 4, 3))
    assert record.voltage.shape == (30, 2, 2, 4, 3)
    for channel, time in enumerate((5e-3, 50e-3)):
        alone = LIF(1, time, threshold=9.0)(0.5 * torch.ones(30, 1, 1))[1].voltage.flatten()
        channels = record.voltage[:, :, channel].flatten(1)
        torch.testing.assert_close(channels, alone[:, None].expand_as(channels))


def test_time_constants_learn_and_stay_positive():
    torch.manual_seed(0)
    layer = LeakyIntegrator(1, 5e-3, learn=("tau_mem",))
    x = torch.rand(50, 4, 1)
    wanted, _ = LeakyIntegrator(1, 15e-3)(x)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        (layer(x)[0] - wanted).square().mean().backward()
        optimizer.step()
    assert layer.tau_mem.item() == pytest.approx(15e-3, rel=1e-2)
    with torch.no_grad():
        layer.parametrizations.tau_mem.original -= 50
    assert layer.tau_mem.item() > 0


def test_time_constant_inverts_the_decay():
    for beta in (0.5, 0.9, 0.999):
        tau = time_constant(beta, 2e-3)
        assert math.exp(-2e-3 / tau) == pytest.approx(beta, rel=1e-14)
