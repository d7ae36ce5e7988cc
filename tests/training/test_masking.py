"""Hiding symbols: shares, the channel against counts, and the best answer against Bayes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nsai.models.bert import Bert, MaskedBert
from nsai.models.hidden_markov import HiddenMarkov
from nsai.training.masking import Masking, masked_loss, train_masked

CHANCES = st.tuples(st.floats(0.01, 1), st.floats(0, 1), st.floats(0, 1)).map(
    lambda c: {"share": c[0], "replaced": c[1], "scrambled": (1 - c[1]) * c[2]}
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_shares_are_those_of_the_paper():
    tokens = torch.randint(1000, (400, 500), generator=generator())
    shown = Masking(1000, 1000)(tokens, generator(1))
    n = int(shown.chosen.sum())
    assert n / tokens.numel() == pytest.approx(0.15, abs=0.004)
    asked, stood = shown.tokens[shown.chosen], shown.targets[shown.chosen]
    assert (asked == 1000).double().mean().item() == pytest.approx(0.8, abs=0.01)
    assert (asked == stood).double().mean().item() == pytest.approx(0.1, abs=0.01)
    wrong = asked[(asked != 1000) & (asked != stood)]
    assert len(wrong) / n == pytest.approx(0.1, abs=0.01)
    assert wrong.double().mean().item() == pytest.approx(499.5, abs=25)
    assert torch.equal(shown.tokens[~shown.chosen], tokens[~shown.chosen])
    assert torch.equal(shown.targets, tokens)


@given(CHANCES, st.integers(0, 100))
def test_only_chosen_places_change_and_only_allowed_ones_are_chosen(chances, seed):
    tokens = torch.randint(5, (4, 7), generator=generator(seed))
    allowed = torch.rand(4, 7, generator=generator(seed + 1)) < 0.5
    shown = Masking(5, 9, **chances)(tokens, generator(seed), allowed=allowed)
    assert not bool((shown.chosen & ~allowed).any())
    assert bool((shown.tokens == tokens)[~shown.chosen].all())
    assert set(shown.tokens.unique().tolist()) <= {0, 1, 2, 3, 4, 9}


def test_the_same_generator_hides_the_same_places():
    tokens = torch.randint(5, (4, 7), generator=generator())
    first, second = (Masking(5, 5)(tokens, generator(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("chosen", [False, True])
def test_evidence_is_how_often_it_is_shown(chosen):
    rule = Masking(3, 3, share=0.5, replaced=0.5, scrambled=0.3)
    x = torch.arange(3).repeat_interleave(100000)[None]
    shown = rule(x, generator())
    counts = torch.zeros(3, 4)
    kept = shown.chosen if chosen else torch.ones_like(shown.chosen)
    pairs = torch.stack((x[kept], shown.tokens[kept]))
    counts.index_put_(tuple(pairs), torch.ones(pairs.shape[1]), accumulate=True)
    found = rule.evidence(torch.arange(4)[None], chosen=chosen)[0].T
    share = (counts / counts.sum(1, keepdim=True)).double()
    torch.testing.assert_close(found, share, rtol=0, atol=0.01)


@given(CHANCES, st.booleans())
def test_evidence_is_a_channel(chances, chosen):
    found = Masking(4, 7, **chances).evidence(torch.tensor([[0, 1, 2, 3, 7]]), chosen=chosen)
    torch.testing.assert_close(found[0].sum(0), torch.ones(4, dtype=torch.float64))


def test_the_best_answer_is_that_of_counting():
    # every sequence of two symbols that is shown, and how often each symbol stood at a chosen place
    A = torch.tensor([[0.9, 0.1], [0.3, 0.7]])
    language = HiddenMarkov(torch.tensor([0.6, 0.4]), A, torch.eye(2))
    rule = Masking(2, 2, share=0.5, replaced=0.5, scrambled=0.25)
    shown = rule(language.sample(400000, 2, generator()), generator(1))
    best = language.guesses(rule.evidence(shown.tokens)) * rule.evidence(shown.tokens, chosen=True)
    best = best / best.sum(-1, keepdim=True)
    for seen in ([2, 0], [0, 1], [1, 2], [1, 0], [2, 2]):
        rows = (shown.tokens == torch.tensor(seen)).all(1) & shown.chosen[:, 0]
        share = shown.targets[rows, 0].double().mean().item()
        error = 5 * math.sqrt(0.25 / int(rows.sum()))
        assert best[rows][0, 0, 1].item() == pytest.approx(share, abs=error)


def test_the_loss_counts_chosen_places_only():
    logits = torch.randn(2, 3, 4, generator=generator(), requires_grad=True)

    class Fixed(nn.Module):
        def forward(self, tokens):
            return logits

    tokens = torch.tensor([[0, 1, 2], [3, 2, 1]])
    batch = Masking(4, 4, share=0.5)(tokens, generator(2))
    assert 0 < int(batch.chosen.sum()) < 6
    loss = masked_loss(Fixed(), batch)
    p = logits.softmax(-1)
    wanted = [-p[i, t, tokens[i, t]].log() for i, t in batch.chosen.nonzero().tolist()]
    torch.testing.assert_close(loss, torch.stack(wanted).mean())
    (slope,) = torch.autograd.grad(loss, logits)
    assert bool((slope[~batch.chosen] == 0).all())


def test_the_loss_of_nothing_is_zero():
    model = nn.Embedding(4, 4)
    batch = Masking(3, 3, share=0.0)(torch.tensor([[0, 1]]), generator())
    loss = masked_loss(model, batch)
    loss.backward()
    assert loss.item() == 0


def test_training_reads_every_sequence_once_and_fills_gaps():
    # 0 1 2 0 1 2: any neighbour tells; with one place in two hidden, someone nearly always does
    torch.manual_seed(0)
    turns = (torch.arange(6) + torch.randint(3, (6410, 1), generator=generator())) % 3
    model = MaskedBert(Bert(4, block=6, layers=1, heads=2, width=16, spread=0.2))
    rule = Masking(3, 3, share=0.5, replaced=1.0, scrambled=0.0)
    options = {"batch_size": 32, "generator": generator(1)}
    history = train_masked(model, turns, rule, **options, evaluate=lambda m: 7, evaluate_every=100)
    assert len(history.loss) == 201
    assert history.evaluations == [(100, 7), (200, 7), (201, 7)]
    shown = rule(turns[:500], generator(2))
    known = shown.chosen & (shown.tokens != 3).any(1, keepdim=True)
    with torch.no_grad():
        right = model(shown.tokens)[..., :3].argmax(-1) == turns[:500]
    assert right[known].double().mean() > 0.95


def test_training_goes_on_from_a_checkpoint_to_the_same_weights(tmp_path):
    sequences = torch.randint(5, (120, 6), generator=generator())

    def train(rows, checkpoint=None):
        torch.manual_seed(0)
        model = MaskedBert(Bert(6, block=6, layers=1, heads=2, width=8))
        options = {"batch_size": 10, "generator": generator(1), "checkpoint": checkpoint}
        return model, train_masked(model, rows, Masking(5, 5), **options)

    straight, history = train(sequences)
    train(sequences, tmp_path / "masked.pt")
    again, resumed = train(sequences, tmp_path / "masked.pt")
    assert resumed.loss == history.loss
    for a, b in zip(straight.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share": 1.5}, r"share must lie in \[0, 1\], got 1.5"),
        ({"replaced": -0.1}, r"replaced must lie in \[0, 1\], got -0.1"),
        ({"replaced": 0.8, "scrambled": 0.3}, "must be at most 1, got 1.1"),
        ({"symbols": 0}, "expected symbols >= 1"),
        ({"mask": 2}, "a mask outside of them, got 5 and 2"),
    ],
)
def test_wrong_rules_say_expected_and_got(change, message):
    with pytest.raises(ValueError, match=message):
        Masking(**{"symbols": 5, "mask": 5} | change)
