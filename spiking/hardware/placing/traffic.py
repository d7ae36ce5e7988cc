r"""How many packets go from core to core.

A spike sends one packet to each core that holds at least one of its synapses, its own included;
the core that takes it hands it to all synapses there. With t spikes of sender s, the senders
:math:`S_c` on core c, and the targets :math:`T_s`,

.. math:: P_{cd} = \sum_{s \in S_c} t_s \, [\, \exists n \in T_s : n \text{ on } d \,] .
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.network import IntegerNetwork


class Packets(NamedTuple):
    """Packets, as counted or expected.

    Attributes
    ----------
    cores
        (cores, cores), from row to column.
    inputs
        (cores,), from the input channels.
    """

    cores: np.ndarray
    inputs: np.ndarray


def as_traffic(network: IntegerNetwork, traffic: object = None) -> np.ndarray:
    """Return the spikes of each sender as numbers.

    Parameters
    ----------
    network
        Network.
    traffic
        (inputs + neurons,), inputs first; None for one spike each.

    Raises
    ------
    NetworkError
        For another shape, or a number that is negative or not finite.
    """
    senders = network.inputs + network.neurons
    if traffic is None:
        return np.ones(senders)
    given = np.asarray(traffic, float)
    if given.shape != (senders,):
        raise NetworkError(
            f"traffic must be spikes of {network.inputs} inputs and {network.neurons} neurons, "
            f"({senders},), got shape {given.shape}"
        )
    if not np.isfinite(given).all() or (given.size and given.min() < 0):
        raise NetworkError("traffic must be finite numbers of spikes, none negative")
    return given


def reach(network: IntegerNetwork, core_of: np.ndarray, cores: int) -> csr_array:
    """Return which cores hold synapses of which senders, (inputs + neurons, cores), 1 or none.

    Parameters
    ----------
    network
        Network.
    core_of
        (neurons,), core of each neuron.
    cores
        Number of cores.

    Examples
    --------
    >>> from spiking.hardware import Population, Projection
    >>> net = IntegerNetwork(
    ...     1, [Population("a", 3)], [Projection("input", "a", np.array([[1, 1, 1]]))]
    ... )
    >>> reach(net, np.array([0, 0, 1]), 2).toarray()[0].tolist()
    [1, 1]
    """
    neurons = network.neurons
    onto = csr_array(
        (np.ones(neurons, np.int64), core_of, np.arange(neurons + 1)), (neurons, cores)
    )
    found = csr_array(network.synapses() @ onto)
    found.sort_indices()
    found.data[:] = 1
    return found


def packets(
    network: IntegerNetwork, core_of: np.ndarray, cores: int, traffic: object = None
) -> Packets:
    """Return the packets from core to core, and from the inputs to each core.

    Parameters
    ----------
    network
        Network.
    core_of
        (neurons,), core of each neuron.
    cores
        Number of cores.
    traffic
        Spikes of each sender, inputs first; one each if None.
    """
    spikes = as_traffic(network, traffic)
    found = reach(network, core_of, cores)
    sent = found * spikes[:, None]
    neurons = network.neurons
    members = csr_array((np.ones(neurons), (core_of, np.arange(neurons))), (cores, neurons))
    between = members @ csr_array(sent[network.inputs :])
    return Packets(between.toarray(), np.asarray(sent[: network.inputs].sum(0)).ravel())
