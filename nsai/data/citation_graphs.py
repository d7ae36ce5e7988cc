"""Citation graphs: papers, their words and who cites whom."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import npz
from nsai.data.store import read

CHECKSUMS = """
dc02b9470a49a7260a3f786af2aeff3e35daa591e11751910cce2194c8a8e807 176026 citeseer.npz
8e667179c5d10988e6f936f3360df5efc0ec83325e0fba0c129890ba4cfe276f 89129 cora.npz
"""
GRAPHS = ("cora", "citeseer")

CITATION_GRAPHS = DataSet(
    name="citation_graphs",
    title="Cora and Citeseer with the Planetoid split",
    licence="MIT",
    citation="Yang, Cohen and Salakhutdinov 2016, Revisiting semi-supervised learning with graph "
    "embeddings, ICML; Sen et al. 2008",
    shape="features float32 (nodes, words), edges int64 (edges, 2), y int64 (nodes,), train, "
    "validation and test: int64 node numbers",
    splits=("train", "validation", "test"),
    homepage="https://github.com/kimiyoung/planetoid",
    files=listed(CHECKSUMS),
)


class Citations(NamedTuple):
    """One graph with all three splits: learning sees all nodes, but few labels.

    Attributes
    ----------
    features
        1 where a paper has a word, float32, shape (nodes, words).
    edges
        Each undirected citation once, int64, shape (edges, 2).
    y
        Class of each paper, -1 where unknown, int64, shape (nodes,).
    train, validation, test
        Node numbers, int64: 20 a class, 500 and 1,000.
    """

    features: Float[Tensor, "nodes words"]
    edges: Int[Tensor, "edges 2"]
    y: Int[Tensor, " nodes"]
    train: Int[Tensor, " train"]
    validation: Int[Tensor, " validation"]
    test: Int[Tensor, " test"]


def citation_graph(name: str = "cora") -> Citations:
    """Load a citation graph.

    Parameters
    ----------
    name
        ``"cora"`` (2,708 papers, 5,278 edges, 1,433 words, 7 classes) or ``"citeseer"`` (3,327,
        4,552, 3,703, 6; 15 papers have no words and no class).

    Returns
    -------
    Citations
        The graph.

    Raises
    ------
    ValueError
        If the graph is unknown.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the right one.
    """
    if name not in GRAPHS:
        raise ValueError(f"name must be one of {', '.join(GRAPHS)}; got {name!r}")
    (content,) = read(CITATION_GRAPHS, f"{name}.npz")
    arrays = npz(content)
    nodes = len(arrays["label"])
    features = torch.zeros(nodes, int(arrays["num_features"]))
    papers = np.repeat(np.arange(nodes), np.diff(arrays["feat_indptr"]))
    features[torch.from_numpy(papers), torch.from_numpy(arrays["feat_indices"].astype(int))] = 1
    names = ("edges", "label", "train_idx", "val_idx", "test_idx")
    return Citations(features, *(torch.from_numpy(arrays[key].astype(np.int64)) for key in names))
