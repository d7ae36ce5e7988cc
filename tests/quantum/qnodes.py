"""Random circuits in PennyLane's language."""

import numpy as np
import pennylane as qml
import torch

ONE = [qml.RX, qml.RY, qml.RZ, qml.PhaseShift, qml.U1]
TWO = [qml.CRX, qml.CRY, qml.CRZ, qml.IsingXX, qml.IsingYY, qml.IsingZZ,
       qml.ControlledPhaseShift, qml.CPhaseShift01, qml.SingleExcitation]  # fmt: skip
FIXED_ONE = [qml.Hadamard, qml.X, qml.Y, qml.Z, qml.S, qml.T, qml.SX]
FIXED_TWO = [qml.CNOT, qml.CZ, qml.CY, qml.SWAP, qml.ISWAP, qml.CH]


def by_matrices(x, w):
    """Apply matrices of inputs x, (..., 2), and weights w, (2,), with and without control."""
    xx, zy = (qml.matrix(word) for word in (qml.X(0) @ qml.X(1), qml.Z(0) @ qml.Y(1)))
    generators = [torch.as_tensor(m) for m in (np.array([[0, -1j], [1j, 0]]), xx, zy)]
    turned = [
        torch.matrix_exp(-1j * torch.as_tensor(a)[..., None, None] * g)
        for a, g in zip((x[..., 0], x[..., 1] * w[0], w[1]), generators, strict=True)
    ]
    qml.RX(0.7, wires="a")  # a number among tensors
    qml.QubitUnitary(turned[0], wires="b")
    qml.CNOT(wires=["a", "b"])
    qml.QubitUnitary(turned[1], wires=["c", "a"])
    qml.ctrl(qml.QubitUnitary(turned[0], wires="c"), "b", control_values=[False])
    qml.DiagonalQubitUnitary(torch.exp(1j * torch.stack([w[0], w[1]])), wires="a")
    qml.QubitUnitary(turned[2], wires=["b", "c"])
    return qml.expval(qml.Z("a")), qml.expval(qml.X("b") @ qml.Y("c")), qml.expval(qml.X("a"))


def random_function(seed, wires, length, features=3, weights=4, constant=None, controls=2):
    """Return a circuit of inputs x and weights w, the same at each call."""
    if constant is None:  # default.qubit takes 0.7 among tensors as one in single precision
        constant = torch.tensor(0.7, dtype=torch.float64)

    def circuit(x, w):
        rng = np.random.default_rng(seed)

        def angle():
            kind = rng.integers(0, 5)
            i, j = int(rng.integers(0, features)), int(rng.integers(0, weights))
            return [x[..., i], w[j], 2 * w[j] - 0.3, x[..., i] * w[j], constant][kind]

        labels = [f"q{i}" for i in range(wires)]
        # default.qubit fails for a batch of one where a PauliRot with an identity makes it
        qml.RX(x[..., 0], wires=labels[0])
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
            elif kind == 6 and controls == 1:
                qml.CRot(angle(), angle(), angle(), wires=order[:2])
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
