"""Fuzzy semantics against truth tables, closed forms and finite differences."""

import itertools
import math
import subprocess
import sys

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import ITE, And, Equivalent, Implies, Not, Or, Symbol, Xor, symbols

from nsai.logic import Cardinality, FormulaError, at_least, at_most, exactly, exactly_one
from nsai.logic.fuzzy import (
    Goedel,
    LogProduct,
    Lukasiewicz,
    Product,
    evaluate,
    semantics_named,
    tautology_gap,
)

X = symbols("x0:6")
KINDS = [Product, LogProduct, Lukasiewicz, Goedel]
ALL = [kind(implication) for kind in KINDS for implication in ("s", "residuum")]
NAMES = [f"{type(meaning).__name__}-{meaning.implication}" for meaning in ALL]
every_semantics = pytest.mark.parametrize("meaning", ALL, ids=NAMES)
degrees = st.floats(0, 1, allow_subnormal=False)


def holds(formula, world):
    """Return classical truth by recursion, without sympy's own evaluation."""
    if isinstance(formula, Symbol):
        return world[formula]
    if isinstance(formula, Cardinality):
        return formula.low <= sum(holds(f, world) for f in formula.operands) <= formula.high
    x = [holds(f, world) for f in formula.args]
    match formula:
        case Not():
            return not x[0]
        case And():
            return all(x)
        case Or():
            return any(x)
        case Implies():
            return not x[0] or x[1]
        case Xor():
            return sum(x) % 2 == 1
        case Equivalent():
            return len(set(x)) == 1
        case ITE():
            return x[1] if x[0] else x[2]
    return bool(formula)  # a constant; anything else raises


def compound(parts):
    several = st.lists(parts, min_size=2, max_size=4)
    counted = st.tuples(st.integers(0, 3), st.integers(0, 3), several)
    return st.one_of(
        parts.map(Not),
        several.map(lambda x: And(*x)),
        several.map(lambda x: Or(*x)),
        several.map(lambda x: Xor(*x)),
        several.map(lambda x: Equivalent(*x)),
        st.tuples(parts, parts).map(lambda x: Implies(*x)),
        st.tuples(parts, parts, parts).map(lambda x: ITE(*x)),
        counted.map(lambda x: Cardinality(x[0], x[0] + x[1], *x[2])),
    )


formulas = st.recursive(st.sampled_from(X), compound, max_leaves=8).filter(lambda f: f.free_symbols)


def corners(n, dtype=torch.float64):
    return torch.tensor(list(itertools.product((0, 1), repeat=n)), dtype=dtype)


def truths(formula, p, meaning, variables=X):
    meaning = semantics_named(meaning)
    return meaning.truth(evaluate(formula, p, variables, meaning))


def interior(rows, n, seed=0):
    return torch.rand(rows, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=40, deadline=None)
@example(formula=Implies(ITE(X[0], X[1], X[0]), X[0]))
@given(formula=formulas)
def test_every_semantics_is_classical_at_the_corners_with_finite_gradients(formula):
    n = len(formula.free_symbols)
    variables = sorted(formula.free_symbols, key=str)
    worlds = [dict(zip(variables, w, strict=True)) for w in itertools.product((0, 1), repeat=n)]
    wanted = torch.tensor([holds(formula, world) for world in worlds], dtype=torch.float32)
    for meaning in ALL:
        p = corners(n, torch.float32).requires_grad_()
        score = evaluate(formula, p, variables, meaning)
        torch.testing.assert_close(meaning.truth(score), wanted, rtol=0, atol=1e-6)
        (slope,) = torch.autograd.grad(meaning.loss(score).sum(), p)
        assert bool(slope.isfinite().all()), (meaning, formula)


@settings(max_examples=40, deadline=None)
@given(formula=formulas, seed=st.integers(0, 1000))
def test_truths_stay_in_the_unit_interval(formula, seed):
    p = interior(16, len(X), seed)
    for meaning in ALL:
        truth = truths(formula, p, meaning)
        assert bool(((truth >= 0) & (truth <= 1 + 1e-12)).all()), meaning


@settings(max_examples=6, deadline=None)
@given(formula=formulas, seed=st.integers(0, 1000))
def test_gradients_are_those_of_finite_differences(formula, seed):
    p = (0.05 + 0.9 * interior(2, len(X), seed)).requires_grad_()
    for meaning in (Product(), LogProduct(), Lukasiewicz(), Goedel()):
        assert torch.autograd.gradcheck(
            lambda p, meaning=meaning: truths(formula, p, meaning), p, eps=1e-7, atol=1e-4
        )


def closed_forms(name, a, b):
    """Return a ∧ b, a ∨ b, a → b, residuum and a ⊕ b in plain Python."""
    if name == "Product":
        both, either = a * b, a + b - a * b
        residuum, odd = (1.0 if a <= b else b / a), a + b - 2 * a * b
    elif name == "Lukasiewicz":
        both, either = max(a + b - 1, 0), min(a + b, 1)
        residuum, odd = min(1 - a + b, 1), abs(a - b)
    else:
        both, either = min(a, b), max(a, b)
        residuum, odd = (1.0 if a <= b else b), max(min(a, 1 - b), min(1 - a, b))
    implied = {"Product": 1 - a + a * b, "Goedel": max(1 - a, b)}.get(name, residuum)
    return both, either, implied, residuum, odd


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("a", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("b", [0.0, 0.3, 0.5, 1.0])
def test_connectives_equal_their_closed_forms(kind, a, b):
    x, y = X[:2]
    p = torch.tensor([[a, b]], dtype=torch.float64)
    meaning, other = kind(), kind("residuum")

    def truth(formula, meaning):
        return truths(formula, p, meaning, [x, y]).item()

    name = "Product" if kind is LogProduct else kind.__name__
    both, either, implied, residuum, odd = closed_forms(name, a, b)
    back = closed_forms(name, b, a)[3]
    close = pytest.approx
    assert truth(x & y, meaning) == close(both, abs=1e-12)
    assert truth(x | y, meaning) == close(either, abs=1e-12)
    assert truth(x >> y, meaning) == close(implied, abs=1e-12)
    assert truth(x >> y, other) == close(residuum, abs=1e-12)
    assert truth(x ^ y, meaning) == close(odd, abs=1e-12)
    assert truth(Equivalent(x, y), meaning) == close(1 - odd, abs=1e-12)
    assert truth(Equivalent(x, y), other) == close(min(residuum, back), abs=1e-12)


@every_semantics
@settings(max_examples=15, deadline=None)
@given(p=st.tuples(degrees, degrees, degrees))
def test_laws_of_a_t_norm_and_de_morgan(meaning, p):
    a, b, c = (meaning.embed(torch.tensor([x], dtype=torch.float64)) for x in p)
    one = meaning.embed(torch.ones(1, dtype=torch.float64))

    def both(*x):
        return meaning.and_(torch.stack(x))

    def close(x, y):
        x, y = (meaning.truth(meaning.score(z)) for z in (x, y))
        torch.testing.assert_close(x, y, rtol=0, atol=1e-12)

    close(both(a, b), both(b, a))
    close(both(a, both(b, c)), both(both(a, b), c))
    close(both(a, b, c), both(both(a, b), c))
    close(both(a, one), a)
    close(
        meaning.or_(torch.stack((a, b))),
        meaning.not_(both(meaning.not_(a), meaning.not_(b))),
    )
    least, more = (meaning.score(x) for x in (both(a, b), b))
    assert bool(least <= more + 1e-12)
    # c ≤ (a → b) exactly where (a and c) ≤ b, away from equality
    bound, joined = (meaning.truth(meaning.score(x)) for x in (meaning.residuum(a, b), both(a, c)))
    if p[2] < bound.item() - 1e-9:
        assert joined.item() <= p[1] + 1e-9
    if p[2] > bound.item() + 1e-9:
        assert joined.item() >= p[1] - 1e-9


@settings(max_examples=30, deadline=None)
@given(
    low=st.integers(0, 5),
    more=st.integers(0, 5),
    p=st.lists(degrees, min_size=5, max_size=5),
)
def test_counts_equal_enumeration_and_order_statistics(low, more, p):
    high = min(low + more, 5)
    node = Cardinality(low, high, *X[:5])
    if not node.free_symbols or not isinstance(node, Cardinality):
        return
    row = torch.tensor([p], dtype=torch.float64)
    chance = sum(
        math.prod(x if w else 1 - x for x, w in zip(p, world, strict=True))
        for world in itertools.product((0, 1), repeat=5)
        if low <= sum(world) <= high
    )
    ranked, total = [1.0, *sorted(p, reverse=True), 0.0], sum(p)
    order = min(ranked[low], 1 - ranked[high + 1])
    at_low, at_high = (min(max(x, 0), 1) for x in (total - low + 1, high + 1 - total))
    for kind, wanted in [
        (Product, chance),
        (LogProduct, chance),
        (Goedel, order),
        (Lukasiewicz, max(at_low + at_high - 1, 0)),
    ]:
        truth = truths(node, row, kind(), X[:5]).item()
        assert truth == pytest.approx(wanted, abs=1e-9), kind


@pytest.mark.parametrize("kind", KINDS)
def test_counts_at_their_ends_are_conjunction_and_disjunction(kind):
    p, meaning = interior(50, 4), kind()
    xs = torch.stack([meaning.embed(column) for column in p.T])
    for counted, joined in [
        (meaning.count(1, 4, xs), meaning.or_(xs)),
        (meaning.count(4, 4, xs), meaning.and_(xs)),
        (meaning.count(0, 0, xs), meaning.and_(meaning.not_(xs))),
    ]:
        torch.testing.assert_close(meaning.score(counted), meaning.score(joined))


def test_goedel_is_single_passing():
    formula = And(Or(*X[:3]), exactly(2, X), Implies(X[3], X[4]), Xor(X[0], X[5]))
    p = interior(400, 6).requires_grad_()
    (slope,) = torch.autograd.grad(evaluate(formula, p, X, "goedel").sum(), p)
    assert bool(((slope != 0).sum(1) <= 1).all())
    (slope,) = torch.autograd.grad(evaluate(formula, p, X, "product").sum(), p)
    assert bool(((slope != 0).sum(1) == 6).all())
    equal = torch.full((1, 6), 0.5, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(evaluate(And(*X), equal, X, "goedel").sum(), equal)
    assert int((slope != 0).sum()) == 1


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_lukasiewicz_conjunction_vanishes_as_the_paper_says(n):
    rows = 200_000
    p = interior(rows, n).requires_grad_()
    (slope,) = torch.autograd.grad(evaluate(And(*X[:n]), p, X[:n], "lukasiewicz").sum(), p)
    alive = (slope != 0).any(1).double().mean().item()
    wanted = 1 / math.factorial(n)
    assert alive == pytest.approx(wanted, abs=5 * math.sqrt(wanted * (1 - wanted) / rows))
    assert set(slope.unique().tolist()) == {0.0, 1.0}


def test_log_product_keeps_what_product_loses():
    n = 200
    variables = symbols(f"y0:{n}")
    tiny = torch.full((1, n), 1e-30, dtype=torch.float64)
    score = evaluate(And(*variables), tiny, variables, "log_product").item()
    assert score == pytest.approx(n * math.log(1e-30))
    assert evaluate(And(*variables), tiny, variables, "product").item() == 0
    # the complement of a tiny truth, and of the complement again
    back = Or(And(*variables[:5]), And(*variables[5:9]))
    score = evaluate(back, tiny, variables, "log_product").item()
    assert score == pytest.approx(4 * math.log(1e-30))
    some = evaluate(Or(*variables), tiny.float(), variables, "product").item()
    assert some == pytest.approx(n * 1e-30)
    count = evaluate(at_least(20, variables), tiny, variables, "log_product").item()
    assert count == pytest.approx(math.log(math.comb(n, 20)) + 20 * math.log(1e-30))


def test_log_product_pulls_a_zero_upwards():
    p = torch.zeros(1, 2).requires_grad_()
    loss = LogProduct().loss(evaluate(And(*X[:2]), p, X[:2], "log_product"))
    (slope,) = torch.autograd.grad(loss.sum(), p)
    assert bool((slope < -1e18).all())
    assert bool((slope**2).isfinite().all())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype):
    variables = symbols("y0:270")
    p = torch.ones(1, 270, dtype=dtype)
    p[0, 0] = 0
    for meaning in ("product", "lukasiewicz", "goedel"):
        truth = evaluate(at_most(269, variables), p, variables, meaning)
        assert (truth.dtype, truth.item()) == (torch.float32, 1.0)
        assert evaluate(exactly(270, variables), p, variables, meaning).item() == 0


def test_exactly_one_of_a_thousand_is_their_exact_probability():
    n = 1000
    variables = symbols(f"y0:{n}")
    p = interior(2, n) / n
    odds = (p / (1 - p)).sum(1) * (1 - p).prod(1)
    node = exactly_one(variables)
    torch.testing.assert_close(evaluate(node, p, variables, "product"), odds)
    torch.testing.assert_close(evaluate(node, p, variables, "log_product").exp(), odds)


def excluded_middle():
    return Or(X[0], Not(X[0]), evaluate=False)


def peirce():
    return Implies(Implies(Implies(X[0], X[1]), X[0]), X[0])


@pytest.mark.parametrize(
    ("formula", "meaning", "lowest"),
    [
        (excluded_middle(), "product", 0.75),
        (excluded_middle(), "log_product", 0.75),
        (excluded_middle(), "goedel", 0.5),
        (excluded_middle(), "lukasiewicz", 1.0),
        (peirce(), "lukasiewicz", 0.5),
        (peirce(), Goedel("residuum"), 0.0),
    ],
)
def test_tautologies_that_score_below_one_are_found(formula, meaning, lowest):
    report = tautology_gap(formula, meaning)
    assert report.score == pytest.approx(lowest, abs=2e-2 if lowest == 0 else 1e-6)
    assert report.holds == (lowest == 1)
    names = list(report.point)
    point = torch.tensor([list(report.point.values())], dtype=torch.float64)
    assert truths(formula, point, meaning, names).item() == pytest.approx(report.score)


def test_descent_finds_a_minimum_between_the_points_of_the_grid():
    a, b, c = X[:3]
    formula = Or(a & b, Not(a) & c, Implies(b, Not(c)), evaluate=False)
    report = tautology_gap(Or(formula, b & c & Not(a), a & b & c), "product", points=27)
    x = interior(200_000, 3)
    sampled = truths(Or(formula, b & c & Not(a), a & b & c), x, "product", [a, b, c]).min()
    assert report.score <= sampled.item() + 1e-9
    assert "is a tautology but scores" in str(report)


def test_what_is_no_tautology_is_refused_with_a_counterexample():
    with pytest.raises(FormulaError, match="not a tautology: it fails at x0 = True, x1 = False"):
        tautology_gap(X[0] >> X[1])
    with pytest.raises(FormulaError, match="1 to 16 variables, got 17"):
        tautology_gap(Or(*symbols("y0:17")))


def test_errors_say_expected_and_got():
    a, b = X[:2]
    good = torch.tensor([[0.5, 0.5]])
    with pytest.raises(ValueError, match=r"must be \(batch, 3\).*got \(1, 2\)"):
        evaluate(a & b, good, X[:3])
    for bad in (math.nan, -0.1, 1.5, math.inf):
        with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
            evaluate(a & b, torch.tensor([[0.5, bad]]), [a, b])
    with pytest.raises(FormulaError, match=r"no column for x1 of x0 & x1; got \['x0', 'z'\]"):
        evaluate(a & b, good, ["x0", "z"])
    with pytest.raises(ValueError, match="variables must differ, got x0 more than once"):
        evaluate(a, good, [a, "x0"])
    with pytest.raises(FormulaError, match="x0 < 1 is neither a connective nor a variable"):
        evaluate((a < 1) | b, good, [a, b])
    with pytest.raises(ValueError, match=r"one of product.*got 'zadeh'"):
        evaluate(a, good, [a, b], "zadeh")
    with pytest.raises(ValueError, match='implication must be "s" or "residuum"'):
        Product("r")


def test_importing_logic_does_not_import_torch():
    code = "import sys, nsai.logic; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
