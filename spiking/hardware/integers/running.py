"""Networks of integers over time: by events, and by the clock as a reference."""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.integers.population import INPUT
from spiking.kernels import integers
from spiking.operations.threads import on_threads, parts

NEVER = 1 << 32  # a threshold that no potential meets


class Activity(NamedTuple):
    """What the neurons of a network did.

    Attributes
    ----------
    spikes
        (time, batch, neurons), bool.
    currents, voltages
        Of the populations that are watched, after each step and its resets; name to
        integers, (time, batch, neurons).
    updates
        Neurons that a spike reaches, or with a current, a potential or a bias, (time, batch,
        cores); others are at rest.
    operations
        Synapses that a spike met, (time, batch).
    """

    spikes: np.ndarray
    currents: dict[str, np.ndarray]
    voltages: dict[str, np.ndarray]
    updates: np.ndarray
    operations: np.ndarray


class Coefficients(NamedTuple):
    """Of a step, (neurons,), int64; ``lost`` is what a spike takes, −1 for all."""

    keep_u: np.ndarray
    keep_v: np.ndarray
    bias: np.ndarray
    theta: np.ndarray
    lost: np.ndarray
    wait: np.ndarray


def coefficients_of(network: IntegerNetwork) -> Coefficients:
    """Return what a step multiplies, adds and compares with."""
    sizes = network.sizes
    rows = []
    for p in network.populations:
        theta = p.threshold << sizes.alignment
        rows.append(
            (
                sizes.unity - sizes.decay_offset - p.decay_u,
                sizes.unity - p.decay_v,
                p.bias << p.bias_exponent,
                theta if p.spikes else np.full(p.neurons, NEVER),
                theta if p.reset == "subtract" else np.full(p.neurons, -1),
                p.refractory,
            )
        )
    return Coefficients(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def run_by_events(
    network: IntegerNetwork,
    spikes: np.ndarray,
    *,
    watch: Collection[str] = (),
    core_of: np.ndarray | None = None,
    kept: np.ndarray | None = None,
) -> Activity:
    """Simulate a network spike by spike.

    Parameters
    ----------
    network
        With `inputs` channels.
    spikes
        Input, (time, batch, inputs), 0 or 1.
    watch
        Names of populations whose currents and potentials are kept.
    core_of
        Core of each neuron, (neurons,); one core for all unless given.
    kept
        Whether a spike arrives, (time, batch, inputs + neurons); all do unless given.

    Returns
    -------
    Activity
        The same as that of `run_by_clock`, to the last bit.

    Raises
    ------
    NetworkError
        For an input of another shape, or other numbers than 0 and 1, or an unknown name.

    Examples
    --------
    Two spikes of weight 2 · 2⁶ reach a threshold of 3 · 2⁶, one step after the second:

    >>> from spiking.hardware import Population, Projection
    >>> cell = Population("cell", 1, threshold=3)
    >>> net = IntegerNetwork(1, [cell], [Projection("input", "cell", [[2]])])
    >>> run_by_events(net, np.ones((4, 1, 1)))[0][:, 0, 0].astype(int)
    array([0, 0, 1, 0])
    """
    given = require_spikes(network.inputs, spikes)
    steps, batch, _ = given.shape
    segments, how, sizes = network.segments, coefficients_of(network), network.sizes
    cores = np.zeros(network.neurons, np.int64) if core_of is None else np.asarray(core_of)
    watched = watched_neurons(network, watch)
    by_sample = np.ascontiguousarray(given.transpose(1, 0, 2))
    out = np.zeros((batch, steps, network.neurons), np.bool_)
    updates = np.zeros((batch, steps, int(cores.max()) + 1), np.int64)
    operations = np.zeros((batch, steps), np.int64)
    wide: Any = np.int32 if _fits_32_bits(network, how) else np.int64  # for all of a step
    segments = segments if wide is np.int32 else segments.widened()
    partial = np.zeros(1, np.int16 if segments.weights.dtype == np.int8 else wide)
    numbers, which = _in_blocks(how, sizes.limit, wide)
    traces = np.zeros((2, batch, steps, len(watched)), wide)
    ends = np.arange(steps + 1) * network.inputs

    def work(_: int, part: tuple[int, int, int, int]) -> None:
        for b in range(part[0], part[1]):
            events = by_sample[b].ravel().nonzero()[0]
            state = np.zeros(len(which) * integers.STATE * integers.BLOCK, wide)
            integers.simulate(
                steps, network.inputs, events, np.searchsorted(events, ends), *segments, partial,
                sizes.limit, sizes.decay, sizes.alignment, numbers, which, state, cores,
                None if kept is None else np.ascontiguousarray(kept[:, b]),
                out[b], updates[b], operations[b], watched, traces[0, b], traces[1, b],
            )  # fmt: skip

    on_threads(work, parts(batch, network.neurons, steps, whole_rows=True))
    currents, voltages = traces.transpose(0, 2, 1, 3)
    return Activity(
        out.transpose(1, 0, 2),
        by_name(network, watch, currents),
        by_name(network, watch, voltages),
        updates.transpose(1, 0, 2),
        operations.T,
    )


def _fits_32_bits(network: IntegerNetwork, how: Coefficients) -> bool:
    """Return whether no sum of a step and no product has more bits."""
    sizes = network.sizes
    small = sizes.state <= 29 and sizes.decay <= 15 and np.abs(how.bias).max() < 1 << 28
    return bool(small and network.segments.small)


def _in_blocks(how: Coefficients, limit: int, kind: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return what the kernel computes with in blocks of each kind, and the kind of each block."""
    keeps = np.where(how.lost < 0, 0, -1)  # the bits of a potential after a spike
    # thresholds beyond the limit are as good as the limit, which no potential meets
    rows = [*how[:3], np.minimum(how.theta, limit), keeps, np.maximum(how.lost, 0), how.wait]
    every = np.zeros((integers.NUMBERS, integers.places(len(keeps))), kind)
    every[:, : len(keeps)] = rows
    blocks = every.reshape(integers.NUMBERS, -1, integers.BLOCK).transpose(1, 0, 2)
    kinds: dict[bytes, int] = {}
    which = [kinds.setdefault(block.tobytes(), len(kinds)) for block in blocks]
    return np.frombuffer(b"".join(kinds), kind), np.array(which)


def run_by_clock(
    network: IntegerNetwork,
    spikes: np.ndarray,
    *,
    watch: Collection[str] = (),
    kept: np.ndarray | None = None,
) -> Activity:
    """Simulate a network step by step, every neuron and every synapse: slow and plain.

    Parameters and result are those of `run_by_events`, on one core.
    """
    given = require_spikes(network.inputs, spikes).astype(np.int64)
    steps, batch, _ = given.shape
    keep_u, keep_v, bias, theta, lost, wait = coefficients_of(network)
    limit, decay = network.sizes.limit, network.sizes.decay
    u, v, left = (np.zeros((batch, network.neurons), np.int64) for _ in range(3))
    out = np.zeros((steps, batch, network.neurons), np.bool_)
    kept = np.ones((steps, batch, network.inputs + network.neurons), bool) if kept is None else kept
    given, reaching = given * kept[..., : network.inputs], np.zeros_like(out)
    updates, operations = np.zeros((steps, batch, 1), np.int64), np.zeros((steps, batch), np.int64)
    traces = np.zeros((2, steps, batch, network.neurons), np.int64)
    for t in range(steps):
        arrived, met = _arrived(network, given, reaching, t)
        awake = (met > 0) | ((u != 0) & (keep_u != 0)) | (v != 0) | (bias != 0)
        u = np.sign(u) * (np.abs(u) * keep_u >> decay) + (arrived << network.sizes.alignment)
        u = (u + limit - 1) % (2 * limit) - (limit - 1)
        grown = np.sign(v) * (np.abs(v) * keep_v >> decay) + u + bias
        v = np.where(left > 0, v, np.clip(grown, 1 - limit, limit - 1))
        out[t] = fired = (v > theta) & (left == 0)
        reaching[t] = fired & kept[t, :, network.inputs :]
        v = np.where(fired, np.where(lost < 0, 0, v - lost), v)
        left = np.where(fired, wait, np.maximum(left - 1, 0))
        updates[t, :, 0] = awake.sum(1)
        operations[t] = _met(network, given[t], reaching[t])
        traces[:, t] = u, v
    columns = traces[..., watched_neurons(network, watch)]
    return Activity(
        out,
        by_name(network, watch, columns[0]),
        by_name(network, watch, columns[1]),
        updates,
        operations,
    )


def _arrived(
    network: IntegerNetwork, given: np.ndarray, fired: np.ndarray, t: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of weights, and numbers of synapses, that reach each neuron at a step."""
    shape = (given.shape[1], network.neurons)
    total, met = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for p in network.projections:
        source = given if p.source == INPUT else fired[..., network.slices[p.source]]
        here = network.slices[p.target]
        summed = np.zeros((shape[0], p.weights.shape[1]), np.int64)
        rows = np.repeat(np.arange(p.weights.shape[0]), np.diff(p.weights.indptr))
        for delay in np.unique(p.delays[p.delays <= t]):
            kept = p.delays == delay
            past = source[t - delay].astype(np.int64)[:, rows[kept]]
            for b in range(shape[0]):
                np.add.at(summed[b], p.weights.indices[kept], past[b] * p.weights.data[kept])
                np.add.at(met[b, here], p.weights.indices[kept], past[b])
        e = p.exponent
        total[:, here] += summed << e if e >= 0 else summed >> -e
    return total, met


def _met(network: IntegerNetwork, given: np.ndarray, fired: np.ndarray) -> np.ndarray:
    """Return the number of synapses that the spikes of a step meet, (batch,)."""
    total = np.zeros(len(given), np.int64)
    for p in network.projections:
        source = given if p.source == INPUT else fired[:, network.slices[p.source]]
        total += source @ np.diff(p.weights.indptr)
    return total


def require_spikes(inputs: int, spikes: np.ndarray) -> np.ndarray:
    """Return input spikes as bool; an error that says what was expected if they are none."""
    given = np.asarray(spikes)
    if given.ndim != 3 or given.shape[2] != inputs or 0 in given.shape[:2]:
        raise NetworkError(
            f"expected input spikes (time, batch, {inputs}), got shape {given.shape}"
        )
    if given.dtype == bool:
        return given
    ones = given == 1
    if not (ones | (given == 0)).all():
        worst = given[~(ones | (given == 0))][0]
        raise NetworkError(f"input spikes must be 0 or 1, got {worst}")
    return ones


def watched_neurons(network: IntegerNetwork, watch: Collection[str]) -> np.ndarray:
    """Return the neurons of some populations."""
    for name in watch:
        if name not in network.slices:
            raise NetworkError(
                f"{name!r} is not one of the populations {', '.join(network.slices)}"
            )
    every = [np.arange(network.neurons)[network.slices[name]] for name in watch]
    return np.concatenate(every) if every else np.zeros(0, np.int64)


def by_name(
    network: IntegerNetwork, watch: Collection[str], columns: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the columns of `watched_neurons` by population."""
    sizes = [network.slices[name].stop - network.slices[name].start for name in watch]
    return (
        dict(zip(watch, np.split(columns, np.cumsum(sizes)[:-1], axis=2), strict=True))
        if sizes
        else {}
    )
