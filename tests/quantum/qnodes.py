"""Random circuits in PennyLane's language."""

import numpy as np
import pennylane as qml
import torch

ONE = [qml.RX, qml.RY, qml.RZ, qml.PhaseShift, qml.U1]
TWO = [qml.CRX, qml.CRY, qml.CRZ, qml.IsingXX, qml.IsingYY, qml.IsingZZ,
       qml.ControlledPhaseShift, qml.CPhaseShift01, qml.SingleExcitation]  # fmt: skip
FIXED_ONE = [qml.Hadamard, qml.X, qml.Y, qml.Z, qml.S, qml.T, qml.SX]
FIXED_TWO = [qml.CNOT, qml.CZ, qml.CY, qml.SWAP, qml.ISWAP, qml.CH]


def random_function(seed, wires, length, features=3, weights=4):
    """Return a circuit of inputs x and weights w, the same at each call."""

    def circuit(x, w):
        rng = np.random.default_rng(seed)

        def angle():
            kind = rng.integers(0, 5)
            i, j = int(rng.integers(0, features)), int(rng.integers(0, weights))
            # default.qubit takes 0.7 among tensors as a number in single precision
            constant = torch.tensor(0.7, dtype=torch.float64)
            return [x[..., i], w[j], 2 * w[j] - 0.3, x[..., i] * w[j], constant][kind]

        labels = [f"q{i}" for i in range(wires)]
        for _ in range(length):
            order = [labels[i] for i in rng.permutation(wires)]
            kind = int(rng.integers(0, 9)) if wires > 2 else int(rng.integers(0, 3))
            if kind == 0:
                ONE[int(rng.integers(0, len(ONE)))](angle(), wires=order[0])
            elif kind == 1:
                qml.Rot(angle(), angle(), angle(), wires=order[0])
            elif kind == 2:
                FIXED_ONE[int(rng.integers(0, len(FIXED_ONE)))](wires=order[0])
            elif kind == 3:
                TWO[int(rng.integers(0, len(TWO)))](angle(), wires=order[:2])
            elif kind == 4:
                FIXED_TWO[int(rng.integers(0, len(FIXED_TWO)))](wires=order[:2])
            elif kind == 5:
                qml.MultiControlledX(wires=order[:3], control_values=rng.integers(0, 2, 2).tolist())
            elif kind == 6:
                qml.ctrl(qml.Rot(angle(), angle(), angle(), wires=order[0]), order[1:3],
                         control_values=[True, False])  # fmt: skip
            elif kind == 7:
                qml.PauliRot(angle(), "".join(rng.choice(list("IXYZ"), 3)), wires=order[:3])
            else:
                qml.adjoint(qml.U3(angle(), angle(), angle(), wires=order[0]))
        word = qml.pauli.string_to_pauli_word(
            "".join(rng.choice(list("IXYZ"), wires)), wire_map={w: i for i, w in enumerate(labels)}
        )
        return (
            qml.expval(qml.Z(labels[0])),
            qml.expval(word),
            qml.expval(0.5 * qml.X(labels[-1]) - 2 * qml.Z(labels[0])),
        )

    return circuit, [f"q{i}" for i in range(wires)]
