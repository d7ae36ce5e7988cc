"""Stanford sentiment: sentences of film reviews, positive or negative."""

import torch

from nsai.data.catalogue import DataSet, listed, raw_github
from nsai.data.samples import Sentences
from nsai.data.splits import known_split
from nsai.data.store import read

COMMIT = "457ffd83de90a9d6d472d8ffc31bbffe40a8b236"
CHECKSUMS = """
eddea6b39e601dd4e7a672b53cc40fdf6019fa80522f351206c24340ca5d9359 92057 dev.tsv
831169c7e2e429d6026e1bdbb542f33b636e3e596caad9602ebc953c205928b7 188749 test.tsv
ec192f833a64da08f475488a77b0d0b47db47acd0f458bd18433fc793b569920 720259 train.tsv
"""

SST2 = DataSet(
    name="sst2",
    title="Stanford sentiment treebank, whole sentences, two classes",
    licence="unclear: none in the source",
    citation="Socher et al. 2013, Recursive deep models for semantic compositionality over a "
    "sentiment treebank, EMNLP",
    shape="text: list of n str, y int64 (n,): 0 negative, 1 positive; 6,920 train, 872 "
    "validation, 1,821 test",
    splits=("train", "validation", "test"),
    homepage="https://github.com/clairett/pytorch-sentiment-classification",
    files=listed(
        CHECKSUMS,
        raw_github("clairett/pytorch-sentiment-classification", COMMIT, "data/SST2/"),
    ),
)


def sst2(split: str = "train") -> Sentences:
    """Load the sentences, lower-cased and tokenised with spaces.

    Parameters
    ----------
    split
        ``"train"`` (6,920), ``"validation"`` (872) or ``"test"`` (1,821).

    Returns
    -------
    Sentences
        Sentences and 1 for a positive one.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    file = {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}
    (content,) = read(SST2, file[known_split(SST2, split)])
    cells = [line.split("\t") for line in content.decode().removesuffix("\n").split("\n")]
    return Sentences([text for text, _ in cells], torch.tensor([int(label) for _, label in cells]))
