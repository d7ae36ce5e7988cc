"""Means over places and classifiers on them, against each sentence alone."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nsai.models import Copies
from nsai.models.bert import Bert
from nsai.models.sentences import BertClassifier, mean_over_places, sentence_features
from nsai.training import fit, minibatches


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def small(**options):
    torch.manual_seed(0)
    shape = {"block": 9, "layers": 2, "heads": 2, "width": 8, "spread": 0.5} | options
    return Bert(11, **shape).double().eval()


def text(batch=3, time=9, symbols=11):
    return torch.randint(symbols, (batch, time), generator=generator())


def padded(lengths, time=9):
    return torch.arange(time) < torch.tensor(lengths)[:, None]


@settings(max_examples=20)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_mean_over_places_is_the_mean_of_each_sequence_alone(lengths):
    x = torch.randn(len(lengths), 9, 5, generator=generator())
    wanted = torch.stack([row[:n].mean(0) for row, n in zip(x, lengths, strict=True)])
    torch.testing.assert_close(mean_over_places(x, padded(lengths)), wanted)


def test_what_is_not_a_number_at_padded_places_does_no_harm():
    x = torch.tensor([[[1.0], [float("nan")]]])
    assert mean_over_places(x, padded([1], 2)).item() == 1


def test_sentence_features_are_those_of_each_sentence_alone():
    model = small()
    lengths = [9, 2, 5, 1, 7]
    tokens = text(5).clamp(min=1) * padded(lengths)
    found = sentence_features(model, tokens, batch_size=2)
    for row, n, features in zip(tokens, lengths, found, strict=True):
        torch.testing.assert_close(features, model(row[None, :n])[0].mean(0))
    assert not found.requires_grad


def test_sentence_features_leave_the_mode_of_the_model():
    for mode in (True, False):
        model = small(dropout=0.5).train(mode)
        tokens = text().clamp(min=1)
        first, second = (sentence_features(model, tokens) for _ in range(2))
        assert torch.equal(first, second)
        assert model.training is mode


def test_a_classifier_does_not_see_padding():
    model = BertClassifier(small(), 2).double()
    short = torch.tensor([[3, 4, 5]])
    longer = torch.tensor([[3, 4, 5, 0, 0]])
    torch.testing.assert_close(model(longer), model(short))


def test_classifiers_side_by_side_answer_as_if_alone():
    nets = [BertClassifier(Bert(11, block=9, layers=1, heads=2, width=8), 2) for _ in range(3)]
    tokens = text(12).view(3, 4, 9).clamp(min=1) * padded([9, 5, 2, 7])
    together = Copies(nets)(tokens)
    for net, x, found in zip(nets, tokens, together, strict=True):
        torch.testing.assert_close(found, net(x))


def test_a_classifier_learns_the_order_of_two_symbols():
    torch.manual_seed(0)
    tokens = torch.randint(1, 6, (400, 6), generator=generator())
    y = torch.tensor([0, 1]).repeat(200)
    tokens[:, 1:3] = torch.where(y[:, None] == 1, torch.tensor([6, 7]), torch.tensor([7, 6]))
    model = BertClassifier(Bert(8, block=6, layers=1, heads=2, width=16, spread=0.1), 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    batches = minibatches(tokens, y, batch_size=50, epochs=15, generator=generator())
    fit(model, batches, lambda m, b: nn.functional.cross_entropy(m(b[0]), b[1]), optimizer)
    assert (model(tokens).argmax(1) == y).double().mean() > 0.95
