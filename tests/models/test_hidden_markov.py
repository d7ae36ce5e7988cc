"""Guesses of a hidden Markov model against the sum over all of its sequences."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.hidden_markov import HiddenMarkov


def draw(states, symbols, seed=0):
    g = torch.Generator().manual_seed(seed)
    parts = [(states,), (states, states), (states, symbols)]
    weights = [torch.rand(size, generator=g, dtype=torch.float64) ** 3 + 1e-3 for size in parts]
    return HiddenMarkov(*(w / w.sum(-1, keepdim=True) for w in weights))


def joint(model, time):
    """Return the probability of every sequence, by a sum over every walk of the states."""
    states, symbols = model.emission.shape
    table = torch.zeros([symbols] * time, dtype=torch.float64)
    for walk in itertools.product(range(states), repeat=time):
        p = model.start[walk[0]]
        for a, b in itertools.pairwise(walk):
            p = p * model.transition[a, b]
        for said in itertools.product(range(symbols), repeat=time):
            each = [model.emission[s, x] for s, x in zip(walk, said, strict=True)]
            table[said] += p * torch.stack(each).prod()
    return table


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(2, 3), st.integers(0, 100), st.booleans())
def test_guesses_equal_the_sum_over_all_sequences(states, symbols, seed, both_sides):
    time, model = 4, draw(states, symbols, seed)
    table = joint(model, time)
    g = torch.Generator().manual_seed(seed)
    evidence = torch.rand(1, time, symbols, generator=g, dtype=torch.float64)
    found = model.guesses(evidence, both_sides=both_sides)[0]
    for t in range(time):
        weight = table
        for s in range(time):
            if s < t or (both_sides and s > t):
                shape = [symbols if i == s else 1 for i in range(time)]
                weight = weight * evidence[0, s].reshape(shape)
        wanted = weight.sum([s for s in range(time) if s != t])
        torch.testing.assert_close(found[t], wanted / wanted.sum(), rtol=0, atol=1e-12)


def test_a_visible_chain_needs_its_neighbours_only():
    g = torch.Generator().manual_seed(0)
    A = torch.rand(5, 5, generator=g, dtype=torch.float64)
    A = A / A.sum(1, keepdim=True)
    chain = HiddenMarkov(torch.ones(5) / 5, A, torch.eye(5))
    tokens = torch.tensor([[0, 1, 9, 3, 4]])
    found = chain.guesses(chain.plain(tokens))[0, 2]
    wanted = A[1] * A[:, 3]
    torch.testing.assert_close(found, wanted / wanted.sum())
    left = chain.guesses(chain.plain(tokens), both_sides=False)[0, 2]
    torch.testing.assert_close(left, A[1])


def test_samples_have_the_probabilities_of_the_model():
    model = draw(3, 2)
    rows = model.sample(40000, 3, torch.Generator().manual_seed(0))
    assert rows.shape == (40000, 3)
    number = (rows * torch.tensor([4, 2, 1])).sum(1)
    share = torch.bincount(number, minlength=8) / 40000
    torch.testing.assert_close(share.double(), joint(model, 3).flatten(), rtol=0, atol=0.0125)


def test_no_guess_is_better_on_average():
    model = draw(3, 4)
    tokens = model.sample(4000, 6, torch.Generator().manual_seed(0))
    p = model.guesses(model.plain(tokens))
    left = model.guesses(model.plain(tokens), both_sides=False)

    def loss(q):
        return -q.gather(-1, tokens[..., None]).log().mean()

    assert loss(p) < loss(left)
    for weight in (0.1, 0.5):
        assert loss(p) < loss((1 - weight) * p + weight / 4)
        assert loss(p) < loss(torch.softmax((1 + weight) * p.log(), -1))


def test_plain_evidence_is_none_where_nothing_is_seen():
    found = draw(2, 3).plain(torch.tensor([[1, 3, -1]]))
    assert found.tolist() == [[[0, 1, 0], [1, 1, 1], [1, 1, 1]]]


def test_long_sequences_do_not_underflow():
    model = draw(3, 4)
    tokens = model.sample(2, 2000, torch.Generator().manual_seed(0))
    found = model.guesses(model.plain(tokens))
    torch.testing.assert_close(found.sum(-1), torch.ones(2, 2000, dtype=torch.float64))


def test_wrong_matrices_and_evidence_are_errors():
    half, one = torch.tensor([0.5, 0.5]), torch.eye(2)
    with pytest.raises(ValueError, match=r"expected \(n,\), \(n, n\)"):
        HiddenMarkov(half, torch.eye(2), torch.eye(3))
    with pytest.raises(ValueError, match="row of transition must be a distribution"):
        HiddenMarkov(half, 2 * one, one)
    with pytest.raises(ValueError, match="row of start must be a distribution"):
        HiddenMarkov(torch.tensor([1.5, -0.5]), one, one)
    model = HiddenMarkov(half, one, one)
    with pytest.raises(ValueError, match=r"\(\.\., \.\., 2\), got \(1, 3, 4\)"):
        model.guesses(torch.ones(1, 3, 4))
    with pytest.raises(ValueError, match="evidence must be at least 0"):
        model.guesses(-torch.ones(1, 3, 2))
    with pytest.raises(ValueError, match="probability 0"):
        model.guesses(model.plain(torch.tensor([[0, 1, 0]])))
