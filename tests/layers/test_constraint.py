"""Hard layers: nothing outside the formula, and the distribution that the definition says."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import And, symbols
from sympy.logic.boolalg import Boolean

from nsai import circuits
from nsai.layers import ConstraintLayer, SemanticLoss
from nsai.logic import UnsatisfiableError, at_most, exactly_one
from tests.oracles import formulas, models_by_truth_table, truth

NAMES = symbols("a b c d e")
CARS = symbols("red blue big small parked moving fast", seq=True)
RED, BLUE, BIG, SMALL, PARKED, MOVING, FAST = CARS
RULE = And(
    exactly_one([RED, BLUE]), ~(BIG & SMALL), exactly_one([PARKED, MOVING]), FAST >> MOVING,
    at_most(3, CARS),
)  # fmt: skip


def table_of(formula: Boolean) -> torch.Tensor:
    rows = [[row[name] for name in NAMES] for row in models_by_truth_table(formula, NAMES)]
    return torch.tensor(rows, dtype=torch.bool).reshape(-1, 5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_a_hundred_thousand_random_inputs_never_violate_the_rule(dtype: torch.dtype):
    generator = torch.Generator().manual_seed(0)
    layer = ConstraintLayer(RULE, CARS)
    scale = 10 ** torch.empty(100_000, 1).uniform_(-3, 4, generator=generator)
    logits = (scale * torch.randn(100_000, 7, generator=generator)).to(dtype)
    d = layer(logits)
    allowed = {tuple(row.values()) for row in models_by_truth_table(RULE, CARS)}
    assert {tuple(row) for row in d.mode().unique(dim=0).tolist()} <= allowed
    assert {
        tuple(row) for row in d.sample(generator=generator)[0].unique(dim=0).tolist()
    } <= allowed
    assert d.mode().unique(dim=0).shape[0] > 5


@settings(max_examples=40)
@given(formulas(NAMES), st.integers(0, 2**31))
def test_distribution_equals_its_definition(formula: Boolean, seed: int):
    table = table_of(formula)
    if not len(table):
        with pytest.raises(UnsatisfiableError):
            ConstraintLayer(formula, NAMES)
        return
    z = 3 * torch.randn(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    d = ConstraintLayer(formula, NAMES)(z)
    energy = torch.where(table, z[:, None], torch.zeros(())).sum(-1)  # up to a constant of the row
    q = energy.softmax(1)
    every = torch.cartesian_prod(*[torch.tensor([False, True])] * 5)
    log_prob = torch.stack([d.log_prob(row.expand(2, 5)) for row in table], 1)
    torch.testing.assert_close(log_prob.exp(), q)
    torch.testing.assert_close(d.marginals(), q @ table.double(), atol=1e-12, rtol=1e-9)
    torch.testing.assert_close(d.entropy(), -torch.xlogy(q, q).sum(1), atol=1e-9, rtol=1e-9)
    outside = [
        row for row in every if not truth(formula, dict(zip(NAMES, row.tolist(), strict=True)))
    ]
    for row in outside[:3]:
        assert (d.log_prob(row.expand(2, 5)) == -torch.inf).all()


def test_samples_follow_the_distribution():
    a, b, c, *_ = NAMES
    layer = ConstraintLayer(exactly_one([a, b, c]))
    d = layer(torch.tensor([[1.0, 0.0, -1.0]], dtype=torch.float64))
    drawn = d.sample(40_000, torch.Generator().manual_seed(1)).double().mean(0)
    expected = torch.tensor([[1.0, 0.0, -1.0]], dtype=torch.float64).softmax(1)
    assert (drawn - expected).abs().max() < 5 * (0.25 / 40_000) ** 0.5


def test_logits_beyond_the_range_of_float64_stay_exact():
    a, b, c, *_ = NAMES
    layer = ConstraintLayer(exactly_one([a, b, c]))
    logits = torch.tensor([[-2000.0, -2001.0, -5000.0]], dtype=torch.float64, requires_grad=True)
    d = layer(logits)
    expected = torch.tensor([[0.0, -1.0, -torch.inf]], dtype=torch.float64).softmax(1)
    torch.testing.assert_close(d.marginals(), expected)
    (-d.log_prob(torch.tensor([[0.0, 1.0, 0.0]])).sum()).backward()
    torch.testing.assert_close(logits.grad, expected - torch.tensor([[0.0, 1.0, 0.0]]))


def test_unsatisfiable_rule_shows_its_core():
    a, b, c, *_ = NAMES
    with pytest.raises(UnsatisfiableError) as caught:
        ConstraintLayer((a >> b) & a & ~b & (c | b))
    assert set(caught.value.core) == {a >> b, a, ~b}


def test_semantic_loss_of_exactly_one_equals_its_closed_form():
    p = torch.rand(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    one = sum(p[:, i] * (1 - p).prod(1) / (1 - p[:, i]) for i in range(5))
    torch.testing.assert_close(SemanticLoss(exactly_one(NAMES))(p), -one.log())


def test_semantic_loss_depends_on_meaning_only():
    a, b, *_ = NAMES
    p = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(SemanticLoss(a >> b)(p), SemanticLoss(~(a & ~b))(p))


def test_semantic_loss_has_no_nan_at_certain_probabilities():
    p = torch.tensor([[1.0, 0, 0, 0, 0]], requires_grad=True)
    SemanticLoss(exactly_one(NAMES))(p).sum().backward()
    torch.testing.assert_close(p.grad, torch.tensor([[-1.0, 1, 1, 1, 1]]))


@pytest.mark.parametrize(
    ("p", "message"),
    [
        (torch.full((2, 5), torch.nan), "got nan"),
        (torch.full((2, 5), 1.5), r"must be in \[0, 1\], got 1.5"),
        (torch.full((2, 4), 0.5), r"\(\.\.\., 5\), a column a variable, got \(2, 4\)"),
    ],
    ids=["nan", "range", "shape"],
)
def test_bad_input_says_what_was_expected(p: torch.Tensor, message: str):
    circuit = circuits.compile(exactly_one(NAMES))
    with pytest.raises(ValueError, match=message):
        circuit.log_wmc(p)
