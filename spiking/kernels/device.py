r"""Leaky integration on a GPU: what `spiking.kernels.integrate` and `.refractory` do, in Triton.

A program takes a block of the (batch, neurons) that lie side by side through all time steps; its
state stays in registers. Arrays over time are (time, size), coefficients (neurons,), states
(size,).
"""

# mypy: ignore-errors

import triton
import triton.language as tl

from spiking.kernels import integrate

SUBTRACT, LATE = tl.constexpr(integrate.SUBTRACT), tl.constexpr(integrate.LATE)
ZERO = tl.constexpr(integrate.ZERO)
FAST_SIGMOID, ARCTAN = tl.constexpr(integrate.FAST_SIGMOID), tl.constexpr(integrate.ARCTAN)
TRIANGULAR = tl.constexpr(integrate.TRIANGULAR)


@triton.jit
def forward(
    x, alpha, kappa, shift, theta, low, synapse, wait, start, current, left, voltage, spikes,
    drives, held, steps, size, neurons,
    MODE: tl.constexpr, SPIKES: tl.constexpr, SYNAPSE: tl.constexpr, WAIT: tl.constexpr,
    DRIVES: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Write voltages before the reset, spikes, and which neurons are held."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask, n = at < size, at % neurons
    a, k, c = tl.load(alpha + n), tl.load(kappa + n), tl.load(shift + n)
    th, lo = tl.load(theta + n), tl.load(low + n)
    v = tl.load(start + at, mask=mask, other=0.0).to(tl.float32)
    i, s, w, rest = 0.0 * v, 0.0 * v, 0.0 * v, 0.0 * v
    if SYNAPSE:
        i, s = tl.load(current + at, mask=mask, other=0.0), tl.load(synapse + n)
    if WAIT:
        rest, w = tl.load(left + at, mask=mask, other=0.0), tl.load(wait + n)
    place = at.to(tl.int64)
    for _ in range(steps):
        d = tl.load(x + place, mask=mask, other=0.0).to(tl.float32)
        if SYNAPSE:
            i = s * i + d
            d = i
        if DRIVES:
            tl.store(drives + place, d, mask=mask)
        fired = (v > th) & (rest == w)
        u, lost = v, 0.0 * v
        if MODE == SUBTRACT:
            u = tl.where(fired, v - th, v)
        elif MODE == ZERO:
            u = tl.where(fired, lo, v)
        elif MODE == LATE:
            lost = tl.where(fired, th, lost)
        y = a * u + k * d + c - lost
        if WAIT:
            stays = rest > 0
            tl.store(held + place, stays.to(tl.int8), mask=mask)
            y = tl.where(stays, u, y)
            out = (y > th) & (rest == 0)
            rest = tl.where(stays, rest - 1, tl.where(out, w, 0.0))
        else:
            out = y > th
        tl.store(voltage + place, y, mask=mask)
        if SPIKES:
            tl.store(spikes + place, out.to(tl.float32), mask=mask)
        v = y
        place += size
    if SYNAPSE:
        tl.store(current + at, i, mask=mask)
    if WAIT:
        tl.store(left + at, rest, mask=mask)


@triton.jit
def slope_of(u, KIND: tl.constexpr, first, second):
    """Return the surrogate's derivative at u = v − θ."""
    if KIND == FAST_SIGMOID:
        y = 1.0 + first * tl.abs(u)
        out = 1.0 / (y * y)
    elif KIND == ARCTAN:
        y = second * u
        out = first / (1.0 + y * y)
    elif KIND == TRIANGULAR:
        y = 1.0 - tl.abs(u) * first
        out = tl.where(y > 0, second * y, 0.0)
    else:
        out = tl.where(tl.abs(u) < first, second + 0.0 * u, 0.0 * u)
    return out


@triton.jit
def backward(
    by_spikes, by_voltage, voltage, drive, alpha, kappa, theta, low, synapse, wait, given, held,
    start, current, left, by_v, by_current, by_x, sums, through, first, second,
    steps, size, neurons,
    MODE: tl.constexpr, KIND: tl.constexpr, BY_SPIKES: tl.constexpr, BY_VOLTAGE: tl.constexpr,
    SYNAPSE: tl.constexpr, WAIT: tl.constexpr, GIVEN: tl.constexpr, SUMS: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Write the derivative by x, by the state, and by the coefficients, (6, size)."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask, n = at < size, at % neurons
    a, k = tl.load(alpha + n), tl.load(kappa + n)
    th, lo = tl.load(theta + n), tl.load(low + n)
    zero = 0.0 * a
    later, carried, s, w, stays_next = zero, zero, zero, zero, zero
    by_alpha, by_kappa, by_shift, by_theta, by_low, by_synapse = zero, zero, zero, zero, zero, zero
    if SYNAPSE:
        carried, s = tl.load(by_current + at, mask=mask, other=0.0), tl.load(synapse + n)
    if WAIT:
        w = tl.load(wait + n)
    place = at.to(tl.int64) + (steps - 1).to(tl.int64) * size
    for back in range(steps + 1):
        t = steps - 1 - back
        when = 0 * at + t
        inside = mask & (when >= 0)
        v = tl.load(voltage + place, mask=inside, other=0.0).to(tl.float32)
        v += tl.load(start + at, mask=mask & (when < 0), other=0.0).to(tl.float32)
        by_s, stays = zero, zero
        if BY_SPIKES:
            by_s = tl.load(by_spikes + place, mask=inside, other=0.0).to(tl.float32)
        if WAIT:
            stays = tl.load(held + place, mask=inside, other=0).to(tl.float32)
            before = tl.load(left + at, mask=mask, other=0.0)
            stays = tl.where(when < 0, (before != w).to(tl.float32), stays)
        if GIVEN:
            slope = tl.load(given + place + size, mask=mask, other=0.0).to(tl.float32)
        else:
            slope = slope_of(v - th, KIND, first, second)
        rate, free, resets = a, 1.0 - stays, zero == 0
        if WAIT:
            rate = tl.where(stays_next > 0, 1.0, a)
            resets = (w == 0) | ((stays_next > 0) & (stays == 0))
        fired, rise = resets & (v > th), rate * later
        kept, post = rise, v
        if MODE == SUBTRACT:
            by_s -= tl.where(resets, through * th * rise, 0.0)
            post = tl.where(fired, v - th, v)
            by_theta -= tl.where(fired, rise, 0.0)
        elif MODE == ZERO:
            by_s -= tl.where(resets, through * (v - lo) * rise, 0.0)
            kept, post = tl.where(fired, 0.0, rise), tl.where(fired, lo, v)
            by_low += tl.where(fired, rise, 0.0)
        elif MODE == LATE:
            by_s -= through * th * later
            by_theta -= tl.where(fired, later, 0.0)
        by_s = by_s * free * slope
        by_theta -= by_s
        by_alpha += tl.where(stays_next > 0, 0.0, later * post)
        later = kept + by_s
        if t >= 0:
            if BY_VOLTAGE:
                later += tl.load(by_voltage + place, mask=mask, other=0.0).to(tl.float32)
            taken = later * free
            out = k * taken
            if SYNAPSE:
                out += carried
                carried = s * out
            tl.store(by_x + place, out, mask=mask)
            if SUMS:
                d = tl.load(drive + place, mask=mask, other=0.0).to(tl.float32)
                by_kappa += taken * d
                by_shift += taken
                if SYNAPSE:
                    d = tl.load(drive + place - size, mask=mask & (when > 0), other=0.0)
                    d += tl.load(current + at, mask=mask & (when == 0), other=0.0)
                    by_synapse += out * d
            stays_next = stays
        place -= size
    tl.store(by_v + at, later, mask=mask)
    if SYNAPSE:
        tl.store(by_current + at, carried, mask=mask)
    if SUMS:
        tl.store(sums + at, by_alpha, mask=mask)
        tl.store(sums + size + at, by_kappa, mask=mask)
        tl.store(sums + 2 * size + at, by_shift, mask=mask)
        tl.store(sums + 3 * size + at, by_theta, mask=mask)
        tl.store(sums + 4 * size + at, by_low, mask=mask)
        tl.store(sums + 5 * size + at, by_synapse, mask=mask)
