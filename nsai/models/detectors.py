"""Classical detectors of anomalies: what a network has to compete with.

Papers: Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data
sets", SIGMOD 2000 (the k-th neighbour); Breunig et al., "LOF: identifying density-based local
outliers", SIGMOD 2000; Schölkopf et al., "Estimating the support of a high-dimensional
distribution", Neural Computation 13 (2001) 1443–1471; Liu, Ting and Zhou, "Isolation forest", ICDM
2008. All but the first two scores below are scikit-learn's.

Shapes: samples (samples, features), scores (samples,), higher for what is stranger.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM
from torch import Tensor

from nsai.models.autoencoder import principal_components

NEIGHBOURS = (1, 5, 20)
LOF_NEIGHBOURS = (10, 20, 50)
COMPONENTS = (1, 2, 4, 16)


def classical_scores(
    x: Float[Tensor, "samples features"],
    test: Float[Tensor, "tested features"],
    *,
    most: int = 2000,
    seed: int | None = None,
) -> dict[str, list[Float[Tensor, " tested"]]]:
    """Return how strange six detectors find each test sample, one score for each of their settings.

    Parameters
    ----------
    x
        Normal samples, more than 50.
    test
        Samples to judge.
    most
        Samples that the three slowest learn from at most: local outlier factor, one-class support
        vector machine and forest.
    seed
        Of the forest; None takes numpy's global generator.

    Returns
    -------
    dict of list of Tensor
        ``distance from mean``; ``PCA``, the squared distance from the plane of 1, 2, 4 and 16
        principal components, fewer than there are features; ``neighbours``, the distance of the
        first, fifth and twentieth; ``LOF`` with 10, 20 and 50 neighbours; ``SVM`` with ν = 0.05 and
        0.5; ``forest``.

    Raises
    ------
    ValueError
        If there are too few samples.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> x, test = torch.randn(100, 3, generator=g), torch.tensor([[0.0, 0, 0], [9, 9, 9]])
    >>> scores = classical_scores(x, test, seed=0)
    >>> [len(scores[name]) for name in scores]
    [1, 2, 3, 3, 2, 1]
    >>> all(bool(s[1] > s[0]) for some in scores.values() for s in some)
    True
    """
    fewest, learnt = max(LOF_NEIGHBOURS), x[:most]
    if len(learnt) <= fewest:
        raise ValueError(f"expected more than {fewest} normal samples, got {len(learnt)}")
    away, (_, axes) = test - x.mean(0), principal_components(x)
    planes = [axes[:, :count] for count in COMPONENTS if count < x.shape[1]]
    near = NearestNeighbors(n_neighbors=max(NEIGHBOURS)).fit(x).kneighbors(test)[0]
    learners = {
        "LOF": [LocalOutlierFactor(n_neighbors=k, novelty=True) for k in LOF_NEIGHBOURS],
        "SVM": [OneClassSVM(nu=nu) for nu in (0.05, 0.5)],
        "forest": [IsolationForest(random_state=seed)],
    }
    scores = {
        "distance from mean": [away.square().sum(1)],
        "PCA": [(away - away @ plane @ plane.T).square().sum(1) for plane in planes],
        "neighbours": [torch.from_numpy(near[:, k - 1]) for k in NEIGHBOURS],
    }
    for name, some in learners.items():
        scores[name] = [torch.from_numpy(-one.fit(learnt).score_samples(test)) for one in some]
    return scores


def best_auc(
    scores: Sequence[Float[Tensor, " samples"]], strange: Bool[Tensor, " samples"]
) -> float:
    """Return the largest area under the ROC curve of several scores: the best with hindsight.

    Parameters
    ----------
    scores
        Several judgements of the same samples, higher for what is stranger.
    strange
        Which samples are.

    Examples
    --------
    >>> strange = torch.tensor([False, False, True, True])
    >>> best_auc([torch.tensor([0.0, 1, 1, 2]), torch.tensor([2.0, 1, 0, 0])], strange)
    0.875
    """
    return max(float(roc_auc_score(strange, score)) for score in scores)
