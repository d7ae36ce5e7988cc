"""Noise: channels, machines, mitigation, and what a circuit costs on hardware."""

from quantum.noise.budget import Settings, settings_of, shots_for, standard_error
from quantum.noise.channels import (
    average_fidelity,
    depolarizing,
    pauli_words,
    relaxation_fidelity,
    superoperator,
    twirled,
)
from quantum.noise.density import density_matrices
from quantum.noise.extrapolation import (
    Extrapolation,
    extrapolate,
    extrapolate_exponential,
    fold_gates,
    optimal_shares,
    polynomial_weights,
)
from quantum.noise.machines import GOOGLE_SYCAMORE, IBM_EAGLE, IBM_HERON, QUANTINUUM_H2
from quantum.noise.models import Machine, with_noise
from quantum.noise.native import Cost, cost_of, to_native, transpile
from quantum.noise.readout import Readout
from quantum.noise.routing import Routed, grid, heavy_hex, line, route
from quantum.noise.trajectories import Estimate, trajectories

__all__ = [
    "GOOGLE_SYCAMORE",
    "IBM_EAGLE",
    "IBM_HERON",
    "QUANTINUUM_H2",
    "Cost",
    "Estimate",
    "Extrapolation",
    "Machine",
    "Readout",
    "Routed",
    "Settings",
    "average_fidelity",
    "cost_of",
    "density_matrices",
    "depolarizing",
    "extrapolate",
    "extrapolate_exponential",
    "fold_gates",
    "grid",
    "heavy_hex",
    "line",
    "optimal_shares",
    "pauli_words",
    "polynomial_weights",
    "relaxation_fidelity",
    "route",
    "settings_of",
    "shots_for",
    "standard_error",
    "superoperator",
    "to_native",
    "trajectories",
    "transpile",
    "twirled",
    "with_noise",
]
