import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard
from sklearn.linear_model import Perceptron as Peer

from nsai.models.margin import maximum_margin
from nsai.models.perceptron import Perceptron, reachable_weights

XOR = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([-1.0, 1, 1, -1])


def separable(seed: int, features: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(200, features, generator=g, dtype=torch.float64)
    score = x @ torch.randn(features, generator=g, dtype=torch.float64) + 0.2
    keep = score.abs() > 0.1
    return x[keep], score[keep].sign()


def plain_rule(x, y, epochs):
    """Oracle: the rule as the paper says it, one sample at a time."""
    w, mistakes, total, shown = torch.zeros(x.shape[1] + 1, dtype=x.dtype), 0, 0.0, 0
    for _ in range(epochs):
        before = mistakes
        for features, sign in zip(x, y, strict=True):
            z = sign * torch.cat([features, torch.ones(1, dtype=x.dtype)])
            if float(w @ z) <= 0:
                w = w + z
                mistakes += 1
            total = total + w
            shown += 1
        if mistakes == before:
            break
    return w, mistakes, total / shown


@pytest.mark.parametrize("seed", range(3))
def test_skipping_to_the_next_mistake_equals_the_plain_rule(seed):
    x, y = separable(seed)
    unit = Perceptron(4, dtype=torch.float64)
    trace = unit.learn(x, y, epochs=50)
    w, mistakes, average = plain_rule(x, y, 50)
    assert trace.mistakes == mistakes
    torch.testing.assert_close(unit.weights, w)
    torch.testing.assert_close(trace.average, average)


def test_weights_equal_scikit_learn():
    x, y = separable(7)
    trace = Perceptron(4, dtype=torch.float64).learn(x, y, epochs=5)
    peer = Peer(max_iter=5, tol=None, shuffle=False).fit(x.numpy(), y.numpy())
    torch.testing.assert_close(trace.weights[-1, :-1], torch.from_numpy(peer.coef_[0]))
    assert float(trace.weights[-1, -1]) == pytest.approx(float(peer.intercept_[0]))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_mistakes_never_exceed_novikoffs_bound(seed, features):
    x, y = separable(seed, features)
    g = torch.Generator().manual_seed(seed)
    trace = Perceptron(features, dtype=torch.float64).learn(x, y, generator=g, epochs=100_000)
    assert trace.converged
    assert trace.mistakes <= maximum_margin(x, y).mistakes


@pytest.mark.parametrize("seed", range(3))
def test_orthogonal_samples_cost_one_mistake_each_in_any_order(seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.tensor(hadamard(32)[:, 1:], dtype=torch.float64)
    y = torch.randint(2, (32,), generator=g) * 2.0 - 1
    trace = Perceptron(31, dtype=torch.float64).learn(x, y, generator=g)
    assert sorted(trace.examples.tolist()) == list(range(32))
    assert trace.converged


def test_rate_scales_the_weights_and_changes_no_answer():
    x, y = separable(1)
    one = Perceptron(4, dtype=torch.float64).learn(x, y)
    four = Perceptron(4, dtype=torch.float64).learn(x, y, rate=4.0)
    torch.testing.assert_close(4 * one.weights, four.weights)
    assert one.examples.tolist() == four.examples.tolist()


def test_xor_is_never_learned_and_stays_within_the_reachable_states():
    x, y = XOR
    states = {tuple(row) for row in reachable_weights(x, y).tolist()}
    for seed in range(3):
        g = torch.Generator().manual_seed(seed)
        trace = Perceptron(2).learn(x, y, epochs=500, generator=g)
        assert not trace.converged
        assert {tuple(row) for row in trace.weights.tolist()} <= states


def test_no_reachable_state_answers_all_of_xor():
    x, y = XOR
    for w in reachable_weights(x, y):
        assert bool((y * (x @ w[:2] + w[2]) <= 0).any())


def test_reachable_states_are_limited_and_whole():
    with pytest.raises(ValueError, match="whole numbers"):
        reachable_weights(torch.tensor([[0.5]]), torch.tensor([1.0]))
    with pytest.raises(ValueError, match="limit = 10"):
        reachable_weights(*XOR, limit=10)


def test_same_seed_same_trace():
    x, y = separable(2)
    first, second = (
        Perceptron(4, dtype=torch.float64).learn(x, y, generator=torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert torch.equal(first.weights, second.weights)


def test_survival_counts_every_right_answer():
    x, y = separable(3)
    trace = Perceptron(4, dtype=torch.float64).learn(x, y, epochs=7)
    assert int(trace.survived.sum()) + trace.mistakes in {len(x) * k for k in range(1, 8)}


def test_wrong_number_of_features_is_named():
    with pytest.raises(ValueError, match="4 features, got 2"):
        Perceptron(4).learn(*XOR)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Perceptron(0)
