"""Layers between neurons, over all time steps at once."""

from spiking.layers.clip_floor_shift import ClipFloorShift
from spiking.layers.delayed_linear import DelayedLinear
from spiking.layers.delayed_population import DelayedPopulation
from spiking.layers.delays import Delay
from spiking.layers.elementwise import Scale, Threshold
from spiking.layers.linear import Linear
from spiking.layers.liquid import Liquid
from spiking.layers.pooling import SumPool2d
from spiking.layers.recurrent import Recurrent

__all__ = [
    "ClipFloorShift",
    "DelayedLinear",
    "DelayedPopulation",
    "Delay",
    "Scale",
    "Threshold",
    "Linear",
    "Liquid",
    "SumPool2d",
    "Recurrent",
]
