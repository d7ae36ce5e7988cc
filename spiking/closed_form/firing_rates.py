r"""At what rate a leaky integrate-and-fire neuron fires: closed forms."""

import torch
from jaxtyping import Float
from torch import Tensor

SKIPPED = 0.5826  # mean overshoot of a random walk beyond a bound, in deviations of a step


def firing_rate(
    current: Float[Tensor, "*any"],
    tau_mem: float = 20e-3,
    *,
    threshold: float = 1.0,
    v_leak: float = 0.0,
    v_reset: float = 0.0,
    r: float = 1.0,
    refractory: float = 0.0,
) -> Float[Tensor, "*any"]:
    r"""Return the rate at which a neuron fires under a constant current, in hertz.

    .. math:: f = \left[t_{ref} + \tau_{mem}
              \ln \frac{v_\infty - v_{reset}}{v_\infty - \theta}\right]^{-1}

    and 0 where :math:`v_\infty = v_{leak} + r x` does not exceed the threshold.

    Parameters
    ----------
    current
        Input x.
    tau_mem, threshold, v_leak, v_reset, r, refractory
        As in `solve_lif`.

    Examples
    --------
    >>> firing_rate(torch.tensor([0.9, 2.0]))
    tensor([ 0.0000, 72.1348])
    """
    end = v_leak + r * current
    above = end > threshold
    safe = torch.where(above, end, threshold + 1.0)
    period = refractory + tau_mem * ((safe - v_reset) / (safe - threshold)).log()
    return torch.where(above, 1 / period, 0.0)


def siegert_rate(
    mean: float,
    deviation: float,
    tau_mem: float = 20e-3,
    *,
    threshold: float = 1.0,
    v_reset: float = 0.0,
    refractory: float = 0.0,
    dt: float = 0.0,
) -> float:
    r"""Return the rate at which a neuron fires under white noise, in hertz.

    .. math:: \tau_{mem}\, dv = (\mu - v)\,dt + \sigma \sqrt{\tau_{mem}}\, dW, \qquad
              \frac1f = t_{ref} + \tau_{mem} \sqrt\pi
              \int_{(v_{reset} - \mu)/\sigma}^{(\theta - \mu)/\sigma}
              e^{x^2} (1 + \operatorname{erf} x)\, dx

    A simulation that looks at the potential only at the ends of its steps misses crossings in
    between; to first order that is a threshold higher by :math:`0.5826\, \sigma
    \sqrt{dt/\tau_{mem}}`, which a time step adds here.

    Parameters
    ----------
    mean
        μ, to which the potential tends, input and leak together.
    deviation
        σ of the noise; without a threshold the potential varies by :math:`\sigma/\sqrt 2`.
    tau_mem
        Membrane time constant, in seconds.
    threshold, v_reset
        Potentials.
    refractory
        In seconds.
    dt
        Time step of the simulation that is looked at, in seconds; 0 for continuous time.

    Raises
    ------
    ValueError
        For parameters out of range.

    References
    ----------
    Siegert, "On the first passage time probability problem", Physical Review 81, 1951; Brunel,
    "Dynamics of sparsely connected networks", J. Computational Neuroscience 8, 2000, equation 21.
    Broadie, Glasserman and Kou, "A continuity correction for discrete barrier options",
    Mathematical Finance 7, 1997, for the steps.

    Examples
    --------
    >>> round(siegert_rate(0.8, 0.3), 2)
    12.83
    """
    from scipy.integrate import quad  # half a second that other functions need not wait for
    from scipy.special import erfcx

    if not (deviation > 0 and tau_mem > 0 and refractory >= 0 and dt >= 0 and v_reset < threshold):
        raise ValueError(
            "expected positive deviation and tau_mem, refractory and dt of at least 0 and v_reset "
            f"below the threshold, got {deviation}, {tau_mem}, {refractory}, {dt}, {v_reset} and "
            f"{threshold}"
        )
    bound = threshold + SKIPPED * deviation * (dt / tau_mem) ** 0.5
    ends = ((v_reset - mean) / deviation, (bound - mean) / deviation)
    integral, _ = quad(lambda x: erfcx(-x), *ends, epsabs=1e-12)  # e^{x²}(1 + erf x)
    return 1 / (refractory + tau_mem * float(torch.pi) ** 0.5 * integral)
