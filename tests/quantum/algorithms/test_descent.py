"""Descents from many starts against scipy's, one by one."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize, rosen, rosen_der

from quantum import InputError, minimise


def rosenbrock(w, _):
    return (100 * (w[:, 1:] - w[:, :-1] ** 2) ** 2 + (1 - w[:, :-1]) ** 2).sum(1)


def starts(count, size):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(1)).double()


def test_every_start_reaches_what_scipy_reaches():
    given = starts(6, 2)
    found = minimise(rosenbrock, given, steps=200)
    for start, w, energy in zip(given, found.weights, found.energies, strict=True):
        theirs = minimize(rosen, start.numpy(), jac=rosen_der, method="BFGS")
        assert energy == pytest.approx(theirs.fun, abs=1e-8)
        np.testing.assert_allclose(w, theirs.x, atol=1e-4)


def test_starts_do_not_meet():
    given = starts(5, 3)
    together = minimise(rosenbrock, given, steps=40)
    alone = [minimise(rosenbrock, start[None], steps=40) for start in given]
    torch.testing.assert_close(together.weights, torch.cat([m.weights for m in alone]))
    assert together.evaluations == sum(m.evaluations for m in alone)


def test_energies_never_rise():
    history = minimise(rosenbrock, starts(6, 4), steps=60).history
    assert bool((history[1:] <= history[:-1]).all())


def test_each_start_knows_its_number():
    centre = torch.tensor([1.0, -2.0, 5.0]).double()
    found = minimise(lambda w, k: (w[:, 0] - centre[k]) ** 2, torch.zeros(3, 1).double())
    torch.testing.assert_close(found.weights[:, 0], centre)
    assert found.best.item() in found.weights


def test_a_parabola_takes_no_more_steps_than_it_has_dimensions_by_much():
    scales = torch.tensor([1.0, 10.0, 100.0]).double()
    found = minimise(lambda w, _: (scales * w**2).sum(1), starts(4, 3), tolerance=1e-9)
    assert found.energy < 1e-18
    assert len(found.history) < 25


def test_it_ends_at_the_floor_of_rounding():
    found = minimise(lambda w, _: 1e6 + (w**4).sum(1), starts(3, 2), steps=500, tolerance=0.0)
    assert len(found.history) < 100
    assert found.energy == pytest.approx(1e6, rel=1e-12)


def test_no_start_is_an_error():
    with pytest.raises(InputError, match=r"at least one start, got \(0, 3\)"):
        minimise(rosenbrock, torch.zeros(0, 3))
