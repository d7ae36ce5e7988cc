"""Architectures, one file each, readable on their own."""

from nsai.models.convolution import connections as connections
from nsai.models.convolution import mosaic as mosaic
from nsai.models.convolution import receptive_field as receptive_field
from nsai.models.convolution import toeplitz_matrix as toeplitz_matrix
from nsai.models.copies import Copies as Copies
from nsai.models.echo_state import EchoState as EchoState
from nsai.models.event_cnn import EventCNN as EventCNN
from nsai.models.generation import generate as generate
from nsai.models.influence import influence as influence
from nsai.models.latency_network import LatencyNetwork as LatencyNetwork
from nsai.models.lenet import LeNet5 as LeNet5
from nsai.models.lenet import Subsampling as Subsampling
from nsai.models.lenet import TableConv2d as TableConv2d
from nsai.models.lenet import connection_table as connection_table
from nsai.models.lenet import digit_codes as digit_codes
from nsai.models.lenet import map_criterion as map_criterion
from nsai.models.lenet import scaled_tanh as scaled_tanh
from nsai.models.lstm_forecaster import LSTMForecaster as LSTMForecaster
from nsai.models.margin import Margin as Margin
from nsai.models.margin import maximum_margin as maximum_margin
from nsai.models.mlp import MLP as MLP
from nsai.models.mlp import cross_entropy as cross_entropy
from nsai.models.mlp import squared_error as squared_error
from nsai.models.mnist_net import MNISTNet as MNISTNet
from nsai.models.ngram import NGram as NGram
from nsai.models.noisy_mlp import NoisyMLP as NoisyMLP
from nsai.models.perceptron import Perceptron as Perceptron
from nsai.models.perceptron import Trace as Trace
from nsai.models.perceptron import reachable_weights as reachable_weights
from nsai.models.readout import Readout as Readout
from nsai.models.readout import ridge as ridge
from nsai.models.recurrent import ElmanCell as ElmanCell
from nsai.models.recurrent import GRUCell as GRUCell
from nsai.models.recurrent import LSTMCell as LSTMCell
from nsai.models.recurrent import RecurrentNet as RecurrentNet
from nsai.models.residual import ResidualBlock as ResidualBlock
from nsai.models.residual import ResidualCNN as ResidualCNN
from nsai.models.threshold import Impossibility as Impossibility
from nsai.models.threshold import ThresholdUnit as ThresholdUnit
from nsai.models.threshold import corners as corners
from nsai.models.threshold import infeasibility_certificate as infeasibility_certificate
from nsai.models.threshold import is_threshold_function as is_threshold_function
from nsai.models.threshold import parity as parity
from nsai.models.threshold import realise as realise
from nsai.models.threshold_census import Census as Census
from nsai.models.threshold_census import census as census
from nsai.models.through_time import memory_jacobians as memory_jacobians
from nsai.models.through_time import step_at_rest as step_at_rest
from nsai.models.through_time import unroll as unroll
from nsai.models.transformer import GPT as GPT
from nsai.models.vae import VAE as VAE

__all__ = [
    "Census",
    "Copies",
    "EchoState",
    "ElmanCell",
    "EventCNN",
    "GPT",
    "GRUCell",
    "Impossibility",
    "LSTMCell",
    "LSTMForecaster",
    "LatencyNetwork",
    "LeNet5",
    "MLP",
    "MNISTNet",
    "Margin",
    "NGram",
    "NoisyMLP",
    "Perceptron",
    "Readout",
    "RecurrentNet",
    "ResidualBlock",
    "ResidualCNN",
    "Subsampling",
    "TableConv2d",
    "ThresholdUnit",
    "Trace",
    "VAE",
    "census",
    "connection_table",
    "connections",
    "corners",
    "cross_entropy",
    "digit_codes",
    "generate",
    "infeasibility_certificate",
    "influence",
    "is_threshold_function",
    "map_criterion",
    "maximum_margin",
    "memory_jacobians",
    "mosaic",
    "parity",
    "reachable_weights",
    "realise",
    "receptive_field",
    "ridge",
    "scaled_tanh",
    "squared_error",
    "step_at_rest",
    "toeplitz_matrix",
    "unroll",
]
