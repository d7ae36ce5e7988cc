"""Losses of language models against sums written out by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nsai.data.repeats import repeats
from nsai.training.language import (
    known_symbol_loss,
    known_symbols_right,
    next_symbol_loss,
    text_loss,
)


class Counter(nn.Module):
    """Has one symbol only, and is the surer the more places it has read: loss log(1 + 1/places)."""

    def forward(self, tokens):
        places = torch.arange(1.0, tokens.shape[1] + 1)
        logits = torch.stack((places.log(), torch.zeros_like(places)), -1)
        return logits.expand(len(tokens), -1, -1)


def places_of(last, block, stride):
    """Return how many symbols were read before each prediction, prediction by prediction."""
    made = {}
    block = min(block, last)
    ends = [*range(block, last, stride), last]
    for end in ends:
        for place in range(block):
            made.setdefault(end - block + place, place + 1)
    return [made[i] for i in range(last)]


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 12), st.integers(1, 12), st.integers(1, 5))
def test_each_symbol_is_predicted_once_with_the_first_window_that_reaches_it(
    length, block, stride, batch_size
):
    stride = min(stride, block)
    found = text_loss(
        Counter(), torch.zeros(length).long(), block=block, stride=stride, batch_size=batch_size
    )
    wanted = [math.log(1 + 1 / p) for p in places_of(length - 1, block, stride)]
    assert found == pytest.approx(sum(wanted) / len(wanted), rel=1e-5)


def test_a_bigram_model_has_its_loss_whatever_the_windows():
    g = torch.Generator().manual_seed(0)
    table = nn.Embedding.from_pretrained(torch.randn(5, 5, generator=g))
    text = torch.randint(5, (101,), generator=g)
    wanted = -table.weight.log_softmax(-1)[text[:-1], text[1:]].mean()
    for block, stride in [(100, None), (7, None), (8, 3), (200, 50), (5, 1)]:
        assert text_loss(table, text, block=block, stride=stride) == pytest.approx(wanted.item())


def test_loss_of_a_batch_is_the_mean_over_all_its_places():
    g = torch.Generator().manual_seed(0)
    table = nn.Embedding.from_pretrained(torch.randn(5, 5, generator=g))
    x, y = torch.randint(5, (2, 3, 4), generator=g)
    p = table.weight.softmax(-1)
    wanted = [-math.log(p[a, b]) for a, b in zip(x.flatten(), y.flatten(), strict=True)]
    assert next_symbol_loss(table, (x, y)).item() == pytest.approx(sum(wanted) / 12)


@pytest.mark.parametrize(
    ("length", "block", "stride", "message"),
    [
        (9, 4, 5, r"stride must lie in \[1, block = 4\], got 5"),
        (9, 4, 0, r"stride must lie in \[1, block = 4\], got 0"),
        (1, 4, 4, "at least two symbols, got 1"),
    ],
)
def test_errors_say_expected_and_got(length, block, stride, message):
    with pytest.raises(ValueError, match=message):
        text_loss(Counter(), torch.zeros(length).long(), block=block, stride=stride)


class LooksBack(nn.Module):
    """Is sure of what followed the last time, or of symbol 0 where a symbol is new."""

    def forward(self, tokens):
        logits = torch.zeros(*tokens.shape, 9)
        for row, line in enumerate(tokens.tolist()):
            for place, symbol in enumerate(line):
                before = [i for i in range(place) if line[i] == symbol]
                logits[row, place, line[before[-1] + 1] if before else 0] = 50.0
        return logits


def test_only_what_can_be_known_counts():
    some = repeats(20, 12, symbols=9, least=2, most=5, generator=torch.Generator().manual_seed(0))
    assert known_symbols_right(LooksBack(), some) == 1.0
    assert known_symbol_loss(LooksBack(), some) < 1e-6
    uniform = nn.Embedding.from_pretrained(torch.zeros(9, 9))
    assert known_symbol_loss(uniform, some).item() == pytest.approx(math.log(9))
