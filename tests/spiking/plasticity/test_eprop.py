"""e-prop against autograd: exact without recurrence, and with it but for one kind of path."""

import math
from inspect import unwrap

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from spiking import Triangular
from spiking.plasticity import RecurrentALIF, eprop_loss, readout_loss

STEPS, BATCH, INPUTS, NEURONS, OUTPUTS = 60, 4, 6, 9, 3


def network(*, recurrent: bool = True, **options) -> RecurrentALIF:
    g = torch.Generator().manual_seed(0)
    beta = torch.rand(NEURONS, generator=g) * (torch.arange(NEURONS) % 3 > 0)  # some plain LIF
    made = RecurrentALIF(
        INPUTS, NEURONS, OUTPUTS, tau_adapt=50e-3, beta=beta, generator=g, **options
    ).double()
    if not recurrent:
        torch.nn.init.zeros_(made.recurrent.weight)
    with torch.no_grad():
        made.readout.bias.normal_(generator=g)
    return made


def task(seed: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Return spikes, targets and each step's importance, 0 at first."""
    g = torch.Generator().manual_seed(seed)
    x = (torch.rand(STEPS, BATCH, INPUTS, generator=g) < 0.2).double()
    target = torch.randn(STEPS, BATCH, OUTPUTS, generator=g).double().softmax(-1)
    importance = torch.rand(STEPS, generator=g).double() / STEPS
    importance[:20] = 0
    return x, target, importance


def by_steps(net: RecurrentALIF, x: Tensor, *, through: bool) -> tuple[Tensor, Tensor]:
    """Return readouts and spikes by plain torch, one step after the other."""
    alpha, rho, kappa = (math.exp(-net.dt / t) for t in (net.tau_mem, net.tau_adapt, net.tau_out))
    spike = Triangular(net.threshold, net.damping / net.threshold)
    across = net.recurrent.weight * (1 - torch.eye(NEURONS).double())
    v = a = z = filtered = torch.zeros(BATCH, NEURONS).double()
    wait = torch.zeros(BATCH, NEURONS)
    found, readouts = [], []
    for row in x.unbind(0):
        sent = z if through else z.detach()
        current = F.linear(row, net.input.weight) + F.linear(sent, across)
        v = alpha * v + current - net.threshold * (z.detach() if net.detach_reset else z)
        a = rho * a + z
        z = spike(v - net.threshold - net.beta * a) * (wait <= 0)
        wait = torch.where(z > 0, net.hold, wait - 1)
        filtered = kappa * filtered + z
        found.append(z)
        readouts.append(F.linear(filtered, net.readout.weight, net.readout.bias))
    return torch.stack(readouts), torch.stack(found)


def slopes(net: RecurrentALIF, loss: Tensor) -> list[Tensor]:
    parameters = (*net.parameters(),)
    return [*torch.autograd.grad(loss, parameters)]


def agree(ours: list[Tensor], theirs: list[Tensor]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert b.abs().max() > 1e-6
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("refractory", [0.0, 5e-3])
@pytest.mark.parametrize("through", [True, False])
@pytest.mark.parametrize("detach", [True, False])
def test_kernel_equals_plain_torch(detach: bool, through: bool, refractory: float):
    net = network(refractory=refractory, detach_reset=detach)
    x, target, importance = task()
    readout, spikes = net(x, through=through)
    other, fired = by_steps(net, x, through=through)
    assert torch.equal(spikes, fired)
    assert 0.02 < spikes.mean() < 0.5
    torch.testing.assert_close(readout, other, rtol=1e-12, atol=1e-12)
    how = {"dt": net.dt, "rate_weight": 1e-4}
    ours = readout_loss(readout, spikes, target, importance, **how)
    agree(slopes(net, ours), slopes(net, readout_loss(other, fired, target, importance, **how)))


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_without_recurrent_weights_eprop_is_exact(loss: str):
    net, (x, target, importance) = network(recurrent=False), task()
    how = {"loss": loss, "rate_weight": 1e-4}
    ours = eprop_loss(net, x, target, importance, **how)
    theirs = readout_loss(*by_steps(net, x, through=True), target, importance, dt=net.dt, **how)
    assert math.isclose(ours.item(), theirs.item(), rel_tol=1e-12)
    # all but the recurrent weights, which are 0 and would not stay so: only there is a difference
    names = [name for name, _ in net.named_parameters()]
    pairs = zip(names, slopes(net, ours), slopes(net, theirs), strict=True)
    kept = [(a, b) for name, a, b in pairs if name != "recurrent.weight"]
    agree([a for a, _ in kept], [b for _, b in kept])


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
@pytest.mark.parametrize("refractory", [0.0, 5e-3])
def test_eprop_is_autograd_without_the_paths_through_spikes_to_others(loss, refractory):
    net, (x, target, importance) = network(refractory=refractory), task()
    how = {"loss": loss, "rate_weight": 1e-4, "rate_target": 20.0}
    ours = slopes(net, eprop_loss(net, x, target, importance, **how))
    plain = readout_loss(*by_steps(net, x, through=False), target, importance, dt=net.dt, **how)
    agree(ours, slopes(net, plain))
    whole = readout_loss(*by_steps(net, x, through=True), target, importance, dt=net.dt, **how)
    true = slopes(net, whole)
    assert (ours[0] - true[0]).norm() > 1e-3 * true[0].norm()  # what is left out is not nothing


def test_feedback_takes_the_place_of_the_readout_in_the_learning_signal():
    net, (x, target, importance) = network(), task()
    feedback = torch.randn(OUTPUTS, NEURONS, generator=torch.Generator().manual_seed(3)).double()
    ours = slopes(net, eprop_loss(net, x, target, importance, feedback=feedback))
    readout, spikes = by_steps(net, x, through=False)
    (signal,) = torch.autograd.grad(
        readout_loss(readout, spikes, target, importance, dt=net.dt), readout, retain_graph=True
    )
    kappa, by_spikes, held = math.exp(-net.dt / net.tau_out), [], 0.0
    for row in (signal @ feedback).flip(0):
        held = kappa * held + row
        by_spikes.append(held)
    wanted = torch.stack(by_spikes).flip(0)
    theirs = torch.autograd.grad(spikes, (net.input.weight, net.recurrent.weight), wanted)
    names = [name for name, _ in net.named_parameters()]
    found = dict(zip(names, ours, strict=True))
    agree([found["input.weight"], found["recurrent.weight"]], [*theirs])


def test_adaptive_feedback_gets_the_gradient_of_the_readout():
    net, (x, target, importance) = network(), task()
    feedback = torch.randn(OUTPUTS, NEURONS).double().requires_grad_()
    eprop_loss(net, x, target, importance, feedback=feedback).backward()
    torch.testing.assert_close(feedback.grad, net.readout.weight.grad)
    assert feedback.grad.abs().max() > 0


def test_neurons_do_not_reach_themselves():
    net, (x, target, importance) = network(), task()
    with torch.no_grad():
        before = net(x)[1]
        net.recurrent.weight.fill_diagonal_(9.0)
        assert torch.equal(net(x)[1], before)
    eprop_loss(net, x, target, importance).backward()
    assert not net.recurrent.weight.grad.diagonal().any()


def test_single_precision_follows_double():
    net, (x, target, importance) = network(), task()
    double = slopes(net, eprop_loss(net, x, target, importance))
    net.float()
    single = slopes(net, eprop_loss(net, x.float(), target.float(), importance.float()))
    for a, b in zip(single, double, strict=True):
        torch.testing.assert_close(a.double(), b, rtol=1e-3, atol=1e-5)


def test_errors_name_what_was_expected():
    net = RecurrentALIF(3, 4, 2)
    x, target, one = torch.zeros(5, 1, 3), torch.zeros(5, 1, 2), torch.ones(5)
    with pytest.raises(ValueError, match=r"expected input \(time, batch, 3\), got \(5, 1, 4\)"):
        net(torch.zeros(5, 1, 4))
    for arguments, message in (
        ((x[..., :2], target, one), r"expected x \(time, batch, 3\), got \(5, 1, 2\)"),
        ((x, target[..., :1], one), r"expected target \(5, 1, 2\), got \(5, 1, 1\)"),
    ):
        with pytest.raises(ValueError, match=message):
            unwrap(eprop_loss)(net, *arguments)
    with pytest.raises(ValueError, match=r"expected feedback \(2, 4\), got \(4, 2\)"):
        unwrap(eprop_loss)(net, x, target, one, feedback=torch.zeros(4, 2))
    with pytest.raises(ValueError, match="tau_mem must be positive"):
        RecurrentALIF(3, 4, 2, tau_mem=0.0)
    with pytest.raises(ValueError, match=r"beta must be a number or \(4,\), got \(3,\)"):
        RecurrentALIF(3, 4, 2, beta=torch.zeros(3))
