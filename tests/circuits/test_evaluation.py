"""Kernels, plain torch and arithmetic without underflow: the same answers, and their gradients."""

import math

import pytest
import torch
from scipy.stats import binom
from sympy import symbols

from nsai import circuits
from nsai.circuits import Circuit, cardinality
from nsai.circuits.autograd import _on_device, evaluate, reference
from nsai.circuits.levels import Levels
from nsai.circuits.nnf import NNFBuilder
from nsai.logic import exactly_one

A, B, C, D, E = symbols("a b c d e")
RULE = (A >> (B | C)) & ~(D & E) & exactly_one([A, D, E])


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=generator)


@pytest.fixture(name="circuit", scope="module")
def _circuit() -> Circuit:
    return circuits.compile(RULE)


@pytest.mark.parametrize("query", ["log_wmc", "marginals", "entropy"])
@pytest.mark.parametrize("kind", ["p", "logits"])
def test_gradients_equal_finite_differences(circuit: Circuit, query: str, kind: str):
    given = random(2, 5) * 0.9 + 0.05
    given = (given if kind == "p" else given.logit()).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: getattr(circuit, query)(**{kind: x}), given)


@pytest.mark.parametrize("shape", [(5,), (1, 5), (1, 1, 5), (1, 3, 5), (3, 1, 5)])
def test_gradients_have_the_shape_of_the_input(circuit: Circuit, shape: tuple[int, ...]):
    given = (random(*shape) * 0.9 + 0.05).requires_grad_()
    weight = random(*shape[:-1], seed=1)
    assert torch.autograd.gradcheck(lambda x: weight * circuit.log_wmc(x), given)
    assert torch.autograd.gradgradcheck(lambda x: weight * circuit.log_wmc(x), given)


@pytest.mark.parametrize("kind", ["p", "logits"])
def test_second_derivatives_equal_finite_differences(circuit: Circuit, kind: str):
    given = random(2, 5) * 0.9 + 0.05
    given = (given if kind == "p" else given.logit()).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: circuit.log_wmc(**{kind: x}), given)


@pytest.mark.parametrize("from_logits", [False, True], ids=["p", "logits"])
@pytest.mark.parametrize("rows", [1, 3, 32, 77, 1000])
def test_kernel_equals_plain_torch_for_any_batch(circuit: Circuit, rows: int, from_logits: bool):
    given = random(rows, 5, seed=rows)
    given = given.logit() if from_logits else given
    levels = Levels(circuit.program)
    ours, slope = evaluate(levels, given, from_logits=from_logits, slope=True)
    theirs = given.clone().requires_grad_()
    value = reference(levels, theirs, from_logits=from_logits)
    value.sum().backward()
    torch.testing.assert_close(ours, value.detach())
    torch.testing.assert_close(slope, theirs.grad)
    without, nothing = evaluate(levels, given, from_logits=from_logits, slope=False)
    assert nothing is None
    torch.testing.assert_close(without, ours, rtol=0, atol=0)


def test_large_batch_on_several_threads_equals_one_thread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nsai.circuits.processor.THREAD_OPERATIONS", 1 << 20)
    circuit = Circuit(cardinality(200, 100, 100), range(200))  # 40 thousand terms
    given = random(200, 200)
    many = circuit.log_wmc(given)
    count = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = circuit.log_wmc(given)
        torch.set_num_threads(2)
        two = circuit.log_wmc(given)
    finally:
        torch.set_num_threads(count)
    assert torch.equal(one, many)
    assert torch.equal(one, two)


@pytest.mark.parametrize("from_logits", [False, True], ids=["p", "logits"])
def test_path_of_other_devices_equals_the_kernels(from_logits: bool):
    circuit = Circuit(cardinality(500, 250, 250), range(500))
    p = torch.full((3, 500), 0.001, dtype=torch.float64)  # rows 0 and 1: about e^-1384
    p[2] = 0.4
    given = p.logit() if from_logits else p
    levels = Levels(circuit.program)
    ours, slope = evaluate(levels, given, from_logits=from_logits, slope=True)
    theirs, other = _on_device(levels, given, from_logits=from_logits)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(slope, other)


def test_probability_far_below_the_range_of_float64_equals_the_binomial():
    n, k, chance = 500, 250, 0.001
    circuit = Circuit(cardinality(n, k, k), range(n))
    p = torch.full((1, n), chance, dtype=torch.float64, requires_grad=True)
    log_z = circuit.log_wmc(p)
    log_z.sum().backward()
    assert log_z.item() == pytest.approx(binom.logpmf(k, n, chance), rel=1e-12)
    slope = (k / chance - (n - k) / (1 - chance)) / n
    torch.testing.assert_close(p.grad, torch.full_like(p, slope), rtol=1e-9, atol=0)
    torch.testing.assert_close(circuit.marginals(p.detach()), torch.full_like(p, k / n).detach())


def test_samples_of_an_improbable_formula_follow_the_distribution():
    circuit = Circuit(cardinality(400, 200, 200), range(400))
    p = torch.full((1, 400), 1e-3, dtype=torch.float64)
    drawn = circuit.sample(p, 200, generator=torch.Generator().manual_seed(0))
    assert (drawn.sum(-1) == 200).all()
    share = drawn.double().mean(0)
    assert (share - 0.5).abs().max() < 6 * 0.5 / math.sqrt(200)


def test_what_a_model_leaves_open_is_drawn_from_its_own_probability():
    circuit = circuits.compile(A | B, [A, B, C])
    p = torch.tensor([[0.5, 0.5, 0.2]], dtype=torch.float64)
    drawn = circuit.sample(p, 20_000, generator=torch.Generator().manual_seed(0)).double()
    expected = torch.tensor([2 / 3, 2 / 3, 0.2], dtype=torch.float64)
    assert (drawn.mean((0, 1)) - expected).abs().max() < 5 * 0.5 / math.sqrt(20_000)


def test_gradient_at_certainty_is_finite_for_every_query(circuit: Circuit):
    p = torch.tensor([[1.0, 1, 0, 0, 0]], requires_grad=True)
    for query in (circuit.log_wmc, circuit.marginals, circuit.entropy):
        (slope,) = torch.autograd.grad(query(p).sum(), p)
        assert slope.isfinite().all(), query


def test_impossible_rows_are_minus_infinity_without_gradient_and_refuse_models(circuit: Circuit):
    p = torch.zeros(2, 5, dtype=torch.float64)
    p[1] = 0.5
    p.requires_grad_()
    log_z = circuit.log_wmc(p)
    log_z[1:].sum().backward()
    assert log_z[0] == -torch.inf
    assert (p.grad[0] == 0).all()
    assert circuit.marginals(p)[0].isnan().all()
    for query in (circuit.mpe, circuit.sample):
        with pytest.raises(ValueError, match="row 0 has no possible model"):
            query(p.detach())


@pytest.mark.parametrize("root", ["literal", "true", "false"])
def test_trivial_circuits_answer_too(root: str):
    builder = NNFBuilder(2)
    node = {"literal": builder.literal(-2), "true": builder.TRUE, "false": builder.FALSE}[root]
    circuit = Circuit(builder.build(node), "ab")
    expected = {"literal": 0.25, "true": 1.0, "false": 0.0}[root]
    p = torch.tensor([0.5, 0.75])
    torch.testing.assert_close(circuit.log_wmc(p).exp(), torch.tensor(expected))
    assert circuit.model_count() == {"literal": 2, "true": 4, "false": 0}[root]


def test_shapes_and_dtypes_are_those_of_the_input(circuit: Circuit):
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        p = torch.full((2, 3, 5), 0.5, dtype=dtype)
        assert circuit.log_wmc(p).shape == (2, 3)
        assert circuit.log_wmc(p).dtype == circuit.entropy(p).dtype == dtype
        assert circuit.marginals(p).shape == circuit.mpe(p).shape == (2, 3, 5)
        assert circuit.sample(p, 4).shape == (4, 2, 3, 5)
    assert circuit.log_wmc(torch.zeros(0, 5)).shape == (0,)


def test_a_circuit_without_variables_has_one_empty_model_or_none():
    for constant in (0, 1):
        circuit = Circuit(NNFBuilder(0).build(constant), [])
        p = torch.zeros(3, 0, requires_grad=True)
        assert circuit.model_count() == constant
        assert circuit.log_wmc(p).exp().tolist() == [constant] * 3
        circuit.log_wmc(p).sum().backward()
        assert p.grad.shape == (3, 0)


@pytest.mark.parametrize("level", [-3.0, 3.0, 9.0], ids=["likely", "unlikely", "below float64"])
def test_gradient_of_the_entropy_of_exactly_one_equals_that_of_a_softmax(level: float):
    circuit = Circuit(cardinality(60, 1, 1), range(60))
    z = level + torch.randn(3, 60, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z.requires_grad_()
    q = z.softmax(1)  # given exactly one, the others' odds cancel
    slopes = [
        torch.autograd.grad(h.sum(), z, retain_graph=True)[0]
        for h in (circuit.entropy(logits=z), -(q * q.log()).sum(1))
    ]
    torch.testing.assert_close(*slopes, rtol=1e-7, atol=1e-12)
    ours, theirs = (
        torch.autograd.grad((m * z.detach().sin()).sum(), z, retain_graph=True)[0]
        for m in (circuit.marginals(logits=z), q)
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-15)


def test_infinite_logits_are_evidence():
    circuit = Circuit(cardinality(4, 1, 2), range(4))
    z = torch.tensor([[torch.inf, -torch.inf, 0.5, -1.0]], dtype=torch.float64, requires_grad=True)
    rest = torch.tensor([[0.0, 0.5, -1.0]], dtype=torch.float64).softmax(1)  # none, third, fourth
    torch.testing.assert_close(circuit.entropy(logits=z), -(rest * rest.log()).sum(1))
    torch.testing.assert_close(circuit.marginals(logits=z)[0, 2:], rest[0, 1:])
    circuit.entropy(logits=z).sum().backward()
    assert z.grad.isfinite().all()
    assert z.grad[0, 2:].abs().min() > 0
