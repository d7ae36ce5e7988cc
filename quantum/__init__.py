"""Hybrid quantum-classical circuits: PennyLane's language, simulated in vectors of samples."""

from quantum.algorithms.descent import Minimum, minimise
from quantum.algorithms.formulas import planted_formula, random_formula
from quantum.algorithms.grover import (
    Oracle,
    best_iterations,
    count_models,
    expected_iterations,
    grover_iteration,
    success_probabilities,
    success_probability,
    truth_table,
)
from quantum.algorithms.hamiltonians import ground_energy, hamiltonian, ising_chain, ising_energy
from quantum.algorithms.local_search import expected_evaluations, expected_flips
from quantum.algorithms.molecules import Grown, Molecule, adapt, excitations, molecule
from quantum.algorithms.phases import GroundStates, cluster_ising, ground_states, string_orders
from quantum.algorithms.qaoa import interpolate, qaoa
from quantum.algorithms.vqe import Energy, vqe
from quantum.analysis.expressiveness import (
    entanglement,
    expressibility,
    haar_bins,
    state_circuit,
    uniform_angles,
)
from quantum.analysis.fourier import (
    angles_of_series,
    fourier_coefficients,
    fourier_series,
    frequencies_of,
    predicted_frequencies,
)
from quantum.analysis.geometry import (
    NaturalGradient,
    effective_dimension,
    quantum_fisher,
    state_jacobian,
)
from quantum.analysis.kernel_difference import favourable_labels, geometric_difference
from quantum.analysis.second_moments import gradient_variance
from quantum.analysis.trainability import Decay, decay_rate, gradients, two_design_variance
from quantum.ansatz import (
    Ansatz,
    Block,
    block_identity,
    conditional_rotation,
    discard,
    hardware_efficient,
    mps,
    qcnn,
    real_amplitudes,
    ry_cnot,
    separable,
    small_angles,
    strongly_entangling,
    su4,
    ttn,
)
from quantum.compiling import CompiledCircuit, compile  # noqa: A004
from quantum.copies import CircuitCopies
from quantum.device import FastQubit
from quantum.dressed import dressed_circuit, dressed_embedding
from quantum.embeddings import amplitude_embedding, angle_embedding, iqp_embedding
from quantum.errors import InputError, QuantumError, UnsupportedError
from quantum.kernels import FidelityKernel, ProjectedKernel, target_alignment
from quantum.layer import QuantumLayer
from quantum.measures import expval_first, expval_z, probabilities
from quantum.quanvolution import Quanvolution
from quantum.reuploading import reuploading

__all__ = [
    "Ansatz",
    "Block",
    "CircuitCopies",
    "CompiledCircuit",
    "Decay",
    "Energy",
    "FastQubit",
    "FidelityKernel",
    "GroundStates",
    "Grown",
    "InputError",
    "Minimum",
    "Molecule",
    "NaturalGradient",
    "Oracle",
    "ProjectedKernel",
    "QuantumError",
    "QuantumLayer",
    "Quanvolution",
    "UnsupportedError",
    "adapt",
    "amplitude_embedding",
    "angle_embedding",
    "angles_of_series",
    "best_iterations",
    "block_identity",
    "cluster_ising",
    "compile",
    "conditional_rotation",
    "decay_rate",
    "count_models",
    "discard",
    "dressed_circuit",
    "dressed_embedding",
    "effective_dimension",
    "entanglement",
    "excitations",
    "expressibility",
    "expected_evaluations",
    "expected_flips",
    "expected_iterations",
    "expval_first",
    "expval_z",
    "favourable_labels",
    "fourier_coefficients",
    "fourier_series",
    "frequencies_of",
    "geometric_difference",
    "gradient_variance",
    "gradients",
    "ground_states",
    "grover_iteration",
    "ground_energy",
    "haar_bins",
    "hamiltonian",
    "hardware_efficient",
    "interpolate",
    "iqp_embedding",
    "ising_chain",
    "ising_energy",
    "minimise",
    "molecule",
    "mps",
    "planted_formula",
    "predicted_frequencies",
    "probabilities",
    "qaoa",
    "qcnn",
    "quantum_fisher",
    "random_formula",
    "real_amplitudes",
    "reuploading",
    "ry_cnot",
    "separable",
    "small_angles",
    "state_circuit",
    "state_jacobian",
    "string_orders",
    "strongly_entangling",
    "su4",
    "success_probabilities",
    "success_probability",
    "target_alignment",
    "truth_table",
    "ttn",
    "two_design_variance",
    "uniform_angles",
    "vqe",
]
