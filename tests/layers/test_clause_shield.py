"""The clause shield against enumeration of all assignments."""

import itertools
import math
import random

import pytest
import torch
from sympy import And, Equivalent, Or, S, symbols

from nsai.layers.clause_shield import ClauseShield
from nsai.logic import FormulaError, UnsatisfiableError, exactly_one

A, B, C, D = symbols("a b c d")
NAMES = [f"x{i}" for i in range(7)]
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


def random_clauses(seed):
    """Return a satisfiable set of clauses of (name, sign), from 3 to 14 of them."""
    rng = random.Random(seed)
    world = {name: rng.random() < 0.5 for name in NAMES}
    clauses = []
    while len(clauses) < 3 + seed % 12:
        names = rng.sample(NAMES, rng.randint(1, 4))
        clause = [(name, rng.random() < 0.5) for name in names]
        if any(world[name] == sign for name, sign in clause):
            clauses.append(clause)
    return clauses


def formula(clauses):
    literal = {True: lambda s: s, False: lambda s: ~s}
    return [Or(*(literal[sign](symbols(name)) for name, sign in c)) for c in clauses]


def satisfied(clauses, holds, names=NAMES):
    """Return which rows of a Boolean matrix satisfy every clause."""
    good = torch.ones(len(holds), dtype=torch.bool)
    for clause in clauses:
        met = torch.zeros_like(good)
        for name, sign in clause:
            met |= holds[:, names.index(name)] == sign
        good &= met
    return good


def draw(rows, dtype, seed=0):
    p = torch.rand(rows, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    p[::5] = 0.5 + (p[::5] - 0.5) * 0.01  # close to the threshold, where 1 - p rounds to it
    p[::7, 2] = 0.5
    p[1::7] = p[1::7].round()
    return p.to(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_100_000_random_rows_have_no_violation(dtype):
    for seed in range(10):
        clauses = random_clauses(seed)
        order = random.Random(seed).sample(NAMES, 7)
        p = draw(10_000, dtype, seed)
        out = ClauseShield(formula(clauses), NAMES, order)(p)
        assert out.dtype == dtype
        assert bool(satisfied(clauses, out > 0.5).all())
        assert bool(((out >= 0) & (out <= 1)).all())
        before = satisfied(clauses, p > 0.5)
        assert torch.equal(out[before], p[before])
        assert not bool((out[~before] == p[~before]).all(1).any())
        same = (out > 0.5) == (p > 0.5)
        assert torch.equal(out[same], p[same])


@pytest.mark.parametrize("seed", range(6))
def test_a_variable_changes_sides_only_if_those_before_force_it(seed):
    clauses = random_clauses(seed + 6)
    order = random.Random(seed).sample(NAMES, 7)
    p = draw(40, torch.float64, seed)
    out = ClauseShield(formula(clauses), NAMES, order)(p) > 0.5
    worlds = torch.tensor(list(itertools.product((False, True), repeat=7)))
    models = worlds[satisfied(clauses, worlds)]
    for wanted, got in zip(p > 0.5, out, strict=True):
        left = models
        for column in (NAMES.index(name) for name in order):
            agreeing = left[left[:, column] == wanted[column]]
            left = agreeing if len(agreeing) else left
        assert left.tolist() == [got.tolist()]


def test_a_forced_variable_is_as_certain_as_its_weakest_reason():
    shield = ClauseShield([(A & B) >> C, ~A | ~D], [A, B, C, D])
    p = torch.tensor([[0.875, 0.75, 0.25, 0.625], [0.875, 0.25, 0.25, 0.0625]])
    assert shield(p).tolist() == [[0.875, 0.75, 0.75, 0.125], [0.875, 0.25, 0.25, 0.0625]]


def test_gradient_goes_to_the_reason():
    shield = ClauseShield((A & B) >> C)
    p = torch.tensor([[0.9, 0.8, 0.1], [0.9, 0.2, 0.1]], requires_grad=True)
    (slope,) = torch.autograd.grad(shield(p)[:, 2].sum(), p)
    assert slope.tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def test_gradients_are_those_of_finite_differences():
    shield = ClauseShield(formula(random_clauses(9)), NAMES)
    p = torch.rand(10, 7, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    assert bool((shield(p) != p).any())
    assert torch.autograd.gradcheck(shield, p.requires_grad_(), eps=1e-8, atol=1e-5)


def test_small_formulas_are_rewritten_as_clauses():
    shield = ClauseShield(Equivalent(A, B & C) & (A | ~A))
    p = torch.tensor([[0.75, 0.25, 0.875], [0.25, 0.75, 0.75]])
    out = shield(p) > 0.5
    assert out.tolist() == [[True, True, True], [False, True, False]]
    assert ClauseShield([Or(A, S.true)], [A])(p[:, :1]).tolist() == p[:, :1].tolist()


def test_contradictions_show_the_fewest_clauses():
    with pytest.raises(UnsatisfiableError) as caught:
        ClauseShield([A | B, A >> C, C >> D, And(A, ~D), B | D])
    assert set(caught.value.core) == {C | ~A, D | ~C, A, ~D}
    assert "nothing satisfies these clauses together:\n" in str(caught.value)
    with pytest.raises(UnsatisfiableError):
        ClauseShield([S.false], [A])


def test_errors_say_expected_and_got():
    with pytest.raises(FormulaError, match=r"no column for b; got \('a',\)"):
        ClauseShield([A | B], [A])
    with pytest.raises(FormulaError, match="is not made of clauses: exactly_one"):
        ClauseShield(exactly_one([A, B, C]))
    with pytest.raises(ValueError, match="order must name each of"):
        ClauseShield([A | B], order=["a"])
    with pytest.raises(ValueError, match="variables must be one or more and differ"):
        ClauseShield([A | B], ["a", "b", "a"])
    hard = [Or(*c) for c in itertools.combinations(symbols("y0:9"), 4)]
    hard += [Or(*(~x for x in c)) for c in itertools.combinations(symbols("y0:9"), 5)]
    with pytest.raises(FormulaError, match="more than 50 clauses; try another order"):
        ClauseShield(hard, most=50)
    shield = ClauseShield(A | B)
    with pytest.raises(ValueError, match=r"p must be \(batch, 2\).*got \(1, 3\)"):
        shield(torch.zeros(1, 3))
    for bad in (math.nan, -0.5, 1.5):
        with pytest.raises(ValueError, match=r"p must be in \[0, 1\]"):
            shield(torch.tensor([[0.5, bad]]))
