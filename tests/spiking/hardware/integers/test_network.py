"""Networks of integers: what they refuse, and what they count."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from spiking.hardware import IntegerNetwork, NetworkError, Population, Projection, as_mantissas

CELLS = Population("cells", 2, threshold=3)
SYNAPSES = Projection("input", "cells", np.ones((3, 2), int))


def test_numbers_outside_the_hardware_are_named():
    faults = [
        ({"decay_u": 4096}, "population a: decay_u must be from 0 to 4095, got 4096"),
        ({"threshold": -1}, "threshold must be from 0 to 131071, got -1"),
        ({"threshold": 2.5}, "threshold must be integers, got float64"),
        ({"bias": [5000, 0]}, "bias must be from -4096 to 4095, got 5000"),
        ({"bias": [1, 2, 3]}, r"bias must be one number or \(2,\), got shape \(3,\)"),
        ({"refractory": 64}, "refractory must be from 0 to 63, got 64"),
        ({"reset": "none"}, "reset must be one of zero, subtract, got 'none'"),
    ]
    for wrong, message in faults:
        with pytest.raises(NetworkError, match=message):
            IntegerNetwork(1, [Population("a", 2, **wrong)], [])
    with pytest.raises(NetworkError, match="expected neurons, got 0"):
        Population("a", 0)
    with pytest.raises(NetworkError, match="cannot be called 'input'"):
        Population("input", 1)


def test_synapses_outside_the_hardware_are_named():
    faults = [
        ({"weights": [[256]]}, "input -> a: weights must be from -256 to 255, got 256"),
        ({"weights": [[-257]]}, "weights must be from -256 to 255, got -257"),
        ({"weights": [[0.5]]}, "weights must be integers, got float64"),
        ({"weights": [[1]], "exponent": 8}, "exponent must be from -8 to 7, got 8"),
        ({"weights": [[1]], "delays": 0}, "delays must be whole steps, at least 1"),
        ({"weights": [[1]], "delays": 64}, "delays must be from 1 to 63 steps, got 64"),
        ({"weights": [[1]], "delays": [1, 2]}, r"delays must be one number or \(1, 1\), got sha"),
    ]
    for wrong, message in faults:
        with pytest.raises(NetworkError, match=message):
            IntegerNetwork(1, [Population("a", 1)], [Projection("input", "a", **wrong)])


def test_a_network_names_what_does_not_fit():
    faults = [
        ([CELLS, CELLS], [SYNAPSES], "two populations are called 'cells'"),
        ([CELLS], [Projection("x", "cells", [[1, 1]])], "'x' is not one of the populations cells"),
        ([CELLS], [Projection("input", "input", [[1]])], "'input' is not one of"),
        ([CELLS], [Projection("input", "cells", [[1, 1]])], r"weights \(3, 2\), got \(1, 2\)"),
        ([CELLS], [], "population cells is unconnected: no synapse leads to it"),
    ]
    for populations, projections, message in faults:
        with pytest.raises(NetworkError, match=message):
            IntegerNetwork(3, populations, projections)


def test_a_population_that_a_bias_drives_needs_no_synapse():
    assert IntegerNetwork(0, [Population("a", 2, bias=1)], []).synapses().shape == (2, 2)


def test_synapses_are_counted_with_stored_zeros_and_parallel_ones():
    loop = np.array([[0, 5], [0, 0]])
    for other, rows in (
        (Projection("cells", "cells", loop), [[1, 1], [1, 1]]),
        (Projection("cells", "cells", loop, kind="sparse"), [[0, 1], [0, 0]]),
        (Projection("cells", "cells", csr_array(loop)), [[0, 1], [0, 0]]),
    ):
        network = IntegerNetwork(3, [CELLS], [SYNAPSES, SYNAPSES, other])
        assert network.synapses().toarray().tolist() == [[2, 2], [2, 2], [2, 2], *rows]


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize(("mode", "sign"), [("excitatory", 1), ("inhibitory", -1), ("mixed", 0)])
def test_mantissas_are_multiples_next_below(bits, mode, sign):
    """Magnitudes of one sign go towards zero, mixed signs towards minus infinity."""
    weights = np.arange(-300, 301)
    found = as_mantissas(weights, mode, bits)
    for w, m in zip(weights.tolist(), found.tolist(), strict=True):
        if sign:
            step, size = 2 ** (8 - bits), min(max(sign * w, 0), 255)
            assert m == sign * max(k for k in range(0, 256, step) if k <= size)
        else:
            step, w = 2 ** (9 - bits), min(max(w, -256), 255)
            assert m == max(k for k in range(-256, 256, step) if k <= w)


def test_mantissas_of_a_wrong_kind_are_refused():
    with pytest.raises(NetworkError, match="weights must be integers, got float64"):
        as_mantissas(np.array([0.5]))
    with pytest.raises(NetworkError, match="bits must be from 1 to 8, got 9"):
        as_mantissas(np.array([1]), bits=9)
