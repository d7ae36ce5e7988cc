"""Words as numbers, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsai.models.seq2seq import END, PAD, UNKNOWN
from nsai.training.vocabulary import SPECIAL, Vocabulary

WORDS = st.text("abcde", min_size=1, max_size=3)
SENTENCES = st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=12)


@given(SENTENCES)
def test_decoding_undoes_encoding(sentences):
    vocabulary = Vocabulary.of(sentences)
    assert vocabulary.decode(vocabulary.encode(sentences)) == sentences
    assert list(vocabulary.words[4:]) == sorted({w for s in sentences for w in s.split()})
    assert vocabulary.words[:4] == SPECIAL


@given(SENTENCES)
def test_sentences_end_with_end_and_then_filler(sentences):
    tokens = Vocabulary.of(sentences).encode(sentences)
    for sentence, row in zip(sentences, tokens.tolist(), strict=True):
        count = len(sentence.split())
        assert row[count] == END
        assert min(row[:count], default=4) >= 4
        assert set(row[count + 1 :]) <= {PAD}


def test_rare_and_new_words_are_unknown():
    vocabulary = Vocabulary.of(["a b", "a"], least=2)
    assert len(vocabulary) == 5
    assert vocabulary.encode(["a b c"]).tolist() == [[4, UNKNOWN, UNKNOWN, END]]
    assert vocabulary.encode([]).shape == (0, 0)


@pytest.mark.parametrize("words", [("a", "b"), (*SPECIAL, "a", "a")])
def test_a_vocabulary_needs_the_special_words_and_each_once(words):
    with pytest.raises(ValueError, match="must be distinct and begin with"):
        Vocabulary(words)
