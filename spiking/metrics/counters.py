r"""What a network costs: memory, connections, spikes and synaptic operations.

The definitions are those of NeuroBench, odd ones included, so that figures can be compared.

References
----------
Yik et al., "The NeuroBench framework for benchmarking neuromorphic computing algorithms and
systems", Nature Communications 16, 2025, section "Algorithm track: complexity metrics".
"""

import copy
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spiking.graph import Graph
from spiking.metrics.visits import ACTIVATIONS, CONNECTIONS, visits
from spiking.sequential import NetworkRecord, Sequential


class SynapticOperations(NamedTuple):
    """Synaptic operations of a sample, over all its time steps.

    Attributes
    ----------
    effective_macs
        Products of inputs and weights that are both not zero, where inputs are numbers.
    effective_acs
        The same where all inputs are 0, 1 or −1, so that weights are only added up.
    dense
        All products, zeros included.
    """

    effective_macs: float
    effective_acs: float
    dense: float


def footprint(network: nn.Module) -> int:
    """Return the bytes of all parameters and buffers.

    Buffers count whether they are saved or not: neurons of snntorch keep the state after their
    last step as one, so that their footprint grows when they have run.

    Examples
    --------
    >>> footprint(nn.Linear(3, 2))
    32
    """
    return sum(t.numel() * t.element_size() for t in (*network.parameters(), *network.buffers()))


def connection_sparsity(network: nn.Module) -> float:
    """Return the share of weights that are zero, in linear layers and convolutions.

    Biases do not count. NeuroBench rounds it to four decimals, and leaves out layers with a
    parametrized weight, as do we.

    Raises
    ------
    ValueError
        If there are no weights.

    Examples
    --------
    >>> layer = nn.Linear(4, 2)
    >>> with torch.no_grad():
    ...     layer.weight[0] = 0
    >>> connection_sparsity(nn.Sequential(layer))
    0.5
    """
    weights = [m.weight for m in network.modules() if _is_leaf(m) and isinstance(m, CONNECTIONS)]
    total = sum(weight.numel() for weight in weights)
    if total == 0:
        raise ValueError("expected a network with weights, got one without")
    return sum(int((weight == 0).sum()) for weight in weights) / total


def activation_sparsity(
    network: Sequential | Graph, x: Float[Tensor, "time batch ..."], record: NetworkRecord
) -> float:
    """Return the share of neurons and steps without a spike, over all layers together.

    Layers that spike count, and ReLU, Sigmoid and Threshold, as all outputs that are zero;
    integrators do not, whose potentials are read and not sent.

    Parameters
    ----------
    network, x, record
        A network in evaluation mode, an input and the record of its run, begun at rest.

    Raises
    ------
    ValueError
        If the record is of another network or input, or nothing has an activation.

    Examples
    --------
    >>> from spiking import LIF
    >>> net, x = Sequential(LIF(2)), torch.tensor([[[2.0, 0.0]], [[0.0, 0.0]]])
    >>> activation_sparsity(net, x, net(x)[1])
    0.75
    """
    outputs = [
        v.y for v in visits(network, x, record) if v.spikes or isinstance(v.module, ACTIVATIONS)
    ]
    total = sum(y.numel() for y in outputs)
    if total == 0:
        raise ValueError("expected a network with neurons that spike, got one without")
    return (total - sum(int(y.count_nonzero()) for y in outputs)) / total


def synaptic_operations(
    network: Sequential | Graph, x: Float[Tensor, "time batch ..."], record: NetworkRecord
) -> SynapticOperations:
    """Return the synaptic operations of linear layers and convolutions, per sample.

    Biases do not count, nor do zeros that convolutions pad with. Whether a layer adds or multiplies
    is decided at each step by the inputs of the whole batch: real numbers that all happen to be 0,
    1 or −1 count as spikes, and spikes that were pooled to means as numbers. A spike counts once
    for each synapse of a `DelayedLinear`, which NeuroBench itself does not know.

    Parameters
    ----------
    network, x, record
        A network in evaluation mode, an input and the record of its run, begun at rest.

    Raises
    ------
    ValueError
        If the record is of another network or input.

    Examples
    --------
    Two spikes, each to two neurons; a network of numbers would multiply 2 × 3 × 2 times:

    >>> from spiking import LIF, Linear
    >>> net, x = Sequential(Linear(3, 2), LIF(2)), torch.zeros(2, 1, 3)
    >>> x[0, 0, 0] = x[1, 0, 2] = 1.0
    >>> synaptic_operations(net, x, net(x)[1])
    SynapticOperations(effective_macs=0.0, effective_acs=4.0, dense=12.0)
    """
    macs = acs = dense = 0
    for visit in visits(network, x, record):
        if not isinstance(visit.module, CONNECTIONS):
            continue
        all_ones = torch.ones_like(visit.x[:1])
        dense += int(_products(visit.module, all_ones, dense=True)) * len(visit.x)
        operations = _products(visit.module, visit.x, dense=False)
        binary = ((visit.x == 0) | (visit.x.abs() == 1)).flatten(1).all(1)
        acs += int(operations[binary].sum())
        macs += int(operations[~binary].sum())
    samples = x.shape[1]
    return SynapticOperations(macs / samples, acs / samples, dense / samples)


def _products(layer: Any, x: Tensor, *, dense: bool) -> Tensor:
    """Return how many inputs meet a weight, both not zero unless dense, at each step."""
    weight = torch.ones_like(layer.weight) if dense else (layer.weight != 0)
    if isinstance(layer, nn.Linear):
        fan_out = weight.sum(0).double()
        return ((x != 0).double() @ fan_out).flatten(1).sum(1)
    twin = copy.deepcopy(layer).double()
    twin.weight.data, twin.bias = weight.double(), None
    with torch.no_grad():
        met = twin((x != 0).double().flatten(0, 1))
    return met.unflatten(0, x.shape[:2]).flatten(1).sum(1)


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None
