"""From a network of layers to what a chip has to compute."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn

from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.population import INPUT
from spiking.hardware.specification import Cells, Specification, Synapses
from spiking.layers.delayed_linear import DelayedLinear
from spiking.layers.delays import Delay
from spiking.layers.recurrent import Recurrent
from spiking.neurons import LIF, CubaLIF, LeakyIntegrator, Neuron
from spiking.sequential import Sequential, layers_of

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
ROWS = 256  # one-hot inputs that go through a linear layer at once


def read(network: nn.Module, shape: Sequence[int]) -> Specification:
    """Return what a network computes, for inputs of a shape.

    Parameters
    ----------
    network
        A `spiking.Sequential` of neurons (LIF, IF, CubaLIF, LeakyIntegrator, Integrator, also
        `Recurrent`), delays, and any layers without a state that are linear: they are read by what
        they do to one-hot inputs.
    shape
        Of one input, without time and batch.

    Raises
    ------
    NetworkError
        For a layer that has no form on a chip; the message names it and says why.

    Examples
    --------
    >>> from spiking import Linear
    >>> net = Sequential(Linear(3, 2), LIF(2, reset="zero"), Linear(2, 2), LeakyIntegrator(2))
    >>> [(part.source, part.target) for part in read(net, (3,)).synapses]
    [('input', '1'), ('1', '3')]
    """
    reader = _Reader(tuple(shape))
    for name, layer in _flat(network):
        reader.take(name, layer)
    if reader.pending or reader.delay is not None:
        last = "of delays"
        if reader.pending:
            name, layer = reader.pending[-1]
            last = f"{name} ({type(layer).__name__})"
        raise NetworkError(
            f"layer {last}: no neurons follow; end with neurons, which may be read out only"
        )
    if not reader.cells:
        raise NetworkError("expected at least one layer of neurons")
    return Specification(int(np.prod(shape)), reader.cells, reader.synapses)


def _flat(network: nn.Module, prefix: str = "") -> list[tuple[str, nn.Module]]:
    if not isinstance(network, Sequential):
        raise NetworkError(f"expected a spiking.Sequential, got {type(network).__name__}")
    found = []
    for name, layer in layers_of(network):
        inner = isinstance(layer, Sequential)
        found += _flat(layer, f"{prefix}{name}.") if inner else [(prefix + name, layer)]
    return found


class _Reader:
    def __init__(self, shape: tuple[int, ...]) -> None:
        self.source, self.shape = INPUT, shape
        self.pending: list[tuple[str, nn.Module]] = []
        self.delay: Tensor | None = None
        self.cells: list[Cells] = []
        self.synapses: list[Synapses] = []

    def take(self, name: str, layer: nn.Module) -> None:
        """Take the next layer."""
        if isinstance(layer, Delay):
            if self.pending or self.delay is not None:
                raise NetworkError(f"layer {name}: a delay must follow neurons, as that of an axon")
            self.delay = (layer.delay.detach() / layer.dt).round()
        elif isinstance(layer, Neuron | Recurrent):
            self._close(name, layer)
        else:
            self.pending.append((name, layer))

    def _close(self, name: str, layer: nn.Module) -> None:
        neuron: Any = layer.neuron if isinstance(layer, Recurrent) else layer
        size = int(np.prod(neuron.neurons)) if isinstance(neuron, Neuron) else 0
        weights, bias, delays, kind = self._connection(name, size)
        cells, gain = cells_of(name, neuron, bias)
        self.cells.append(cells)
        weights.data = weights.data * gain[weights.indices]
        self.synapses.append(Synapses(self.source, name, weights, delays, kind))
        if isinstance(layer, Recurrent):
            loop, constant = linear_map([(name, layer.connection)], neuron.neurons)
            if constant.any():
                raise NetworkError(f"layer {name}: the recurrent connection must have no bias")
            back = csr_array(loop * gain)
            self.synapses.append(Synapses(name, name, back, np.ones(back.nnz, np.int64)))
        self.source, self.shape, self.pending, self.delay = name, tuple(neuron.neurons), [], None

    def _connection(self, name: str, size: int) -> tuple[csr_array, np.ndarray, np.ndarray, str]:
        """Return weights, bias, delays and kind of what lies before some neurons."""
        layers = [layer for _, layer in self.pending]
        count = int(np.prod(self.shape))
        axon = np.zeros(count) if self.delay is None else np.broadcast_to(self.delay, count)
        if len(layers) == 1 and isinstance(layers[0], DelayedLinear):
            layer = layers[0]
            taps = (layer.delay.detach() / layer.dt).round().T.double().numpy()
            dense = layer.weight.detach().T.double().numpy()
            bias = np.zeros(size) if layer.bias is None else layer.bias.detach().double().numpy()
            kind = "dense"
        else:
            dense, bias = linear_map(self.pending, self.shape)
            taps, kind = np.zeros(dense.shape), "dense"
            if any(isinstance(layer, CONVOLUTIONS) for layer in layers):
                kind = "convolution"
            elif np.count_nonzero(dense) < dense.size / 2:
                kind = "sparse"
        if dense.shape[1] != size:
            raise NetworkError(f"layer {name}: {size} neurons, but {dense.shape[1]} inputs")
        stored = np.ones_like(dense) if kind == "dense" else dense != 0
        weights = csr_array(stored.astype(float))
        rows = np.repeat(np.arange(count), np.diff(weights.indptr))
        weights.data = dense[rows, weights.indices]
        steps = 1 + axon[rows] + taps[rows, weights.indices]
        return weights, bias, steps.astype(np.int64), kind


def linear_map(
    layers: Sequence[tuple[str, nn.Module]], shape: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return matrix (inputs, outputs) and constant of layers, by what they do to one-hot inputs."""
    names = ", ".join(f"{name} ({type(layer).__name__})" for name, layer in layers)
    run = nn.Sequential(*(copy.deepcopy(layer) for _, layer in layers)).double().eval()
    count = int(np.prod(shape))
    probe = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    try:
        with torch.no_grad():
            constant = run(torch.zeros(1, *shape, dtype=torch.float64)).flatten()
            parts = [
                run(block.view(-1, *shape)).flatten(1) - constant
                for block in torch.eye(count, dtype=torch.float64).split(ROWS)
            ]
            expected = run(probe).flatten(1)
    except (RuntimeError, TypeError, ValueError) as error:
        raise NetworkError(f"layers {names}: {error}") from error
    matrix = torch.cat(parts)
    if not torch.allclose(probe.flatten(1) @ matrix + constant, expected, atol=1e-9):
        raise NetworkError(f"layers {names}: only linear layers fit between neurons")
    return matrix.numpy(), constant.numpy()


def cells_of(name: str, neuron: nn.Module, bias: np.ndarray) -> tuple[Cells, np.ndarray]:
    """Return neurons in the order of a chip, and what their inputs are multiplied with."""
    kind = type(neuron).__name__
    if not isinstance(neuron, LIF | LeakyIntegrator):
        raise NetworkError(
            f"layer {name}: {kind} is an unsupported neuron; LIF, IF, CubaLIF, LeakyIntegrator and "
            "Integrator have a form on chips"
        )
    like = torch.zeros(1, dtype=torch.float64)
    if isinstance(neuron, LeakyIntegrator):
        alpha, kappa, _ = (_row(neuron, value) for value in neuron.parameters_for(like))
        none = np.zeros_like(alpha)
        cells = Cells(name, none, alpha, kappa * bias, none + 1, none, spikes=False)
        return cells, kappa
    if neuron.reset == "none" or neuron.reset_delay:
        raise NetworkError(f"layer {name}: a chip resets to zero or subtracts, in the same step")
    rest = neuron.v_reset if neuron.reset == "zero" else torch.zeros_like(neuron.v_leak)
    if not torch.equal(neuron.v_leak, rest.expand_as(neuron.v_leak)):
        raise NetworkError(
            f"layer {name}: neurons must rest where they are reset to (v_leak = v_reset), or at 0 "
            "where a reset subtracts"
        )
    p = neuron.parameters_for(like)
    alpha, kappa, theta = (_row(neuron, value) for value in (p.alpha, p.kappa, p.threshold))
    theta = theta - _row(neuron, rest)
    if theta.min() <= 0:
        raise NetworkError(f"layer {name}: thresholds must be above the potential of a reset")
    wait = np.zeros_like(alpha) if p.wait is None else _row(neuron, p.wait)
    keep_u, gain = np.zeros_like(alpha), kappa
    if isinstance(neuron, CubaLIF):
        how = neuron.coefficients(like)
        keep_u, gain = _row(neuron, how.beta), kappa * _row(neuron, how.gain)
        if bias.any():
            raise NetworkError(
                f"layer {name}: a bias cannot go through a synaptic current; train without one"
            )
    return Cells(name, keep_u, alpha, kappa * bias, theta, wait, neuron.reset), gain


def _row(neuron: Any, value: Tensor) -> np.ndarray:
    return value.detach().double().expand(neuron.neurons).reshape(-1).numpy()
