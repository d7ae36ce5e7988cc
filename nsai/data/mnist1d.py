"""MNIST-1D: forty numbers a digit, on which architectures differ more than on MNIST."""

import random
from functools import lru_cache
from typing import Any

import numpy as np

from nsai.data.catalogue import DataSet
from nsai.data.samples import Labelled, labelled
from nsai.data.splits import known_split
from nsai.data.store import use_package

MNIST1D = DataSet(
    name="mnist1d",
    title="5,000 generated one-dimensional digits",
    licence="Apache-2.0",
    citation="Greydanus and Kobak 2024, Scaling down deep learning with MNIST-1D, ICML",
    shape="x float32 (n, 40), standardised over the whole set, y int64 (n,), 10 classes; "
    "4,000 train, 1,000 test",
    splits=("train", "test"),
    homepage="https://github.com/greydanus/mnist1d",
    source="generated",
    needs="mnist1d",
)


def mnist1d(split: str = "train", seed: int = 42) -> Labelled:
    """Generate MNIST-1D with its package's settings.

    Parameters
    ----------
    split
        ``"train"`` (4,000) or ``"test"`` (1,000).
    seed
        Of the generator; 42 is the package's own. The global random states are left as found.

    Returns
    -------
    Labelled
        x of shape (n, 40); y the digit, balanced over both splits together only.

    Raises
    ------
    MissingDataError
        If mnist1d is not installed.

    Examples
    --------
    >>> mnist1d("test").x.shape
    torch.Size([1000, 40])
    """
    known_split(MNIST1D, split)
    use_package(MNIST1D)
    made = _generate(seed)
    suffix = "_test" if split == "test" else ""
    return labelled(made["x" + suffix], made["y" + suffix])


@lru_cache(maxsize=1)
def _generate(seed: int) -> dict[str, Any]:
    """Generate both splits; kept, as they take seconds and the second split is asked for next."""
    from mnist1d.data import get_dataset_args, make_dataset

    settings = get_dataset_args()
    settings.seed = seed
    # The package seeds both global generators.
    state, numpy_state = random.getstate(), np.random.get_state()
    try:
        made: dict[str, Any] = make_dataset(settings)
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)
    return made
