import numpy as np
import pytest
import torch
from scipy.linalg import hadamard
from sklearn.svm import SVC

from nsai.models.margin import maximum_margin, signed_samples


def separable(seed: int, features: int) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(300, features, generator=g, dtype=torch.float64)
    score = x @ torch.randn(features, generator=g, dtype=torch.float64) + 0.3
    keep = score.abs() > 0.2
    return x[keep], score[keep].sign()


@pytest.mark.parametrize("features", [2, 6])
@pytest.mark.parametrize("seed", range(3))
def test_margin_equals_a_hard_margin_support_vector_machine(seed, features):
    x, y = separable(seed, features)
    z = signed_samples(x, y).numpy()
    # Mirrored points make the machine's own bias 0: the margin is that of planes through 0.
    svm = SVC(kernel="linear", C=1e7, tol=1e-8)
    svm.fit(np.vstack([z, -z]), np.repeat([1, -1], len(z)))
    assert maximum_margin(x, y).lower == pytest.approx(1 / np.linalg.norm(svm.coef_), rel=1e-4)


def test_margin_of_orthogonal_samples_has_its_closed_form():
    walsh = torch.tensor(hadamard(16)[:, 1:], dtype=torch.float64)
    found = maximum_margin(walsh, torch.ones(16, dtype=torch.float64))
    assert found.lower == pytest.approx(1.0)
    assert found.radius == pytest.approx(4.0)
    assert found.mistakes == pytest.approx(16.0)


def test_direction_attains_the_lower_bound():
    x, y = separable(5, 4)
    found = maximum_margin(x, y)
    assert float(found.direction.norm()) == pytest.approx(1.0)
    assert float((signed_samples(x, y) @ found.direction).min()) == pytest.approx(found.lower)
    assert found.lower <= found.upper * (1 + 1e-12)


def test_inseparable_classes_are_refused():
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    with pytest.raises(ValueError, match="no hyperplane separates"):
        maximum_margin(x, torch.tensor([-1.0, 1, 1, -1]))


def test_unattainable_accuracy_is_an_error_that_gives_the_bounds():
    x, y = separable(0, 3)
    with pytest.raises(ValueError, match="only known to lie in"):
        maximum_margin(x, y, accuracy=-1.0)


def test_classes_must_be_signs():
    with pytest.raises(ValueError, match=r"-1 and \+1, got \[0.0, 1.0\]"):
        signed_samples(torch.zeros(2, 1), torch.tensor([0.0, 1.0]))
