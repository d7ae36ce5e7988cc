"""What all neurons share: shapes, parameters with units, states, errors."""

import math
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from spiking.operations.integration import Feedback

Method = Literal["exact", "euler"]


class Record(NamedTuple):
    """What a layer did.

    Attributes
    ----------
    spikes
        (time, batch, *neurons), 0 or 1; None for neurons that do not spike.
    voltage
        Membrane potential as it meets the threshold, before a reset; (time, batch, *neurons).
    state
        State after the last step, to go on from.
    """

    spikes: Tensor | None
    voltage: Tensor
    state: tuple[Tensor, ...]


class Temporal(nn.Module):
    """A layer with a state: ``layer(x, state)`` takes (time, batch, ...), all steps at once.

    It returns its output and a record, whose ``state`` is the one after the last step.
    """


class Neuron(Temporal):
    """A layer of neurons, all time steps at once.

    Parameters
    ----------
    neurons
        Their number, or their shape.
    dt
        Time step, in seconds.
    learn
        Names of parameters that learn; all others are fixed.

    Attributes
    ----------
    learnable
        Names that `learn` may hold.
    """

    learnable: tuple[str, ...] = ()
    takes_feedback = False  # by a kernel
    r: Tensor | None
    wait: Tensor | None

    def __init__(self, neurons: int | Sequence[int], dt: float, learn: Collection[str]) -> None:
        super().__init__()
        self.neurons = tuple(neurons) if isinstance(neurons, Sequence) else (neurons,)
        if not self.neurons or any(not isinstance(n, int) or n < 1 for n in self.neurons):
            raise ValueError(
                f"neurons must be a positive whole number, or a shape of such, got {neurons!r}"
            )
        if not (dt > 0 and math.isfinite(dt)):
            raise ValueError(f"dt must be a positive number of seconds, got {dt}")
        self.dt = dt
        unknown = [name for name in learn if name not in self.learnable]
        if isinstance(learn, str) or unknown:
            known = ", ".join(self.learnable)
            raise ValueError(f"learn must be names among {known}; got {learn!r}")
        self.learn = tuple(learn)

    def forward(
        self, x: Float[Tensor, "time batch *neurons"], state: tuple[Tensor, ...] | None = None
    ) -> tuple[Float[Tensor, "time batch *neurons"], Record]:
        """Return the output, spikes or potentials, and a record with the state to go on from.

        Parameters
        ----------
        x
            Input at each step.
        state
            State of a record, to go on from; at rest unless given.

        Raises
        ------
        ValueError
            If a shape is wrong, or something is NaN.
        """
        return self.run(x, state, None)

    def run(
        self, x: Tensor, state: tuple[Tensor, ...] | None, feedback: Feedback | None
    ) -> tuple[Tensor, Record]:
        """Do what `forward` does, with what comes back through recurrent weights, if any."""
        self.require_input(x)
        output, record = self._run(x, state, feedback)
        require_numbers(record.voltage[-1], x)
        return output, record

    def _run(
        self, x: Tensor, state: tuple[Tensor, ...] | None, feedback: Feedback | None
    ) -> tuple[Tensor, Record]:
        """Take all time steps of an input of the right shape; no feedback without a kernel."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Return what print shows."""
        shape = self.neurons[0] if len(self.neurons) == 1 else self.neurons
        return f"{shape}, dt={self.dt:g}"

    def _add(self, name: str, value: float | Tensor, *, positive: bool = False) -> None:
        """Register a parameter, one number for all or one for each neuron.

        A positive one that learns does so as its logarithm, and stays positive.
        """
        dtype = torch.get_default_dtype() if name in self.learn else torch.float64
        if isinstance(value, Tensor) and value.is_floating_point():
            dtype = value.dtype
        tensor = torch.as_tensor(value, dtype=dtype).detach().clone()
        try:
            fits = torch.broadcast_shapes(tensor.shape, self.neurons) == self.neurons
        except RuntimeError:
            fits = False
        if not fits:
            raise ValueError(
                f"{name} must be a number or fit the neurons {self.neurons}, "
                f"got shape {tuple(tensor.shape)}"
            )
        good = (tensor > 0) & (tensor < math.inf) if positive else tensor.isfinite()
        if not good.all():
            kind = "positive" if positive else "finite"
            raise ValueError(f"{name} must be {kind}, got {tensor[~good].flatten()[0].item():g}")
        if name not in self.learn:
            self.register_buffer(name, tensor)
            return
        self.register_parameter(name, nn.Parameter(tensor))
        if positive:
            parametrize.register_parametrization(self, name, _Exp())

    def _add_optional(self, name: str, value: float | Tensor | None) -> None:
        """Register a parameter that may be None."""
        if value is not None:
            self._add(name, value)
        elif name in self.learn:
            raise ValueError(f"{name} cannot learn where there is none; give a number for it")
        else:
            setattr(self, name, None)

    def _add_refractory(self, seconds: float | Tensor) -> None:
        """Register the refractory period as ``wait``, in steps; None if there is none."""
        self._add("wait", seconds)
        given = self.get_buffer("wait")
        steps = (given / self.dt).round()
        if bool(((steps < 1) & (given != 0)).any()):
            raise ValueError(
                f"refractory must be 0 or at least half a time step of {self.dt:g} s, "
                f"got {given.min().item():g}"
            )
        self.wait = steps if steps.any() else None

    def _row(self, value: Tensor, like: Tensor) -> Tensor:
        """Return a parameter as (neurons,) in the dtype of the input."""
        return value.to(like.dtype).expand(self.neurons).reshape(-1)

    def require_input(self, x: Tensor) -> None:
        """Raise a ValueError that says what was expected if an input does not fit."""
        shape = ", ".join(map(str, ("time", "batch", *self.neurons)))
        if not x.is_floating_point():
            raise TypeError(f"expected floating-point input ({shape}), got {x.dtype}")
        if x.dim() == 1 + len(self.neurons) and x.shape[1:] == self.neurons:
            raise ValueError(
                f"expected input ({shape}), got {tuple(x.shape)}: the time axis is missing; for a "
                "single step give x.unsqueeze(0)"
            )
        if x.shape[2:] != self.neurons:
            raise ValueError(f"expected input ({shape}), got {tuple(x.shape)}")
        if len(x) == 0:
            raise ValueError(f"expected at least one time step, got shape {tuple(x.shape)}")

    def _start(
        self, x: Tensor, state: tuple[Tensor, ...] | None, rest: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """Return the state before the first step, at rest unless given."""
        shape = (x.shape[1], *self.neurons)
        if state is None:
            return tuple(value.to(x.dtype).expand(shape) for value in rest)
        if len(state) != len(rest):
            raise ValueError(f"expected a state of {len(rest)} tensors, got {len(state)}")
        for part in state:
            if part.shape != shape:
                raise ValueError(
                    f"expected a state for the batch of the input, {shape}, got "
                    f"{tuple(part.shape)}; a state goes on with the batch that left it"
                )
        return tuple(part.to(x.dtype) for part in state)


def parts_of(*parts: Tensor | None) -> tuple[Tensor, ...]:
    """Return a state's parts that a neuron has."""
    return tuple(part for part in parts if part is not None)


def require_method(method: Method, tau: Tensor, dt: float) -> Method:
    """Return how time is discretised, if that is possible."""
    if method not in ("exact", "euler"):
        raise ValueError(f"method must be one of exact, euler, got {method!r}")
    if method == "euler" and bool((tau < dt).any()):
        raise ValueError(f"Euler's method needs time constants of at least dt = {dt:g} s")
    return method


def decay(tau: Tensor, dt: float, method: Method = "exact") -> Tensor:
    """Return the factor by which a step shrinks what decays with a time constant."""
    rate = dt / tau.double()
    return (-rate).exp() if method == "exact" else 1 - rate


def time_constant(beta: float, dt: float = 1e-3) -> float:
    r"""Return the time constant whose exact decay over a step is beta.

    Parameters
    ----------
    beta
        Decay of a step, in (0, 1), as in snntorch.
    dt
        Time step, in seconds.

    Returns
    -------
    float
        :math:`-dt / \ln \beta`, in seconds.

    Examples
    --------
    >>> round(time_constant(0.95), 6)
    0.019496
    """
    if not 0 < beta < 1:
        raise ValueError(f"beta must be between 0 and 1, got {beta}")
    return -dt / math.log(beta)


def require_numbers(last: Tensor, x: Tensor) -> None:
    """Raise a ValueError if the input held NaN: it stays in the potential to the last step."""
    if last.is_cpu and last.isnan().any():
        place = [int(i) for i in x.isnan().nonzero()[0]] if x.isnan().any() else None
        where = f"first at (time, batch, neuron) = {tuple(place)}" if place else "in a state"
        raise ValueError(f"the input must be numbers, got NaN {where}")


class _Exp(nn.Module):
    def forward(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return x.exp()

    def right_inverse(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        return x.log()
