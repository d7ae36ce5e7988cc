"""Architectures, one file each, readable on their own.

Those made of `spiking` neurons are imported from their files, `event_cnn` and `latency_network`,
so that the others need not wait for it.
"""

from nsai.models.autoencoder import Autoencoder as Autoencoder
from nsai.models.autoencoder import principal_angles as principal_angles
from nsai.models.autoencoder import principal_components as principal_components
from nsai.models.bert import Bert as Bert
from nsai.models.bert import MaskedBert as MaskedBert
from nsai.models.convolution import connections as connections
from nsai.models.convolution import mosaic as mosaic
from nsai.models.convolution import receptive_field as receptive_field
from nsai.models.convolution import toeplitz_matrix as toeplitz_matrix
from nsai.models.copies import Copies as Copies
from nsai.models.diffusion import PointDenoiser as PointDenoiser
from nsai.models.diffusion import Schedule as Schedule
from nsai.models.echo_state import EchoState as EchoState
from nsai.models.event_net import EventNet as EventNet
from nsai.models.gan import DiracDiscriminator as DiracDiscriminator
from nsai.models.gan import DiracGenerator as DiracGenerator
from nsai.models.gan import ImageDiscriminator as ImageDiscriminator
from nsai.models.gan import ImageGenerator as ImageGenerator
from nsai.models.gan import PointNets as PointNets
from nsai.models.generation import generate as generate
from nsai.models.hidden_markov import HiddenMarkov as HiddenMarkov
from nsai.models.hopfield import Hopfield as Hopfield
from nsai.models.hopfield import hebbian_weights as hebbian_weights
from nsai.models.hopfield import projection_weights as projection_weights
from nsai.models.image_vae import ImageVAE as ImageVAE
from nsai.models.image_vae import binarise as binarise
from nsai.models.influence import influence as influence
from nsai.models.interpolating_net import InterpolatingNet as InterpolatingNet
from nsai.models.judge import Judge as Judge
from nsai.models.lenet import LeNet5 as LeNet5
from nsai.models.lenet import Subsampling as Subsampling
from nsai.models.lenet import TableConv2d as TableConv2d
from nsai.models.lenet import connection_table as connection_table
from nsai.models.lenet import digit_codes as digit_codes
from nsai.models.lenet import map_criterion as map_criterion
from nsai.models.lenet import scaled_tanh as scaled_tanh
from nsai.models.logical_net import LogicalNet as LogicalNet
from nsai.models.logical_net import LogicalUnits as LogicalUnits
from nsai.models.lstm_forecaster import LSTMForecaster as LSTMForecaster
from nsai.models.margin import Margin as Margin
from nsai.models.margin import maximum_margin as maximum_margin
from nsai.models.mixture import Mixture as Mixture
from nsai.models.mlp import MLP as MLP
from nsai.models.mlp import cross_entropy as cross_entropy
from nsai.models.mlp import squared_error as squared_error
from nsai.models.mnist_net import MNISTNet as MNISTNet
from nsai.models.ngram import NGram as NGram
from nsai.models.noisy_mlp import NoisyMLP as NoisyMLP
from nsai.models.perceptron import Perceptron as Perceptron
from nsai.models.perceptron import Trace as Trace
from nsai.models.perceptron import reachable_weights as reachable_weights
from nsai.models.random_features import RandomFeatures as RandomFeatures
from nsai.models.random_features import ridge_path as ridge_path
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
from nsai.models.unet import UNet as UNet
from nsai.models.vae import VAE as VAE

__all__ = [
    "Autoencoder",
    "Bert",
    "Census",
    "Copies",
    "DiracDiscriminator",
    "DiracGenerator",
    "EchoState",
    "ElmanCell",
    "EventNet",
    "GPT",
    "GRUCell",
    "HiddenMarkov",
    "Hopfield",
    "ImageDiscriminator",
    "ImageGenerator",
    "ImageVAE",
    "Impossibility",
    "InterpolatingNet",
    "Judge",
    "LSTMCell",
    "LSTMForecaster",
    "LeNet5",
    "LogicalNet",
    "LogicalUnits",
    "MLP",
    "MNISTNet",
    "MaskedBert",
    "Margin",
    "Mixture",
    "NGram",
    "NoisyMLP",
    "Perceptron",
    "PointDenoiser",
    "PointNets",
    "RandomFeatures",
    "Readout",
    "RecurrentNet",
    "ResidualBlock",
    "ResidualCNN",
    "Schedule",
    "Subsampling",
    "TableConv2d",
    "ThresholdUnit",
    "Trace",
    "UNet",
    "VAE",
    "binarise",
    "census",
    "connection_table",
    "connections",
    "corners",
    "cross_entropy",
    "digit_codes",
    "generate",
    "hebbian_weights",
    "infeasibility_certificate",
    "influence",
    "is_threshold_function",
    "map_criterion",
    "maximum_margin",
    "memory_jacobians",
    "mosaic",
    "parity",
    "principal_angles",
    "principal_components",
    "projection_weights",
    "reachable_weights",
    "realise",
    "receptive_field",
    "ridge",
    "ridge_path",
    "scaled_tanh",
    "squared_error",
    "step_at_rest",
    "toeplitz_matrix",
    "unroll",
]
