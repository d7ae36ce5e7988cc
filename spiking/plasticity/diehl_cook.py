r"""A network that learns by competition: Diehl and Cook's, for images."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from spiking.kernels import competition
from spiking.plasticity.trace_rule import TraceRule


@dataclass(frozen=True)
class Competition:
    """Constants of `DiehlCook`, those of the authors' program unless given.

    Attributes
    ----------
    dt, shown, pause
        Time step, time of an image and time without input after it, in seconds.
    rate, more_rate
        Rate of an input of 1, and what is added as long as an image brings fewer than
        `least_spikes` spikes, in hertz.
    tau_excitatory, tau_inhibitory
        Membrane time constants, in seconds.
    tau_ge, tau_gi
        Time constants of the conductances, in seconds.
    excite, inhibit
        Conductance by a spike of a neuron at its inhibitory partner, and of that at all others.
    theta_start, theta_plus, theta_offset
        Adaptation of the threshold: at first, by a spike, and what is taken from it, in volts.
        So the threshold of a neuron that never fires sinks.
    tau_theta
        Its time constant, in seconds.
    total
        Sum of a neuron's weights, for each input.
    rule
        How weights learn.
    """

    dt: float = 0.5e-3
    shown: float = 0.35
    pause: float = 0.15
    rate: float = 63.75
    more_rate: float = 31.875
    least_spikes: int = 5
    tau_excitatory: float = 100e-3
    tau_inhibitory: float = 10e-3
    tau_ge: float = 1e-3
    tau_gi: float = 2e-3
    excite: float = 10.4
    inhibit: float = 17.0
    theta_start: float = 20e-3
    theta_plus: float = 0.05e-3
    theta_offset: float = 20e-3
    tau_theta: float = 1e4
    total: float = 0.1
    rule: TraceRule = field(default_factory=lambda: TraceRule(dt=0.5e-3))

    def __post_init__(self) -> None:
        if self.rule.dt != self.dt:
            raise ValueError(f"rule.dt must be dt = {self.dt:g} s, got {self.rule.dt:g}")
        if not self.dt * (self.rate + self.more_rate) < 1:
            raise ValueError(f"rate must be below a spike a step, got {self.rate:g} Hz")
        if self.rule.pairing != "nearest":
            raise ValueError(f"rule.pairing must be nearest, got {self.rule.pairing!r}")


class DiehlCook(nn.Module):
    r"""Excitatory neurons that see all inputs and inhibit each other, each through a partner.

    .. math:: \tau \dot v = v_{rest} - v + g_e (0 - v) + g_i (v_{inh} - v), \qquad
              v > v_{thr} + \theta \Rightarrow \text{spike}, \; \theta \leftarrow \theta + \theta_+

    Inputs are Poisson spikes whose rates are the pixels. The first neuron to fire silences the
    others, learns what it saw, and becomes harder to fire: so each turn goes to another neuron, and
    each comes to stand for another kind of input. No label is used.

    After an image all variables but thresholds and weights are set to rest, where the authors wait
    0.15 s; the transmission delays of their input synapses are left out.

    Parameters
    ----------
    inputs, neurons
        Their numbers.
    constants
        See `Competition`.
    generator
        Source of the first weights.

    Attributes
    ----------
    weight
        (neurons, inputs), in [0, 1].
    theta
        Adaptations of the thresholds, (neurons,), in volts.

    References
    ----------
    Diehl and Cook, "Unsupervised learning of digit recognition using spike-timing-dependent
    plasticity", Frontiers in Computational Neuroscience 9, 2015, eqs. 1 to 3; constants that the
    paper leaves out are those of the authors' program (peter-u-diehl/stdp-mnist).

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> network = DiehlCook(16, 4, generator=g)
    >>> images = torch.eye(4).repeat_interleave(4, 1).repeat(20, 1)  # a quarter is bright
    >>> counts = network.learn(images, g)
    >>> counts.shape
    torch.Size([80, 4])
    """

    weight: Tensor
    theta: Tensor

    def __init__(
        self,
        inputs: int,
        neurons: int,
        constants: Competition | None = None,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if inputs < 1 or neurons < 1:
            raise ValueError(f"inputs and neurons must be positive, got {inputs} and {neurons}")
        self.constants = c = Competition() if constants is None else constants
        weight = 0.3 * (torch.rand(neurons, inputs, generator=generator) + 0.01)
        weight *= c.total * inputs / weight.sum(1, keepdim=True)
        self.register_buffer("weight", weight.clamp(max=c.rule.w_max))
        self.register_buffer("theta", torch.full((neurons,), c.theta_start))

    def forward(
        self, images: Float[Tensor, "images inputs"], generator: torch.Generator
    ) -> Int[Tensor, "images neurons"]:
        """Return each neuron's spikes for each image; nothing changes.

        Parameters
        ----------
        images
            Numbers in [0, 1].
        generator
            Source of the input spikes.

        Raises
        ------
        ValueError
            If the shape is wrong, or a number is out of range.
        """
        return self._present(images, generator, learning=False, shuffled=False)

    def learn(
        self,
        images: Float[Tensor, "images inputs"],
        generator: torch.Generator,
        *,
        shuffled: bool = False,
    ) -> Int[Tensor, "images neurons"]:
        """Show images, learn from each, and return each neuron's spikes.

        Parameters
        ----------
        images
            Numbers in [0, 1], in the order in which they are shown.
        generator
            Source of the input spikes.
        shuffled
            Pair each weight with the trace of another input, drawn anew at each spike: a control
            that keeps all statistics but which input came before the spike.

        Raises
        ------
        ValueError
            If the shape is wrong, or a number is out of range.
        """
        return self._present(images, generator, learning=True, shuffled=shuffled)

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}, dt={self.constants.dt:g}"

    def _present(
        self, images: Tensor, generator: torch.Generator, *, learning: bool, shuffled: bool
    ) -> Tensor:
        neurons, inputs = self.weight.shape
        if images.dim() != 2 or images.shape[1] != inputs:
            raise ValueError(f"expected images (images, {inputs}), got {tuple(images.shape)}")
        if not ((images >= 0) & (images <= 1)).all():
            raise ValueError("images must be numbers in [0, 1]; scale them first")
        c, kind = self.constants, np.float32
        excitatory, inhibitory = populations(c)
        seed = torch.randint(2**62, (1,), generator=generator).numpy().astype(np.uint64)
        counts = torch.zeros(len(images), neurons, dtype=torch.int64)
        across, theta = self.weight.T.contiguous().numpy(), self.theta.clone().numpy()
        steps, rule = round(c.shown / c.dt), c.rule
        how = (rule.rate, rule.target, rule.w_min, rule.w_max, rule.mu, c.theta_plus)
        competition.present(
            images.detach().float().contiguous().numpy(),
            c.rate * c.dt,
            c.more_rate * c.dt,
            c.least_spikes,
            steps,
            kind(math.exp(-(c.shown + c.pause) / c.tau_theta)),
            excitatory,
            inhibitory,
            np.exp([-c.dt / c.tau_ge, -c.dt / c.tau_gi]).astype(kind),
            np.array([c.excite, c.inhibit], kind),
            np.array(how, kind),
            np.exp(-np.arange(steps) * c.dt / rule.tau_pre).astype(kind),
            kind(c.total * inputs),
            learning,
            shuffled,
            seed,
            across,
            theta,
            counts.numpy(),
        )
        if learning:
            self.weight.copy_(torch.from_numpy(across).T)
            self.theta.copy_(torch.from_numpy(theta))
        return counts


def populations(c: Competition) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the excitatory and the inhibitory neurons, for the kernel."""
    first = -52e-3 - c.theta_offset
    excitatory = (-65e-3, -65e-3, first, c.dt / c.tau_excitatory, round(5e-3 / c.dt), -100e-3)
    inhibitory = (-60e-3, -45e-3, -40e-3, c.dt / c.tau_inhibitory, round(2e-3 / c.dt), -85e-3)
    return np.array(excitatory, np.float32), np.array(inhibitory, np.float32)
