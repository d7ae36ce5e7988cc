import pytest
import torch

from nsai.models.detectors import best_auc, classical_scores


@pytest.fixture
def sets():
    g = torch.Generator().manual_seed(0)
    shape = torch.randn(6, 6, generator=g)
    return torch.randn(120, 6, generator=g) @ shape, torch.randn(40, 6, generator=g) @ shape + 1


def test_planes_and_neighbours_are_those_of_brute_force(sets):
    x, test = sets
    scores = classical_scores(x, test, seed=0)
    centre = x.mean(0)
    _, _, axes = torch.linalg.svd((x - centre).double(), full_matrices=False)
    for score, count in zip(scores["PCA"], (1, 2, 4), strict=True):
        left = (test - centre).double() @ axes[count:].T
        assert score.double() == pytest.approx(left.square().sum(1), rel=1e-4)
    nearest = torch.cdist(test.double(), x.double()).sort(dim=1).values
    for score, k in zip(scores["neighbours"], (1, 5, 20), strict=True):
        assert score.double() == pytest.approx(nearest[:, k - 1], rel=1e-5)


def test_a_far_sample_is_strange_to_all(sets):
    x, test = sets
    test = torch.cat([test, 50 + test[:1]])
    for some in classical_scores(x, test, seed=0).values():
        for score in some:
            assert score.argmax() == len(test) - 1


def test_few_learn_from_as_many_as_are_allowed(sets):
    x, test = sets
    few = classical_scores(x, test, most=60, seed=0)
    alone = classical_scores(x[:60], test, seed=0)
    for name in ("LOF", "SVM", "forest"):
        assert all(torch.equal(a, b) for a, b in zip(few[name], alone[name], strict=True))
    assert not torch.equal(few["distance from mean"][0], alone["distance from mean"][0])


def test_too_few_samples_are_refused(sets):
    x, test = sets
    with pytest.raises(ValueError, match="more than 50 normal samples, got 50"):
        classical_scores(x[:50], test)
    with pytest.raises(ValueError, match="more than 50 normal samples, got 30"):
        classical_scores(x, test, most=30)


def test_the_area_is_the_chance_that_the_stranger_scores_higher():
    g = torch.Generator().manual_seed(1)
    strange = torch.rand(50, generator=g) < 0.3
    scores = [torch.randint(8, (50,), generator=g).float() for _ in range(3)]
    areas = []
    for score in scores:
        gap = score[strange][:, None] - score[~strange]
        areas.append(float(((gap > 0).double() + (gap == 0).double() / 2).mean()))
    assert best_auc(scores, strange) == pytest.approx(max(areas), abs=1e-12)
