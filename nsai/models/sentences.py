r"""Sentences as vectors: the mean of a Bert's features over places, and a classifier on it.

Papers: Reimers and Gurevych, "Sentence-BERT: sentence embeddings using siamese BERT-networks",
EMNLP 2019, section 3 (the mean over places does better than the first place); Devlin et al.,
"BERT", NAACL 2019, section 3.2 (all weights are tuned with a linear layer on top).

.. math:: \bar x = \frac{1}{n} \sum_{t\ \text{real}} x_t, \qquad
          p(\text{class}) = \mathrm{softmax}(W \bar x + b)

Shapes: tokens (sentences, time), features (sentences, time, width), means (sentences, width).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from nsai.models.bert import Bert, initialise


class BertClassifier(nn.Module):
    """A linear classifier on the mean features of a Bert, to be trained as a whole.

    Parameters
    ----------
    bert
        The encoder.
    classes
        Number of classes.
    padding
        The symbol that fills up short sequences.
    dropout
        Chance to drop a mean feature.

    Examples
    --------
    >>> model = BertClassifier(Bert(100, block=16, layers=1, heads=2, width=8), 2)
    >>> model(torch.tensor([[5, 6, 0], [7, 8, 9]])).shape
    torch.Size([2, 2])
    """

    def __init__(self, bert: Bert, classes: int, *, padding: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.bert, self.padding, self.dropout = bert, padding, dropout
        self.head = nn.Linear(bert.width, classes)
        initialise(self.head, bert.spread)

    def forward(self, tokens: Int[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        """Return the scores of the classes for padded sequences."""
        real = tokens != self.padding
        x = mean_over_places(self.bert.encode(self.bert.embed(tokens), real), real)
        return self.head(F.dropout(x, self.dropout, self.training))


def mean_over_places(
    x: Float[Tensor, "batch time width"], real: Bool[Tensor, "batch time"]
) -> Float[Tensor, "batch width"]:
    """Return the mean of the features over the real places of each sequence.

    Examples
    --------
    >>> x = torch.tensor([[[1.0], [3.0], [99.0]]])
    >>> mean_over_places(x, torch.tensor([[True, True, False]])).item()
    2.0
    """
    weight = real.to(x)[..., None]
    return torch.where(real[..., None], x, 0).sum(1) / weight.sum(1)


@torch.no_grad()
def sentence_features(
    bert: Bert,
    tokens: Int[Tensor, "sentences time"],
    *,
    padding: int = 0,
    batch_size: int = 32,
) -> Float[Tensor, "sentences width"]:
    """Return the mean features of each sentence, in evaluation mode and without gradients.

    Sentences of about the same length are read together, so that little padding is.

    Parameters
    ----------
    bert
        The encoder, left in the mode in which it was.
    tokens
        Sequences, filled up at the end, on the device of `bert`.
    padding
        The symbol that fills up.
    batch_size
        Sentences at once.

    Examples
    --------
    >>> bert = Bert(100, block=16, layers=1, heads=2, width=8)
    >>> sentence_features(bert, torch.tensor([[5, 6, 0], [7, 8, 9]])).shape
    torch.Size([2, 8])
    """
    before = bert.training
    bert.eval()
    real = tokens != padding
    lengths = real.sum(1)
    found = torch.empty(len(tokens), bert.width, dtype=bert.norm.weight.dtype, device=tokens.device)
    for rows in lengths.argsort().split(batch_size):
        longest = int(lengths[rows].max())
        some = real[rows, :longest]
        found[rows] = mean_over_places(bert(tokens[rows, :longest], some), some)
    bert.train(before)
    return found
