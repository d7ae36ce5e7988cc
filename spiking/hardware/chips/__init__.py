"""Chips as data: one file each, and what reads them."""

from spiking.hardware.chips.chip import (
    DIGITAL,
    LOIHI,
    LOIHI2,
    SPINNAKER2,
    TRUENORTH,
    Chip,
    load_chip,
)

__all__ = [
    "DIGITAL",
    "LOIHI",
    "LOIHI2",
    "SPINNAKER2",
    "TRUENORTH",
    "Chip",
    "load_chip",
]
