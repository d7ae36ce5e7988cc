"""Surrogates against their formulas in other libraries, and the kernels' against ours."""

import numpy as np
import pytest
import snntorch.surrogate
import torch

from spiking import ArcTan, Boxcar, FastSigmoid, Foreign, Surrogate, Triangular
from spiking.kernels.integrate import pseudo_derivative
from spiking.surrogates import as_surrogate

U = torch.linspace(-2, 2, 401, dtype=torch.float64)
ALL = [FastSigmoid(3.0), ArcTan(1.5), Triangular(0.7, 2.0), Boxcar(0.3, 1.5)]


def slope_of(function, u: torch.Tensor) -> torch.Tensor:
    u = u.clone().requires_grad_()
    function(u).sum().backward()
    return u.grad


@pytest.mark.parametrize("surrogate", ALL, ids=lambda s: type(s).__name__)
def test_spike_is_a_step_with_the_derivative_as_gradient(surrogate: Surrogate):
    assert torch.equal(surrogate(U), (U > 0).double())
    assert torch.equal(slope_of(surrogate, U), surrogate.derivative(U))
    beyond = U[U.abs() >= surrogate.support]
    assert not surrogate.derivative(beyond).any()


@pytest.mark.parametrize("surrogate", ALL, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernel_has_the_same_derivative(surrogate: Surrogate, dtype: str):
    u = U.numpy().astype(dtype)
    theta, out = np.full_like(u, 0.25), np.empty_like(u)
    pseudo_derivative(*surrogate.formula(), u, theta, out)
    wanted = surrogate.derivative(torch.from_numpy(u - theta))
    torch.testing.assert_close(torch.from_numpy(out), wanted)


def test_formulas_are_those_of_snntorch():
    theirs = snntorch.surrogate.fast_sigmoid(slope=7)
    torch.testing.assert_close(slope_of(theirs, U), FastSigmoid(7.0).derivative(U))
    theirs = snntorch.surrogate.atan(alpha=1.5)
    torch.testing.assert_close(slope_of(theirs, U), ArcTan(1.5).derivative(U))


def test_areas_are_those_of_the_curves_that_they_differentiate():
    u = torch.linspace(-2000, 2000, 4_000_001, dtype=torch.float64)
    for surrogate, area in ((FastSigmoid(4.0), 0.5), (ArcTan(2.0), 1.0)):
        assert torch.trapezoid(surrogate.derivative(u), u).item() == pytest.approx(area, rel=1e-3)
    assert torch.trapezoid(Triangular(0.5, 2.0).derivative(U), U).item() == pytest.approx(1.0)


def test_functions_of_others_are_taken_as_they_are():
    theirs = as_surrogate(snntorch.surrogate.sigmoid(slope=4))
    assert isinstance(theirs, Foreign)
    s = torch.sigmoid(4 * U)
    torch.testing.assert_close(theirs.derivative(U), 4 * s * (1 - s))
    assert as_surrogate(ALL[0]) is ALL[0]
    with pytest.raises(TypeError, match="expected a surrogate or a function of u, got <class"):
        as_surrogate(FastSigmoid)


@pytest.mark.parametrize("kind", [FastSigmoid, ArcTan, Triangular, Boxcar])
def test_widths_must_be_positive(kind):
    with pytest.raises(ValueError, match="must be positive, got -1"):
        kind(-1.0)
