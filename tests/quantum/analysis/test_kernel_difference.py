"""The geometric difference against its meaning, and against scipy's matrix functions."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from quantum import InputError, favourable_labels, geometric_difference


def gram(n, features, seed, scale=1.0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, features, dtype=torch.float64, generator=g)
    return torch.exp(-scale * torch.cdist(x, x) ** 2) + 1e-3 * torch.eye(n, dtype=torch.float64)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_it_is_the_norm_of_the_formula(ridge):
    rival, kernel = gram(8, 2, 0), gram(8, 3, 1)
    r, k = (m.numpy() * 8 / np.trace(m.numpy()) for m in (rival, kernel))
    middle = sqrtm(r) @ np.linalg.matrix_power(np.linalg.inv(r + ridge * np.eye(8)), 2) @ sqrtm(r)
    expected = np.sqrt(np.linalg.norm(sqrtm(k) @ middle @ sqrtm(k), 2))
    assert geometric_difference(rival, kernel, ridge=ridge).item() == pytest.approx(expected)


def test_a_kernel_does_not_differ_from_itself_or_its_multiple():
    kernel = gram(10, 2, 0)
    assert geometric_difference(kernel, 5 * kernel).item() == pytest.approx(1, abs=1e-6)


def test_no_labels_are_more_favourable():
    rival, kernel = gram(6, 2, 0, 0.3), gram(6, 3, 1)
    g = geometric_difference(rival, kernel).item()
    r, k = (m * 6 / m.trace() for m in (rival, kernel))

    def ratio(y):  # of the squared norms that the two kernels need to fit y
        return float(y @ torch.linalg.solve(r, y)) / float(y @ torch.linalg.solve(k, y))

    random = torch.randn(500, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    assert max(map(ratio, random)) <= g**2 * (1 + 1e-9)
    values, vectors = torch.linalg.eigh(k)
    root = (vectors * values.sqrt()) @ vectors.T
    best = root @ torch.linalg.eigh(root @ torch.linalg.solve(r, root)).eigenvectors[:, -1]
    assert ratio(best) == pytest.approx(g**2)
    labels = favourable_labels(rival, kernel)
    assert labels.sum() == 0
    assert set(labels.tolist()) == {-1.0, 1.0}
    middle = best.median() + 1e-9
    signs = torch.where(best > middle, 1.0, -1.0).double()
    assert torch.equal(labels, signs) or torch.equal(labels, -signs)


def test_they_favour_the_kernel():
    rival, kernel = gram(40, 2, 0, 0.3), gram(40, 3, 1, 0.3)
    labels = favourable_labels(rival, kernel)
    needs = [float(labels @ torch.linalg.solve(m, labels)) for m in (rival, kernel)]
    assert needs[0] > 10 * needs[1]


def test_other_shapes_and_a_negative_ridge_are_refused():
    with pytest.raises(InputError, match="one shape"):
        geometric_difference(torch.eye(2), torch.eye(3))
    with pytest.raises(InputError, match="ridge"):
        favourable_labels(torch.eye(2), torch.eye(2), ridge=-1.0)
