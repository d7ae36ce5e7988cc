"""Figures of real machines.

Medians over the qubits and pairs of a calibration that the maker has published, computed from its
file; pairs out of order (with an error of 1) are left out.
"""

import math

from quantum.noise.models import Machine

IBM_EAGLE = Machine(
    name="IBM Eagle (ibm_kyiv)",
    source="calibration of 26 February 2025, props_kyiv.json in qiskit-ibm-runtime 0.51, medians",
    qubits=127,
    entangling="CNOT",  # ECR, up to turns of single qubits
    one_error=2.517e-4,
    two_error=1.154e-2,
    one_time=49.8e-9,
    two_time=561.8e-9,
    t1=287.1e-6,
    t2=118.1e-6,
    p10=1.270e-2,
    p01=1.270e-2,
)

IBM_HERON = Machine(
    name="IBM Heron (ibm_fez)",
    source="calibration of 26 February 2025, props_fez.json in qiskit-ibm-runtime 0.51, medians",
    qubits=156,
    entangling="CZ",
    one_error=2.287e-4,
    two_error=3.815e-3,
    one_time=24e-9,
    two_time=84e-9,
    t1=144.9e-6,
    t2=87.95e-6,
    p10=3.906e-3,
    p01=1.147e-2,
)

# T2 from the incoherent error of a gate, 8.248e-4 = t/(6 T1) + t/(3 T2), as Cirq derives it; the
# error of two qubits without that of the two gates beside it in a cycle, (18.69 − 2 × 2.436)e-3 as
# Pauli error, times 4/5 (Arute et al., Nature 574, 2019, whose own machine had 0.62 %).
GOOGLE_SYCAMORE = Machine(
    name="Google Sycamore (weber)",
    source="calibration of 3 November 2021, weber_2021_11_03_calibration.json in cirq-google 1.7, "
    "medians in parallel operation; times from cirq-google",
    qubits=53,
    entangling="CZ",  # of the family of fSim
    one_error=1.624e-3,
    two_error=1.105e-2,
    one_time=25e-9,
    two_time=12e-9,
    t1=15.25e-6,
    t2=15.11e-6,
    p10=1.095e-2,
    p01=5.476e-2,
)

QUANTINUUM_H2 = Machine(
    name="Quantinuum H2",
    source="Moses et al., A race-track trapped-ion quantum processor, Physical Review X 13, "
    "041052, 2023, abstract; the error of preparation and measurement taken as one of reading",
    qubits=32,
    entangling="CZ",  # ZZ, up to turns of single qubits
    one_error=2.5e-5,
    two_error=1.84e-3,
    one_time=0.0,
    two_time=0.0,  # errors of waiting and transport are not in these figures
    t1=math.inf,
    t2=math.inf,
    p10=1.6e-3,
    p01=1.6e-3,
)
