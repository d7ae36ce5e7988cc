"""Kernels against closed forms, PennyLane's own, and scikit-learn."""

import pennylane as qml
import pytest
import torch
from sklearn.svm import SVC

from quantum import (
    FidelityKernel,
    InputError,
    ProjectedKernel,
    angle_embedding,
    iqp_embedding,
    target_alignment,
)


def points(n, features):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, features, dtype=torch.float64, generator=generator) * 3


def test_the_fidelity_of_angles_is_a_product_of_cosines():
    x, y = points(7, 4), points(9, 4) - 1
    expected = (torch.cos((x[:, None] - y[None]) / 2) ** 2).prod(-1)
    assert torch.allclose(FidelityKernel(4, angle_embedding)(x, y), expected, atol=1e-12)


def test_it_is_pennylanes_kernel_of_inverted_circuits():
    x = points(5, 3)

    @qml.qnode(qml.device("default.qubit", wires=3))
    def circuit(a, b):
        iqp_embedding(a, range(3))
        qml.adjoint(iqp_embedding)(b, range(3))
        return qml.probs(wires=range(3))

    theirs = qml.kernels.square_kernel_matrix(list(x.numpy()), lambda a, b: circuit(a, b)[0])
    gram = FidelityKernel(3, iqp_embedding)(x)
    assert gram.numpy() == pytest.approx(theirs, abs=1e-12)
    assert torch.linalg.eigvalsh(gram).min() > -1e-12


def test_the_projected_kernel_of_angles_is_that_of_points_on_circles():
    x, gamma = points(6, 3), 0.7
    on_circles = torch.cat([x.sin(), x.cos()], 1)
    expected = torch.exp(-gamma * torch.cdist(on_circles, on_circles) ** 2)
    found = ProjectedKernel(3, angle_embedding, gamma)(x)
    assert torch.allclose(found, expected, atol=1e-12)


def test_gradients_pass_to_samples():
    kernel = FidelityKernel(2, angle_embedding)
    given = (points(2, 2).requires_grad_(), (points(3, 2) - 1).requires_grad_())
    assert torch.autograd.gradcheck(kernel, given)


def test_a_machine_of_support_vectors_takes_it():
    x = points(60, 2)
    y = ((x[:, 0] - x[:, 1]).abs() < 1).long()
    kernel = FidelityKernel(2, angle_embedding)
    model = SVC(kernel=kernel.matrix).fit(x.numpy(), y.numpy())
    assert model.score(x.numpy(), y.numpy()) > 0.9


def test_alignment_is_pennylanes():
    x, signs = points(8, 2), torch.tensor([1, -1, -1, 1, 1, 1, -1, 1])
    kernel = FidelityKernel(2, angle_embedding)
    theirs = qml.kernels.target_alignment(
        list(x.numpy()), signs.tolist(), lambda a, b: kernel.matrix(a[None], b[None])[0, 0],
        rescale_class_labels=False,
    )  # fmt: skip
    assert target_alignment(kernel(x), signs).item() == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: ProjectedKernel(2, angle_embedding, 0.0), "gamma must be positive, got 0"),
        (lambda: target_alignment(torch.eye(3), torch.ones(2)), "2 labels do not fit a matrix"),
        (lambda: target_alignment(torch.eye(2), torch.tensor([0, 1])), "labels must be -1 or 1"),
        (lambda: FidelityKernel(2, angle_embedding)(torch.ones(3, 1)), "takes 2 features"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
