"""The fuzzy layer: columns, losses, and that descending the loss makes a formula true."""

import pytest
import torch
from sympy import S, symbols

from nsai.layers.fuzzy import FuzzyConstraint
from nsai.logic import FormulaError, exactly_one
from nsai.logic.fuzzy import Product

A, B, C = symbols("a b c")


def test_columns_are_sorted_by_name_unless_given():
    assert FuzzyConstraint(C >> A).variables == ("a", "c")
    layer = FuzzyConstraint(C >> A, variables=[C, "b", A])
    assert layer.variables == ("c", "b", "a")
    assert layer(torch.tensor([[1.0, 0.0, 0.25]])).item() == 0.25


@pytest.mark.parametrize("semantics", ["product", "log_product", "lukasiewicz", "goedel"])
def test_loss_is_zero_exactly_where_the_formula_holds(semantics):
    layer = FuzzyConstraint((A | B) & (A >> C), semantics)
    p = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    a, b, c = p.bool().T
    holds = (a | b) & (~a | c)
    assert torch.equal(layer(p) > 0.5, holds)
    assert torch.equal(layer.loss(p).abs() < 1e-6, holds)


@pytest.mark.parametrize("semantics", ["product", "log_product", Product("residuum")])
def test_descending_the_loss_satisfies_the_formula(semantics):
    layer = FuzzyConstraint(exactly_one([A, B, C]) & (A >> B), semantics)
    logits = torch.tensor([[0.3, 0.1, -0.2]], requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        layer.loss(logits.sigmoid()).sum().backward()
        optimizer.step()
    assert layer(logits.sigmoid()).item() > 0.95


def test_log_product_keeps_a_gradient_where_product_has_none():
    p = torch.full((1, 3), 1e-20).requires_grad_()
    for semantics, steep in (("product", False), ("log_product", True)):
        loss = FuzzyConstraint(A & B & C, semantics).loss(p).sum()
        (slope,) = torch.autograd.grad(loss, p)
        assert bool((slope < -1).all()) == steep


def test_errors_name_the_formula_and_the_cause():
    with pytest.raises(FormulaError, match=r"no column for b of a & b; got \['a'\]"):
        FuzzyConstraint(A & B, variables=[A])
    with pytest.raises(FormulaError, match="must have variables, got True"):
        FuzzyConstraint(A | S.true)
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        FuzzyConstraint(A & B)(torch.tensor([[0.5, 2.0]]))
