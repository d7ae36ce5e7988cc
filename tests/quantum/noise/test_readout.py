"""Misreading and its correction are matrices of all wires, and cost what the norm says."""

from functools import reduce

import numpy as np
import pytest
import torch

from quantum import InputError
from quantum.noise import GOOGLE_SYCAMORE, Readout

READOUT = Readout((0.02, 0.1, 0.05), (0.07, 0.03, 0.2))


def dense():
    return reduce(np.kron, [READOUT.matrix(wire).numpy() for wire in range(3)])


def test_both_ways_are_products_of_matrices():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(8), size=4)
    seen = READOUT.misread(torch.from_numpy(p)).numpy()
    assert seen == pytest.approx(p @ dense().T, abs=1e-14)
    assert READOUT.corrected(torch.from_numpy(seen)).numpy() == pytest.approx(p, abs=1e-13)
    values = rng.normal(size=(2, 8))
    corrected = READOUT.corrected_values(torch.from_numpy(values)).numpy()
    assert corrected == pytest.approx(values @ np.linalg.inv(dense()), abs=1e-13)
    assert seen @ corrected.T == pytest.approx(p @ values.T, abs=1e-13)


def test_what_it_costs_is_the_norm_of_the_inverse():
    wanted = np.linalg.norm(np.linalg.inv(dense()), 1) ** 2
    assert READOUT.overhead() == pytest.approx(wanted, abs=1e-12)
    one = np.linalg.norm(np.linalg.inv(READOUT.matrix(1).numpy()), 1) ** 2
    assert READOUT.overhead([1]) == pytest.approx(one, abs=1e-12)


def test_a_machine_reads_all_wires_alike():
    seen = Readout.of(GOOGLE_SYCAMORE, 2).misread(torch.tensor([[0.0, 0.0, 0.0, 1.0]]).double())
    miss = GOOGLE_SYCAMORE.p01
    wanted = [miss**2, miss * (1 - miss), miss * (1 - miss), (1 - miss) ** 2]
    assert seen[0].numpy() == pytest.approx(wanted, abs=1e-15)


def test_readouts_that_say_nothing_are_refused():
    with pytest.raises(InputError, match="below 1"):
        Readout((0.5,), (0.5,))
    with pytest.raises(InputError, match="1 and 2 wires"):
        Readout((0.1,), (0.1, 0.1))
    with pytest.raises(InputError, match="expected 8 values for 3 wires"):
        READOUT.misread(torch.zeros(1, 4))
