"""Folds over semirings against sums over the models, in float64, and the laws of semirings."""

from fractions import Fraction
from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import symbols
from torch import Tensor

from nsai import circuits
from nsai.circuits import NNF, NNFBuilder, cardinality, is_decomposable, is_deterministic, is_smooth
from nsai.circuits import smooth as smoothed
from nsai.circuits.nnf import Kind
from nsai.circuits.semirings import (
    Counting,
    Entropy,
    Expectation,
    Godel,
    Gradient,
    Log,
    MaxProduct,
    Probability,
    Semiring,
    evaluate,
)
from tests.oracles import formulas, models_by_truth_table

NAMES = symbols("a b c d e f")
N = len(NAMES)
EQUAL = {"atol": 1e-12, "rtol": 1e-10}


def table_of(formula) -> Tensor:
    """Return the models of a formula, bool (models, 6)."""
    rows = [[row[name] for name in NAMES] for row in models_by_truth_table(formula, NAMES)]
    return torch.tensor(rows, dtype=torch.bool).reshape(-1, N)


def graph_of(formula) -> NNF:
    return circuits.compile(formula, NAMES, cache=False).nnf


def weights_of(seed: int, batch: int = 3) -> tuple[Tensor, Tensor]:
    """Return weights that do not sum to one, with zeros among them."""
    generator = torch.Generator().manual_seed(seed)
    w = torch.rand(2, batch, N, dtype=torch.float64, generator=generator) * 2
    w[0, 0, seed % N] = 0.0
    w[1, 1, seed % 5] = 0.0
    return w[0], w[1]


@settings(max_examples=25)
@given(formulas(NAMES, max_leaves=12), st.integers(0, 2**31))
def test_every_semiring_equals_the_sum_over_models(formula, seed):
    nnf, table = graph_of(formula), table_of(formula)
    positive, negative = weights_of(seed)
    literals = torch.where(table, positive[:, None], negative[:, None])  # (batch, model, variable)
    weight = literals.prod(-1)
    total = weight.sum(1)
    found = evaluate(nnf, Probability(), positive, negative)
    torch.testing.assert_close(found, total, **EQUAL)
    torch.testing.assert_close(evaluate(nnf, Log(), positive, negative), total.log(), **EQUAL)
    assert evaluate(nnf, Counting()) == len(table) == nnf.model_count()
    worst = literals.clamp(max=1).amin(-1)
    best = worst.amax(1) if len(table) else torch.zeros(3, dtype=torch.float64)
    found = evaluate(nnf, Godel(), positive.clamp(max=1), negative.clamp(max=1))
    torch.testing.assert_close(found, best, atol=0, rtol=0)
    value, chosen = evaluate(nnf, MaxProduct(N), positive, negative)
    best = weight.amax(1) if len(table) else torch.zeros(3, dtype=torch.float64)
    torch.testing.assert_close(value, best, **EQUAL)
    if len(table):
        assert (chosen[:, None] == table).all(-1).any(-1).all()
        picked = torch.where(chosen, positive, negative).prod(-1)
        torch.testing.assert_close(picked, best, **EQUAL)


@settings(max_examples=15)
@given(formulas(NAMES, max_leaves=12), st.integers(0, 2**31))
def test_expectation_entropy_and_gradient_equal_the_sum_over_models(formula, seed):
    nnf, table = graph_of(formula), table_of(formula)
    positive, negative = weights_of(seed)
    up, down = positive.clone().requires_grad_(), negative.clone().requires_grad_()
    weight = torch.where(table, up[:, None], down[:, None]).prod(-1)
    weight.sum().backward()
    weight = weight.detach()
    value, slope = evaluate(nnf, Gradient(N), positive, negative)
    torch.testing.assert_close(value, weight.sum(1), **EQUAL)
    torch.testing.assert_close(slope, torch.stack((up.grad, down.grad), -2), **EQUAL)
    gain, loss = weights_of(seed + 1)
    value, added = evaluate(nnf, Expectation(gain, loss), positive, negative)
    sums = torch.where(table, gain[:, None], loss[:, None]).sum(-1)
    torch.testing.assert_close(value, weight.sum(1), **EQUAL)
    torch.testing.assert_close(added, (weight * sums).sum(1), **EQUAL)
    possible = weight.sum(1) > 0
    share = weight[possible] / weight[possible].sum(1, keepdim=True)
    entropy = Entropy.of(evaluate(nnf, Entropy(), positive, negative))[possible]
    torch.testing.assert_close(entropy, -torch.xlogy(share, share).sum(1), atol=1e-9, rtol=1e-9)


@settings(max_examples=15)
@given(formulas(NAMES, max_leaves=10), st.integers(1, 9))
def test_fractions_are_exact(formula, denominator):
    p = [Fraction(i + 1, denominator + N) for i in range(N)]
    total = held = Fraction(0)
    for row in table_of(formula).tolist():
        weight = prod(x if true else 1 - x for true, x in zip(row, p, strict=True))
        total, held = total + weight, held + weight * sum(row)
    nnf, complement = graph_of(formula), [1 - x for x in p]
    assert evaluate(nnf, Probability(), p, complement) == total
    assert evaluate(nnf, Expectation([1] * N, [0] * N), p, complement) == (total, held)


@settings(max_examples=25)
@given(formulas(NAMES, max_leaves=12))
def test_smoothing_keeps_models_and_other_properties(formula):
    nnf = graph_of(formula)
    result = smoothed(nnf)
    assert is_smooth(result)
    assert is_decomposable(result)
    assert is_deterministic(result)
    assert result.model_count() == nnf.model_count()
    everything = (1 << N) - 1
    assert result.scopes()[-1] == everything or result.kind[-1] == Kind.FALSE


def test_smoothing_shares_what_it_adds():
    n = 256
    builder = NNFBuilder(n)
    node = builder.literal(n)
    for i in range(n - 1, 0, -1):  # x1, or else x2, or else …
        node = builder.disjoin([builder.literal(i), builder.conjoin([builder.literal(-i), node])])
    result = smoothed(builder.build(node))
    assert is_smooth(result)
    assert result.model_count() == 2**n - 1
    assert result.edges < 20 * n  # n log n: one by one it were n² / 2


def test_constants_take_the_shape_of_the_weights():
    p = torch.rand(3, N, dtype=torch.float64)
    never, always = NNFBuilder(N).build(0), NNFBuilder(N).build(1)
    zeros, ones = p.new_zeros(3), p.new_ones(3)
    torch.testing.assert_close(evaluate(never, Probability(), p, 1 - p), zeros)
    torch.testing.assert_close(evaluate(always, Probability(), p, 1 - p), ones)
    torch.testing.assert_close(evaluate(never, Log(), p, 1 - p), zeros.log())
    torch.testing.assert_close(evaluate(never, Godel(), p, 1 - p), zeros)
    assert evaluate(never, MaxProduct(N), p, 1 - p)[1].shape == (3, N)
    assert evaluate(never, Gradient(N), p, 1 - p)[1].shape == (3, 2, N)
    assert evaluate(never, Counting()) == 0
    assert evaluate(always, Counting()) == 2**N
    assert evaluate(NNFBuilder(0).build(1), Counting()) == 1


class Possible(Semiring[bool]):
    """Whether some model has only literals that are allowed; free literals change nothing."""

    zero, one, neutral = False, True, True

    def plus(self, a: bool, b: bool) -> bool:
        return a or b

    def times(self, a: bool, b: bool) -> bool:
        return a and b


def test_a_users_own_semiring_takes_few_lines():
    exactly_two = cardinality(4, 2, 2)
    assert evaluate(exactly_two, Possible(), [True, False, True, False], [False, True, True, True])
    assert not evaluate(exactly_two, Possible(), [True] * 4, [False] * 4)
    true_inside = NNFBuilder(2)
    either = true_inside.disjoin([true_inside.literal(1), true_inside.literal(2)])
    assert evaluate(true_inside.build(either), Possible(), [True, False], [False, True])
    with pytest.raises(NotImplementedError):
        evaluate(exactly_two, Semiring(), [1] * 4, [1] * 4)


@pytest.mark.parametrize("wrong", [3, 5])
def test_wrong_weights_are_refused(wrong):
    nnf = cardinality(4, 2, 2)
    with pytest.raises(ValueError, match=f"each of 4 variables, got {wrong}"):
        evaluate(nnf, Probability(), torch.rand(2, wrong), torch.rand(2, wrong))
    with pytest.raises(ValueError, match="both positive and negative"):
        evaluate(nnf, Probability(), torch.rand(2, 4))


def scalars(low: float = 0.0, high: float = 2.0) -> st.SearchStrategy[Tensor]:
    return st.floats(low, high).map(lambda x: torch.tensor(x, dtype=torch.float64))


def pairs(*shape: int) -> st.SearchStrategy[tuple[Tensor, Tensor]]:
    size = torch.Size(shape).numel()
    rest = st.lists(st.floats(-2, 2), min_size=size, max_size=size)
    return st.tuples(
        scalars(), rest.map(lambda x: torch.tensor(x, dtype=torch.float64).reshape(shape))
    )


SEMIRINGS = {
    "probability": (Probability(), scalars()),
    "fractions": (Probability(), st.fractions(-3, 3)),
    "counting": (Counting(), st.integers(0, 10**30)),
    "log": (Log(), st.one_of(scalars(-700, 700), scalars(-1, 1))),
    "gödel": (Godel(), scalars(0, 1)),
    "gödel of numbers": (Godel(), st.fractions(0, 1)),
    "expectation": (Expectation([0], [0]), pairs()),
    "gradient": (Gradient(2), pairs(2, 2)),
}


def same(a: object, b: object) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return all(map(same, a, b))
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return torch.allclose(*(torch.as_tensor(x, dtype=torch.float64) for x in (a, b)))
    return a == b


@pytest.mark.parametrize("name", SEMIRINGS)
@settings(max_examples=50)
@given(data=st.data())
def test_semiring_laws_hold(name, data):
    semiring, values = SEMIRINGS[name]
    plus, times = semiring.plus, semiring.times
    a, b, c = data.draw(values), data.draw(values), data.draw(values)
    assert same(plus(plus(a, b), c), plus(a, plus(b, c)))
    assert same(plus(a, b), plus(b, a))
    assert same(times(times(a, b), c), times(a, times(b, c)))
    assert same(times(a, b), times(b, a))
    assert same(times(a, plus(b, c)), plus(times(a, b), times(a, c)))
    assert same(times(semiring.one, a), a)
    nothing = times(semiring.zero, a)
    assert same(plus(nothing, b), b)
    assert same(times(nothing, b), nothing)


@settings(max_examples=50)
@given(st.lists(scalars(0.1, 2), min_size=3, max_size=3, unique_by=float))
def test_laws_of_max_product_hold_for_models_of_different_weight(weights):
    semiring = MaxProduct(3)
    a, b, c = (semiring.literal(w, i) for i, w in enumerate(weights, 1))
    plus, times = semiring.plus, semiring.times
    assert same(plus(plus(a, b), c), plus(a, plus(b, c)))
    assert same(plus(a, b), plus(b, a))
    assert same(times(a, plus(b, c)), plus(times(a, b), times(a, c)))
    assert same(times(semiring.one, a), a)
    value, model = times(a, b)
    assert value == weights[0] * weights[1]
    assert model.tolist() == [True, True, False]


def test_marginals_of_the_circuit_are_those_of_the_gradient():
    nnf = cardinality(6, 2, 3)
    p = torch.rand(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    total, slope = evaluate(nnf, Gradient(6), p, 1 - p)
    circuit = circuits.circuit_from(nnf)
    torch.testing.assert_close(circuit.marginals(p), p * slope[:, 0] / total[:, None])
    entropy = Entropy.of(evaluate(nnf, Entropy(), p, 1 - p))
    torch.testing.assert_close(circuit.entropy(p), entropy)
    _, model = evaluate(nnf, MaxProduct(6), p, 1 - p)
    assert torch.equal(circuit.mpe(p), model)
    assert set(model.sum(-1).tolist()) <= {2, 3}
