"""Sizes of the numbers that a chip computes with."""

from dataclasses import dataclass

from spiking.hardware.errors import ChipError


@dataclass(frozen=True)
class Format:
    """Sizes in bits; those of Loihi unless given.

    Parameters
    ----------
    state
        Of currents and potentials, with their sign.
    decay
        Of decays.
    alignment
        By which weights and thresholds are shifted to the left when they meet the state.
    weight
        Of a weight's magnitude; with mixed signs the lowest bit goes to the sign.
    least_exponent, most_exponent
        Of weights.
    threshold
        Without a sign.
    bias, bias_exponent
        Of mantissa, with its sign, and exponent, without.
    refractory
        Of refractory periods, in steps.
    delay
        Longest delay of a synapse, in steps beyond the one that each takes; not in bits.
    decay_offset
        What the chip adds to the decay of the current.

    Raises
    ------
    ChipError
        For sizes that are not possible.

    Examples
    --------
    >>> Format().limit, Format(state=16).limit
    (8388608, 32768)
    """

    state: int = 24
    decay: int = 12
    alignment: int = 6
    weight: int = 8
    least_exponent: int = -8
    most_exponent: int = 7
    threshold: int = 17
    bias: int = 13
    bias_exponent: int = 3
    refractory: int = 6
    delay: int = 62
    decay_offset: int = 1

    def __post_init__(self) -> None:
        limits = {
            "state": (4, 32),
            "decay": (1, 24),
            "alignment": (0, 16),
            "weight": (1, 16),
            "least_exponent": (-16, 0),
            "most_exponent": (0, 8),
            "threshold": (1, 31),
            "bias": (2, 24),
            "bias_exponent": (0, 4),
            "refractory": (0, 16),
            "delay": (0, 4095),
            "decay_offset": (0, 1),
        }
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise ChipError(f"{name} must be {least} to {most}, got {getattr(self, name)}")

    @property
    def limit(self) -> int:
        """What currents reach at most, and potentials stay below."""
        return 1 << (self.state - 1)

    @property
    def unity(self) -> int:
        """Decay after which nothing is left."""
        return 1 << self.decay


LOIHI_SIZES = Format()
