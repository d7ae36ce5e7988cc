"""N-gram models against dictionaries, hand computation and the laws of probability."""

import itertools
import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.ngram import Counts, NGram, discounts, hindsight_losses

texts = st.lists(st.integers(0, 3), min_size=6, max_size=60)


def brute_force(text, symbols, order, smoothing, scale=1.0):
    """Return p(w | context) by the recursion of the papers, on dictionaries of tuples."""
    grams = {
        k: [tuple(text[i : i + k]) for i in range(len(text) - k + 1)] for k in range(order + 2)
    }

    def counted(k):
        if smoothing == "witten-bell" or k == order:
            return Counter(grams[k])
        return Counter(longer[1:] for longer in set(grams[k + 1]))

    tables = {k: counted(k) for k in range(1, order + 1)}

    def cuts(k):
        every = [tables[k][gram] for gram in set(grams[k])]
        n = [every.count(j) for j in range(5)]
        made = [0.0]
        for j in (1, 2, 3):
            d = 0.0
            if n[1] and n[j]:
                y = n[1] / (n[1] + 2 * n[2])
                d = j - (j + 1) * y * n[j + 1] / n[j]
            d = d if 0 < d < j else j / 2
            made.append(min(d * scale, 0.99 * j))
        return made

    cut = {k: cuts(k) for k in range(1, order + 1)}

    def p(w, context, k):
        if k == 0:
            return 1 / symbols
        if len(context) < k - 1:
            return p(w, context, k - 1)
        near = tuple(context[len(context) - k + 1 :])
        table = {g: c for g, c in tables[k].items() if g[:-1] == near}
        total = sum(table.values())
        lower = p(w, context, k - 1)
        if total == 0:
            return lower
        c = table.get((*near, w), 0)
        if smoothing == "witten-bell":
            return (c + len(table) * lower) / (total + len(table))
        taken = {g: cut[k][min(3, v)] for g, v in table.items()}
        return (c - taken.get((*near, w), 0.0)) / total + sum(taken.values()) / total * lower

    return lambda w, context: p(w, context, order)


@pytest.mark.parametrize("smoothing", ["kneser-ney", "witten-bell"])
@settings(deadline=None)
@given(text=texts, order=st.integers(1, 4), scale=st.sampled_from([0.7, 1.0, 1.3]))
def test_every_probability_equals_the_recursion_on_dictionaries(smoothing, text, order, scale):
    model = NGram(torch.tensor(text), symbols=5, order=order, smoothing=smoothing, discount=scale)
    oracle = brute_force(text, 5, order, smoothing, scale)
    for context in [(), (0,), (3, 1), (4, 0, 1), tuple(text[:3]), tuple(text[-3:])]:
        wanted = torch.tensor([oracle(w, context) for w in range(5)], dtype=torch.float64)
        got = model.distribution(torch.tensor(context, dtype=torch.long))
        torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("smoothing", ["kneser-ney", "witten-bell"])
@settings(deadline=None)
@given(text=texts)
def test_probabilities_sum_to_one_after_every_context(smoothing, text):
    model = NGram(torch.tensor(text), symbols=4, order=3, smoothing=smoothing)
    for context in itertools.product(range(4), repeat=2):
        p = model.distribution(torch.tensor(context))
        assert p.min() >= 0
        assert float(p.sum()) == pytest.approx(1, abs=1e-12)


def test_witten_bell_bigram_by_hand():
    # a b a b a c with symbols a, b, c, d: after a come b, b, c.
    model = NGram(torch.tensor([0, 1, 0, 1, 0, 2]), symbols=4, order=2, smoothing="witten-bell")
    single = [(c + 3 / 4) / 9 for c in (3, 2, 1, 0)]
    wanted = [(c + 2 * p) / 5 for c, p in zip((0, 2, 1, 0), single, strict=True)]
    torch.testing.assert_close(model.distribution(torch.tensor([0])).tolist(), wanted)


def test_a_word_of_one_place_is_rare_elsewhere():
    # Kneser and Ney's "San Francisco": 3 is frequent but always follows 2.
    text = torch.tensor([0, 1, 2, 3, 0, 1, 2, 3, 1, 0, 2, 3, 0, 0, 1, 1, 0, 2, 3, 2, 3, 1, 2, 3, 0])
    plain = NGram(text, symbols=5, order=2, smoothing="witten-bell")
    kneser_ney = NGram(text, symbols=5, order=2)
    never_seen = torch.tensor([4])
    after_four = kneser_ney.distribution(never_seen)
    assert after_four[3] < after_four[[0, 1, 2]].min()
    assert plain.distribution(never_seen)[3] > plain.distribution(never_seen)[0] * 0.8


def test_log_prob_is_that_of_the_distribution_after_the_last_symbols():
    g = torch.Generator().manual_seed(0)
    text = torch.randint(6, (300,), generator=g)
    model = NGram(text[:250], symbols=6, order=4)
    found = model.log_prob(text[250:])
    for i, w in enumerate(text[250:]):
        p = model.distribution(text[250 : 250 + i])
        assert float(found[i]) == pytest.approx(math.log(p[w]), abs=1e-12)


@pytest.mark.parametrize("smoothing", ["kneser-ney", "witten-bell"])
def test_losses_of_lower_orders_are_those_of_models_of_that_order(smoothing):
    g = torch.Generator().manual_seed(1)
    text = (
        torch.randint(5, (400,), generator=g).sort().values[torch.randperm(400, generator=g) // 2]
    )
    losses = NGram(text[:300], symbols=5, order=4, smoothing=smoothing).losses(text[300:])
    for k in range(1, 5):
        alone = NGram(text[:300], symbols=5, order=k, smoothing=smoothing)
        assert float(-alone.log_prob(text[300:]).mean()) == pytest.approx(float(losses[k - 1]))


def test_a_deterministic_text_is_learnt_by_the_right_order_only():
    text = torch.tensor([0, 0, 1] * 100)
    losses = NGram(text, symbols=2, order=3).losses(text)
    assert losses[2] < 0.1 < 0.4 < losses[1]


def test_discounts_follow_chen_and_goodman():
    count = torch.tensor([1] * 10 + [2] * 4 + [3] * 2 + [4])
    y = 10 / 18
    wanted = [0.0, 1 - 2 * y * 4 / 10, 2 - 3 * y * 2 / 4, 3 - 4 * y * 1 / 2]
    torch.testing.assert_close(discounts(count).tolist(), wanted)


def test_no_singletons_fall_back_to_half_the_count():
    assert discounts(torch.tensor([2, 2, 5])).tolist() == [0, 0.5, 1, 1.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": 0}, r"order must lie in \[1, 4\].*got 0"),
        ({"order": 5}, r"order must lie in \[1, 4\].*got 5"),
        ({"symbols": 2}, r"symbols must lie in \[0, 2\), got 0 to 2"),
        ({"discount": 0.0}, "discount must be positive, got 0.0"),
    ],
)
def test_errors_say_expected_and_got(change, message):
    with pytest.raises(ValueError, match=message):
        NGram(torch.tensor([0, 1, 2, 0]), **({"symbols": 3, "order": 2} | change))


def test_an_unknown_symbol_in_the_read_text_is_an_error():
    model = NGram(torch.tensor([0, 1, 2, 0]), symbols=3, order=2)
    with pytest.raises(ValueError, match=r"\[0, 3\), got 1 to 3"):
        model.log_prob(torch.tensor([1, 3]))


def test_counts_are_those_of_a_dictionary():
    text = torch.randint(3, (60,), generator=torch.Generator().manual_seed(5))
    counts, seen = Counts(text, symbols=3, order=3), text.tolist()
    for k in range(3):
        grams = [tuple(seen[i : i + k + 1]) for i in range(len(seen) - k)]
        expected = sorted(Counter(grams).items())
        assert counts.counts[k].tolist() == [count for _, count in expected]
        if k < 2:
            longer = {tuple(seen[i : i + k + 2]) for i in range(len(seen) - k - 1)}
            before = Counter(gram[1:] for gram in longer)
            assert counts.places[k].tolist() == [before[gram] for gram, _ in expected]


def test_the_best_with_hindsight_is_the_best_of_all_that_were_tried():
    text = torch.randint(4, (300,), generator=torch.Generator().manual_seed(6))
    train, exam, shape = text[:200], text[200:], {"symbols": 4, "order": 3}
    found = hindsight_losses(train, exam, symbols=4, orders=3, scales=(0.5, 1.0))
    tried = [NGram(train, discount=d, **shape).losses(exam) for d in (0.5, 1.0)]
    assert torch.equal(found["kneser-ney"], torch.stack(tried).min(0).values)
    other = NGram(train, smoothing="witten-bell", **shape).losses(exam)
    assert torch.equal(found["witten-bell"], other)
