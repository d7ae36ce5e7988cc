"""Batches of sentences by length, teacher forcing, and what counts as right."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nsai.models.seq2seq import (
    END,
    PAD,
    START,
    AttentiveSeq2Seq,
    EncoderDecoder,
    Seq2Seq,
)
from nsai.training import fit
from nsai.training.sequences import (
    right_sequences,
    sequence_batches,
    shifted,
    teacher_forcing_loss,
    train_sequences,
    translate,
    trimmed,
)


def padded(lengths, seed=0, symbols=9):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(4, symbols, (len(lengths), max(lengths)), generator=generator)
    place = torch.arange(max(lengths))
    last = torch.tensor(lengths)[:, None] - 1
    return rows.masked_fill(place == last, END).masked_fill(place > last, PAD)


class Copier(EncoderDecoder):
    """Writes what it reads, but for sentences that begin with 4: those it does not end."""

    def __init__(self):
        super().__init__(9, 9, width=1)

    def generate(self, source, most):
        written = nn.functional.pad(source, (0, most))[:, :most]
        first = source[:, :1] == 4
        return torch.where(first & ((written == END) | (written == PAD)), 5, written)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=80), st.integers(1, 5), st.integers(0, 9))
def test_an_epoch_has_every_sentence_once_with_its_partner(lengths, size, seed):
    source = padded(lengths)
    target = torch.where(source > 3, source + 10, source)
    generator = torch.Generator().manual_seed(seed)
    options = {"batch_size": size, "epochs": 2, "generator": generator}
    rows = []
    for x, y in sequence_batches(source, target, **options):
        assert len(x) <= size
        assert (y != PAD).any(0).all()
        assert torch.equal(torch.where(x > 3, x + 10, x), y)
        rows += [tuple(row[row != PAD].tolist()) for row in x]
    expected = [tuple(row[row != PAD].tolist()) for row in source]
    for half in (rows[: len(expected)], rows[len(expected) :]):
        assert sorted(half) == sorted(expected)


def test_batches_hold_little_filler_and_come_in_random_order():
    lengths = torch.randint(1, 40, (1000,), generator=torch.Generator().manual_seed(0)).tolist()
    tokens = padded(lengths)
    generator = torch.Generator().manual_seed(0)
    options = {"batch_size": 20, "epochs": 1, "generator": generator}
    batches = list(sequence_batches(tokens, tokens, **options))
    filler = sum((y == PAD).sum().item() for _, y in batches) / sum(y.numel() for _, y in batches)
    assert filler < 0.05 < (tokens == PAD).double().mean()
    widths = [y.shape[1] for _, y in batches]
    assert widths != sorted(widths)


def test_batches_go_on_from_a_state():
    tokens = padded([3, 1, 4, 1, 5, 9, 2, 6] * 5)
    options = {"batch_size": 3, "epochs": 3}
    first = sequence_batches(tokens, tokens, **options, generator=torch.Generator().manual_seed(1))
    for _ in range(17):
        next(first)
    state = first.state_dict()
    second = sequence_batches(tokens, tokens, **options, generator=torch.Generator())
    rest = [y.clone() for y, _ in first]
    second.load_state_dict(state)
    again = [y for y, _ in second]
    assert len(rest) == len(again) == 3 * 14 - 17
    assert all(torch.equal(a, b) for a, b in zip(rest, again, strict=True))


class KilledError(Exception):
    """Training was killed."""


def test_killed_training_goes_on_to_the_same_weights(tmp_path):
    tokens = padded([3, 1, 4, 1, 5, 2, 6] * 3)

    def run(file=None, steps=1000):
        torch.manual_seed(0)
        model = AttentiveSeq2Seq(9, 9, width=3, units=4)
        generator = torch.Generator().manual_seed(0)
        batches = sequence_batches(tokens, tokens, batch_size=4, epochs=3, generator=generator)
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        taken = []

        def loss(model, batch):
            taken.append(1)
            if len(taken) > steps:
                raise KilledError
            return teacher_forcing_loss(model, batch)

        fit(model, batches, loss, optimizer, checkpoint=file, checkpoint_every=5)
        return model.state_dict(), len(taken)

    whole, steps = run()
    with pytest.raises(KilledError):
        run(tmp_path / "training.pt", 12)
    again, rest = run(tmp_path / "training.pt")
    assert (steps, rest) == (18, 8)
    assert all(torch.equal(weight, whole[name]) for name, weight in again.items())


@pytest.mark.parametrize(("sources", "size", "epochs"), [(2, 1, 1), (3, 0, 1), (3, 1, -1)])
def test_impossible_batches_are_refused(sources, size, epochs):
    tokens = padded([2, 3, 4])
    options = {"batch_size": size, "epochs": epochs, "generator": torch.Generator()}
    with pytest.raises(ValueError, match="expected"):
        sequence_batches(tokens[:sources], tokens, **options)


def test_trimming_and_shifting():
    tokens = torch.tensor([[4, 5, END, PAD], [6, END, PAD, PAD]])
    assert trimmed(tokens).tolist() == tokens[:, :3].tolist()
    assert shifted(tokens).tolist() == [[START, 4, 5, END], [START, 6, END, PAD]]


@pytest.mark.parametrize("build", [Seq2Seq, AttentiveSeq2Seq])
def test_the_loss_is_the_mean_over_words_that_are_there(build):
    torch.manual_seed(0)
    model = build(9, 9, width=3, units=4).double()
    source, target = padded([3, 2]), padded([4, 2], seed=1)
    total = 0.0
    for x, y in zip(source, target, strict=True):
        x, y = x[x != PAD][None], y[y != PAD]
        before = torch.cat((torch.tensor([START]), y[:-1]))[None]
        p = model(x, before)[0].softmax(-1).detach()
        total -= sum(math.log(p[i, word]) for i, word in enumerate(y))
    found = teacher_forcing_loss(model, (source, target))
    assert found.item() == pytest.approx(total / 6, abs=1e-12)


def test_right_means_every_word_and_the_end():
    source = torch.tensor([[6, 7, END, PAD], [4, 7, END, PAD], [4, 6, 7, END], [6, END, PAD, PAD]])
    assert right_sequences(Copier(), source, source).tolist() == [True, False, False, True]
    wrong = source.clone()
    wrong[0, 1] = 8
    assert right_sequences(Copier(), source, wrong).tolist() == [False, False, False, True]
    longer = torch.tensor([[6, 7, END]]), torch.tensor([[6, END, PAD]])
    assert not right_sequences(Copier(), *longer)[0]


def test_translations_come_in_the_order_of_the_sources():
    source = padded([3, 1, 6, 2, 5, 4, 1])
    source[source == 4] = 8
    written = translate(Copier(), source, most=6, batch_size=2)
    assert torch.equal(written, source)


def test_judging_leaves_the_mode_of_the_model():
    model = Seq2Seq(9, 9, width=3, units=4, dropout=0.5)
    words = padded([3, 2])
    model.train()
    first = translate(model, words, most=5)
    assert model.training
    assert torch.equal(first, translate(model, words, most=5))
    model.eval()
    right_sequences(model, words, words)
    assert not model.training


@pytest.mark.parametrize("hidden_rate", [None, 0.02])
def test_attention_learns_to_reverse(hidden_rate):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    words = padded([3] * 60, symbols=7)
    turned = torch.cat((words[:, :2].flip(1), words[:, 2:]), 1)
    model = AttentiveSeq2Seq(7, 7, width=8, units=16)
    options = {"epochs": 30, "rate": 0.02, "batch_size": 20, "hidden_rate": hidden_rate}
    losses = train_sequences(model, words, turned, generator=generator, **options)
    assert len(losses) == 90
    assert losses[-1] < 0.1 < losses[0]
    assert right_sequences(model, words, turned).all()
