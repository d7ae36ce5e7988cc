r"""From real numbers to the integers of a chip."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from spiking.hardware.chips.chip import Chip
from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.format import LOIHI_SIZES, Format
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.integers.population import Population
from spiking.hardware.integers.projection import Projection
from spiking.hardware.reading import read
from spiking.hardware.specification import Cells, Specification, Synapses, Traces, run_in_floats

HEADROOM = 1.25  # states may be so much larger than any in the calibration


@dataclass(frozen=True)
class LayerReport:
    """What rounding did to a population and the synapses that lead to it.

    Attributes
    ----------
    name
        Of the population.
    scale
        Units of the state per unit of potential.
    exponents
        Of the weights, a projection each.
    weight_error
        Root mean square of what rounding did to the weights, over that of the weights.
    lost
        Share of the weights that are not zero and became so.
    decay_error
        Largest difference of a decay.
    saturated
        Share of states of the calibration, after scaling, that the chip cannot hold.
    """

    name: str
    scale: float
    exponents: tuple[int, ...]
    weight_error: float
    lost: float
    decay_error: float
    saturated: float


@dataclass(frozen=True, eq=False, repr=False)
class QuantizedNetwork(IntegerNetwork):
    """A network of integers that knows where it comes from.

    Attributes
    ----------
    original
        What was rounded.
    reports
        What rounding did, a population each.
    """

    original: Specification | None = None
    reports: Sequence[LayerReport] = ()

    def _said(self) -> list[str]:
        return [
            f"  rounding for {r.name}: weights {r.weight_error:.2%} off, {r.lost:.2%} lost, "
            f"decays {r.decay_error:.1e} off, {r.saturated:.2%} of states saturated"
            for r in self.reports
        ]

    @property
    def scales(self) -> dict[str, float]:
        """Units of the state per unit of potential, by population."""
        return {report.name: report.scale for report in self.reports}

    @property
    def output(self) -> str:
        """Name of the last population, which is read out."""
        return self.populations[-1].name

    def padded(self, spikes: Tensor) -> Tensor:
        """Return spikes with silent steps behind them, until the last have reached the output.

        On a chip each connection takes a step that it does not take in the original.
        """
        silent = spikes.new_zeros(len(self.populations), *spikes.shape[1:])
        return torch.cat((spikes, silent))

    def readout(self, voltages: Mapping[str, np.ndarray]) -> Tensor:
        """Return the potentials of the output as the original would have them.

        Parameters
        ----------
        voltages
            Of a run on `padded` spikes in which `output` is watched.

        Returns
        -------
        Tensor
            (time, batch, neurons), float64, in the original's units and at its times.

        Examples
        --------
        >>> from spiking import LIF, LeakyIntegrator, Linear, Sequential
        >>> from spiking.hardware import LOIHI, run_by_events
        >>> _ = torch.manual_seed(5)  # where rounding moves no spike
        >>> layers = [Linear(4, 3, bias=False), LIF(3, reset="zero"), Linear(3, 2, bias=False)]
        >>> net = Sequential(*layers, LeakyIntegrator(2))  # a bias would begin before the spikes
        >>> x = (torch.rand(20, 5, 4) < 0.5).float()
        >>> q = quantize(net, LOIHI, calibration=x)
        >>> run = run_by_events(q, q.padded(x).numpy(), watch=[q.output])
        >>> found = q.readout(run.voltages)
        >>> found.shape, float((found - net(x)[0].detach()).abs().max()) < 0.01
        (torch.Size([20, 5, 2]), True)
        """
        given = voltages[self.output][len(self.populations) :]
        return torch.from_numpy(given / self.scales[self.output])


def quantize(
    network: nn.Module,
    chip: Chip | Format,
    *,
    calibration: Tensor,
    bits: int | None = None,
    headroom: float = HEADROOM,
) -> QuantizedNetwork:
    r"""Return a network in the integers of a chip.

    Each population has a scale S, units of the state per unit of potential: as large as
    threshold, weights and the states of the calibration allow, and such that the largest weight
    takes the whole mantissa. Weights become :math:`w S / 2^{e + 6}`, rounded to what the chip can
    hold, with the smallest exponent e for which none is cut off.

    Parameters
    ----------
    network
        See `spiking.hardware.read`.
    chip
        Whose sizes are taken, or the sizes.
    calibration
        Spikes to run the network on, (time, batch, ...), as many as show how far states go.
    bits
        Size of a weight, at most that of the chip, which it is unless given.
    headroom
        How much larger than in the calibration states may become before they saturate.

    Returns
    -------
    QuantizedNetwork
        With a report on each population.

    Raises
    ------
    NetworkError
        For a layer that has no form on the chip, a threshold that rounds to zero, or a
        calibration that is no spikes.

    Examples
    --------
    >>> import torch
    >>> from spiking import LIF, Linear, Sequential
    >>> net = Sequential(Linear(4, 2), LIF(2, reset="zero"))
    >>> found = quantize(net, Format(), calibration=torch.ones(5, 1, 4))
    >>> int(abs(found.projections[0].weights.data).max())
    254
    """
    sizes = chip if isinstance(chip, Format) else sizes_of(chip)
    size = sizes.weight if bits is None else bits
    require_bits(size, sizes)
    original = read(network, calibration.shape[2:])
    if isinstance(chip, Chip):
        for cells in original.cells:
            _require_model(cells, chip)
    given = calibration.detach().cpu().flatten(2).numpy()
    traces = run_in_floats(original, given)
    populations, projections, reports = [], [], []
    for cells in original.cells:
        leading = [part for part in original.synapses if part.target == cells.name]
        here, tops = original.slices[cells.name], [_top(part, sizes, size) for part in leading]
        largest = [np.abs(part.weights.data).max(initial=0.0) for part in leading]
        mantissa = max((a / b for a, b in zip(largest, tops, strict=True)), default=0.0)
        scale = scale_of(cells, mantissa, traces, here, sizes, headroom)
        populations.append(_population(cells, scale, sizes))
        made = [_projection(part, scale, sizes, size) for part in leading]
        projections += made
        reports.append(_report(populations[-1], cells, leading, made, scale, sizes, traces, here))
    return QuantizedNetwork(
        original.inputs, populations, projections, sizes, original=original, reports=reports
    )


def require_bits(bits: int, sizes: Format) -> None:
    """Raise a NetworkError for a size of weights that a chip has not."""
    if not 1 <= bits <= sizes.weight:
        raise NetworkError(f"bits must be from 1 to {sizes.weight}, got {bits}")


def _require_model(cells: Cells, chip: Chip) -> None:
    """Raise a NetworkError for neurons that a chip does not run."""
    model = "lif" if (cells.keep_v != 1).any() else "integrate_and_fire"
    model = "cuba_lif" if cells.keep_u.any() else model
    soft = cells.spikes and cells.reset == "subtract"
    wanted = [model, "soft_reset"] if soft else [model]
    for name in wanted:
        if name not in chip.models:
            raise NetworkError(
                f"layer {cells.name}: {chip.name} has no {name}, only {', '.join(chip.models)}"
                + ('; give the neurons reset="zero"' if name == "soft_reset" else "")
            )


def sizes_of(chip: Chip) -> Format:
    """Return the sizes of the numbers of a chip; those of Loihi where its file says nothing.

    Thresholds meet the highest bits of the state.
    """
    given, loihi = chip.bits, LOIHI_SIZES
    threshold = given.threshold or min(loihi.threshold, given.state - 1)
    exponent = 4 if given.weight_exponent is None else given.weight_exponent
    waits = given.refractory_steps
    return Format(
        state=given.state,
        decay=given.decay or loihi.decay,
        alignment=given.state - 1 - threshold,
        weight=given.weight,
        least_exponent=-(2**exponent // 2),
        most_exponent=max(2**exponent // 2 - 1, 0),
        threshold=threshold,
        bias=given.bias or loihi.bias,
        bias_exponent=loihi.bias_exponent if given.bias_exponent is None else given.bias_exponent,
        refractory=loihi.refractory if waits is None else waits.bit_length(),
        delay=loihi.delay if given.delay_steps is None else given.delay_steps,
    )


def scale_of(
    cells: Cells, mantissa: float, traces: Traces, here: slice, sizes: Format, headroom: float
) -> float:
    """Return units of the state per unit of potential.

    ``mantissa`` is the weight that the lowest bit stands for where the largest takes all bits.
    """
    unit = 2.0**sizes.alignment
    reach = max(np.abs(trace[..., here]).max() for trace in (traces.currents, traces.voltages))
    most_bias = (2 ** (sizes.bias - 1) - 1) * 2.0 ** (2**sizes.bias_exponent - 1)
    bounds = [
        headroom * reach / (sizes.limit - 1),
        np.abs(cells.bias).max() / most_bias,
        mantissa / (unit * 2.0**sizes.most_exponent),
    ]
    if cells.spikes:
        bounds.append(cells.threshold.max() / (unit * (2**sizes.threshold - 1)))
    scale = 1 / max(*bounds, 1e-300)
    if mantissa == 0:
        return scale
    full = unit / mantissa  # the largest weight takes all bits, with exponent 0
    return full * 2.0 ** math.floor(math.log2(scale / full) + 1e-9)


def grid(mixed: bool, bits: int, size: int) -> tuple[int, int]:
    """Return the distance of mantissas of some bits, and the largest of them.

    Parameters
    ----------
    mixed
        Whether signs are mixed.
    bits
        Size of a weight.
    size
        That of the chip.

    Raises
    ------
    NetworkError
        For mixed signs in one bit.
    """
    step = 2 ** (size - bits + mixed)
    if step == 2**size:
        raise NetworkError(f"weights of both signs need 2 bits at least, got {bits}")
    return step, 2**size - step


def _top(part: Synapses, sizes: Format, bits: int) -> int:
    """Return the largest mantissa of some synapses."""
    return grid(_is_mixed(part), bits, sizes.weight)[1]


def _is_mixed(part: Synapses) -> bool:
    return bool((part.weights.data > 0).any() and (part.weights.data < 0).any())


def _population(cells: Cells, scale: float, sizes: Format) -> Population:
    """Return neurons in integers."""
    unity, unit = sizes.unity, 2**sizes.alignment
    theta = np.rint(cells.threshold * scale / unit).astype(int)
    if cells.spikes and theta.min() < 1:
        raise NetworkError(
            f"layer {cells.name}: a threshold of {cells.threshold.min():g} rounds to 0 beside its "
            "weights and states; make thresholds larger, or weights smaller"
        )
    bias = cells.bias * scale
    most = 2 ** (sizes.bias - 1) - 1
    exponent = np.ceil(np.log2(np.maximum(np.abs(bias) / most, 1))).astype(int)
    return Population(
        cells.name,
        cells.neurons,
        np.clip(np.rint((1 - cells.keep_u) * unity) - sizes.decay_offset, 0, unity - 1).astype(int),
        np.rint((1 - cells.keep_v) * unity).astype(int),
        theta if cells.spikes else 0,
        np.clip(np.rint(bias / 2.0**exponent), -most - 1, most).astype(int),
        exponent,
        cells.wait.astype(int),
        cells.reset,
        cells.spikes,
    )


def _projection(part: Synapses, scale: float, sizes: Format, bits: int) -> Projection:
    """Return synapses in integers."""
    data = part.weights.data * scale / 2.0**sizes.alignment
    mixed = _is_mixed(part)
    step, top = grid(mixed, bits, sizes.weight)
    largest = np.abs(data).max(initial=0.0)
    needed = math.ceil(math.log2(largest / top) - 1e-9) if largest else sizes.least_exponent
    exponent = min(max(needed, sizes.least_exponent), sizes.most_exponent)
    rounded = step * np.rint(data / 2.0**exponent / step)
    weights = part.weights.copy()
    weights.data = np.clip(rounded, -(top + step * mixed), top)
    return Projection(
        part.source, part.target, weights.astype(np.int64), exponent, bits, part.delays, part.kind
    )


def _report(
    population: Population,
    cells: Cells,
    leading: Sequence[Synapses],
    made: Sequence[Projection],
    scale: float,
    sizes: Format,
    traces: Traces,
    here: slice,
) -> LayerReport:
    """Return what rounding did."""
    before = np.concatenate([part.weights.data for part in leading])
    after = np.concatenate(
        [p.weights.data * 2.0 ** (p.exponent + sizes.alignment) / scale for p in made]
    )
    keep_u = (sizes.unity - sizes.decay_offset - population.decay_u) / sizes.unity
    keep_v = (sizes.unity - population.decay_v) / sizes.unity
    decays = np.abs(np.concatenate((keep_u - cells.keep_u, keep_v - cells.keep_v)))
    states = np.stack([trace[..., here] for trace in (traces.currents, traces.voltages)])
    norm = math.sqrt((before**2).sum()) or 1.0
    return LayerReport(
        population.name,
        scale,
        tuple(p.exponent for p in made),
        math.sqrt(((after - before) ** 2).sum()) / norm,
        float(((before != 0) & (after == 0)).mean()) if before.size else 0.0,
        float(decays.max()),
        float((np.abs(states) * scale >= sizes.limit).mean()),
    )
