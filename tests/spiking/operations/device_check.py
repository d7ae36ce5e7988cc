"""Run by test_device.py in Triton's interpreter: all combinations, on CPU tensors."""

import itertools

import torch

from spiking import ArcTan, Boxcar, FastSigmoid, Foreign, Triangular
from spiking.kernels.integrate import LATE, NONE, SUBTRACT, ZERO
from spiking.operations.device import integrate_on_device
from spiking.operations.integration import Before, Dynamics, Rates, _Integrate

STEPS, BATCH, NEURONS = 12, 3, 5


def random(*shape: int, seed: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def run(operation, mode, synapse, wait, surrogate, detach):
    parts = [0.5 + 0.45 * random(NEURONS, seed=1), 0.5 + random(NEURONS, seed=2)]
    parts += [0.1 * random(NEURONS, seed=3), 0.6 + random(NEURONS, seed=4)]
    parts += [-0.2 * random(NEURONS, seed=5)]
    parts += [random(NEURONS, seed=6) if synapse else None]
    waits = (torch.arange(NEURONS) % 3).float() if wait else None
    left = (random(BATCH, NEURONS, seed=7) * (waits + 1)).floor() if wait else None
    x, v = random(STEPS, BATCH, NEURONS, seed=8), 1.5 * random(BATCH, NEURONS, seed=9)
    i = random(BATCH, NEURONS, seed=10) if synapse else None
    given = [p if p is None else p.clone().requires_grad_() for p in (x, *parts, v, i)]
    x, alpha, kappa, shift, theta, low, rate, v, i = given
    rates = Rates(alpha, kappa, shift, theta, low, rate, waits)
    before, dynamics = Before(v, i, left), Dynamics(mode, detach, surrogate)
    voltage, spikes, last, rest = operation(x, *rates, *before, dynamics)
    weights = random(STEPS, BATCH, NEURONS, seed=11) - 0.3
    loss = (voltage * weights).square().sum()
    loss = loss if spikes is None else loss + (spikes * weights).sum()
    loss = loss if last is None else loss + last.square().sum()
    loss.backward()
    return [voltage, spikes, last, rest], [p.grad for p in given if p is not None]


def main() -> None:
    surrogates = (FastSigmoid(3.0), ArcTan(), Triangular(), Boxcar(), Foreign(ArcTan()))
    modes = (SUBTRACT, LATE, ZERO, NONE)
    cases = list(itertools.product(modes, (False, True), (False, True), surrogates, (False, True)))
    count, fired = 0, 0.0
    for mode, synapse, wait, surrogate, detach in cases:
        if wait and mode == LATE:
            continue
        case = (mode, synapse, wait, surrogate, detach)
        ours, theirs = run(_Integrate.apply, *case), run(integrate_on_device, *case)
        fired += ours[0][1].mean().item()
        torch.testing.assert_close(theirs[0][1:], ours[0][1:], rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(theirs[0][0], ours[0][0], rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(theirs[1], ours[1], rtol=2e-4, atol=2e-5)
        count += 1
    for synapse in (False, True):
        case = (NONE, synapse, False, None, True)
        torch.testing.assert_close(run(integrate_on_device, *case), run(_Integrate.apply, *case))
        count += 1
    assert 0.1 < fired / count < 0.9, fired / count
    print(f"{count} cases agree")


if __name__ == "__main__":
    main()
