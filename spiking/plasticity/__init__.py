"""Learning from what a synapse knows: STDP, rewards, competition, e-prop."""

from spiking.plasticity.diehl_cook import Competition as Competition
from spiking.plasticity.diehl_cook import DiehlCook as DiehlCook
from spiking.plasticity.eprop import eprop_loss as eprop_loss
from spiking.plasticity.eprop import readout_loss as readout_loss
from spiking.plasticity.recurrent import RecurrentALIF as RecurrentALIF
from spiking.plasticity.reward import RewardSTDP as RewardSTDP
from spiking.plasticity.stdp import STDP as STDP
from spiking.plasticity.trace_rule import TraceRule as TraceRule
from spiking.plasticity.voting import assign_classes as assign_classes
from spiking.plasticity.voting import vote as vote

__all__ = [
    "STDP",
    "TraceRule",
    "RewardSTDP",
    "Competition",
    "DiehlCook",
    "assign_classes",
    "vote",
    "RecurrentALIF",
    "eprop_loss",
    "readout_loss",
]
