"""How models learn: one training loop, batches, seeds and devices."""

from nsai.training.adversarial import train_gan as train_gan
from nsai.training.augment import random_shifts as random_shifts
from nsai.training.augment import shift as shift
from nsai.training.batches import minibatches as minibatches
from nsai.training.batches import windows as windows
from nsai.training.classifiers import error_rate as error_rate
from nsai.training.classifiers import train_classifier as train_classifier
from nsai.training.copies import copies_right as copies_right
from nsai.training.copies import train_copies as train_copies
from nsai.training.copies import tune_copies as tune_copies
from nsai.training.device import resolve_device as resolve_device
from nsai.training.device import seed_everything as seed_everything
from nsai.training.few_labels import few_label_batches as few_label_batches
from nsai.training.finite_differences import central_differences as central_differences
from nsai.training.fit import fit as fit
from nsai.training.folds import folds as folds
from nsai.training.forecasting import fit_readout as fit_readout
from nsai.training.forecasting import forecast as forecast
from nsai.training.forecasting import forecast_each as forecast_each
from nsai.training.forecasting import shifted_windows as shifted_windows
from nsai.training.forecasting import smape as smape
from nsai.training.forecasting import train_forecaster as train_forecaster
from nsai.training.forecasting import valid_time as valid_time
from nsai.training.frechet import feature_distance as feature_distance
from nsai.training.frechet import frechet_distance as frechet_distance
from nsai.training.frechet import nearest_distances as nearest_distances
from nsai.training.groups import weight_decay_groups as weight_decay_groups
from nsai.training.history import History as History
from nsai.training.intervals import mean_interval as mean_interval
from nsai.training.language import next_symbol_loss as next_symbol_loss
from nsai.training.language import text_loss as text_loss
from nsai.training.muon import Muon as Muon
from nsai.training.schedule import warmup_then_decay as warmup_then_decay
from nsai.training.sweeps import Descent as Descent
from nsai.training.sweeps import sweep as sweep
from nsai.training.temporal import temporal_errors as temporal_errors
from nsai.training.temporal import temporal_scores as temporal_scores
from nsai.training.temporal import train_temporal as train_temporal

__all__ = [
    "Descent",
    "History",
    "Muon",
    "central_differences",
    "copies_right",
    "error_rate",
    "feature_distance",
    "few_label_batches",
    "fit",
    "fit_readout",
    "folds",
    "forecast",
    "forecast_each",
    "frechet_distance",
    "mean_interval",
    "minibatches",
    "nearest_distances",
    "next_symbol_loss",
    "random_shifts",
    "resolve_device",
    "seed_everything",
    "shift",
    "shifted_windows",
    "smape",
    "sweep",
    "temporal_errors",
    "temporal_scores",
    "text_loss",
    "train_classifier",
    "train_copies",
    "train_forecaster",
    "train_gan",
    "train_temporal",
    "tune_copies",
    "valid_time",
    "warmup_then_decay",
    "weight_decay_groups",
    "windows",
]
