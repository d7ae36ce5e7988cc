"""Architectures, one file each, readable on their own."""

from nsai.models.margin import Margin as Margin
from nsai.models.margin import maximum_margin as maximum_margin
from nsai.models.mlp import MLP as MLP
from nsai.models.mlp import cross_entropy as cross_entropy
from nsai.models.mlp import squared_error as squared_error
from nsai.models.perceptron import Perceptron as Perceptron
from nsai.models.perceptron import Trace as Trace
from nsai.models.perceptron import reachable_weights as reachable_weights
from nsai.models.threshold import Impossibility as Impossibility
from nsai.models.threshold import ThresholdUnit as ThresholdUnit
from nsai.models.threshold import corners as corners
from nsai.models.threshold import infeasibility_certificate as infeasibility_certificate
from nsai.models.threshold import is_threshold_function as is_threshold_function
from nsai.models.threshold import parity as parity
from nsai.models.threshold import realise as realise
from nsai.models.threshold_census import Census as Census
from nsai.models.threshold_census import census as census

__all__ = [
    "Census",
    "Impossibility",
    "MLP",
    "Margin",
    "Perceptron",
    "ThresholdUnit",
    "Trace",
    "census",
    "corners",
    "cross_entropy",
    "infeasibility_certificate",
    "is_threshold_function",
    "maximum_margin",
    "parity",
    "reachable_weights",
    "realise",
    "squared_error",
]
