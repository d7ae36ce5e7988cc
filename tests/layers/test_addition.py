"""The sum of uncertain numbers, against every pair of numbers and against a compiled circuit."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import And, Or
from torch import Tensor

from nsai import circuits
from nsai.layers import DigitSum, digits_of
from nsai.logic import Categorical

CASES = [(1, 10), (2, 10), (1, 2), (3, 2), (2, 3)]


def drawn(batch: int, digits: int, base: int, *, spread: float = 2.0, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, 2, digits, base)
    return spread * torch.randn(shape, generator=generator, dtype=torch.float64)


def of_numbers(p: Tensor) -> Tensor:
    """Probability of every number, (digits, base) → (base ** digits,)."""
    return math.prod(
        p[k].view(-1, *[1] * (len(p) - 1 - k)) for k in range(len(p))
    ).flatten()  # fmt: skip


def enumerated(p: Tensor) -> Tensor:
    """Probability of every sum, over all pairs of numbers, (2, digits, base) → (sums,)."""
    a, b = (of_numbers(one) for one in p)
    pairs = torch.arange(len(a))[:, None] + torch.arange(len(b))
    return torch.zeros(2 * len(a) - 1, dtype=p.dtype).index_add(
        0, pairs.flatten(), torch.outer(a, b).flatten()
    )


@pytest.mark.parametrize(("digits", "base"), CASES)
def test_every_sum_has_its_enumerated_probability(digits: int, base: int):
    logits = drawn(1, digits, base)
    expected = enumerated(logits[0].softmax(-1))
    sums = torch.arange(len(expected))
    d = DigitSum(digits, base)(logits.expand(len(sums), -1, -1, -1))
    torch.testing.assert_close(d.log_prob(sums), expected.log(), atol=1e-13, rtol=1e-13)
    assert d.log_prob(digits_of(sums, digits + 1, base)).equal(d.log_prob(sums))
    assert int(d.mode()[0] @ base ** torch.arange(digits, -1, -1)) == expected.argmax()


@pytest.mark.parametrize(("digits", "base"), CASES)
def test_marginals_and_explanation_are_those_of_enumeration(digits: int, base: int):
    logits = drawn(3, digits, base, seed=1)
    p = logits.softmax(-1)
    total = torch.tensor([1, base**digits - 1, base**digits])
    d = DigitSum(digits, base)(logits)
    marginals, best = d.marginals(total), d.mpe(total)
    for row in range(3):
        posterior = torch.zeros_like(p[row])
        weights = {}
        for written in itertools.product(range(base), repeat=2 * digits):
            a, b = torch.tensor(written).view(2, digits)
            place = base ** torch.arange(digits - 1, -1, -1)
            if int(a @ place + b @ place) == total[row]:
                chosen = torch.tensor(written).view(2, digits, 1)
                weights[written] = float(p[row].gather(-1, chosen).prod())
                posterior.scatter_add_(
                    -1, chosen, torch.full_like(chosen, weights[written], dtype=p.dtype)
                )
        torch.testing.assert_close(marginals[row], posterior / sum(weights.values()))
        assert tuple(best[row].flatten().tolist()) == max(weights, key=weights.__getitem__)


@pytest.mark.parametrize(("digits", "base", "total"), [(2, 2, 3), (2, 3, 10), (1, 3, 4)])
def test_recursion_agrees_with_a_compiled_circuit(digits: int, base: int, total: int):
    variables = [
        [Categorical(f"{name}{k}", list(range(base))) for k in range(digits)] for name in "ab"
    ]
    flat = [v for number in variables for v in number]
    ways = []
    for written in itertools.product(range(base), repeat=2 * digits):
        numbers = [sum(d * base**k for k, d in enumerate(reversed(w)))
                   for w in (written[:digits], written[digits:])]  # fmt: skip
        if sum(numbers) == total:
            ways.append(And(*[v[d] for v, d in zip(flat, written, strict=True)]))
    one_hot = And(*[v.constraint for v in flat])
    symbols = [s for v in flat for s in v.symbols]
    p = drawn(1, digits, base, seed=2).softmax(-1)
    ours = DigitSum(digits, base)(p.log()).log_prob(torch.tensor([total]))
    # a Boolean p_i turns into a categorical one given that exactly one value of each holds
    inside = p.flatten() / (1 + p.flatten())
    both, some = (
        circuits.compile(f, symbols).log_wmc(inside[None])
        for f in (And(one_hot, Or(*ways)), one_hot)
    )
    torch.testing.assert_close(ours, both - some, atol=1e-12, rtol=1e-12)


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(2, 4), st.floats(0, 30), st.integers(0, 2**31))
def test_mode_is_the_most_probable_of_all_sums(digits: int, base: int, spread: float, seed: int):
    logits = drawn(1, digits, base, spread=spread, seed=seed)
    d = DigitSum(digits, base)(logits)
    sums = digits_of(range(2 * base**digits - 1), digits + 1, base)
    every = DigitSum(digits, base)(logits.expand(len(sums), -1, -1, -1)).log_prob(sums)
    torch.testing.assert_close(d.log_prob(d.mode())[0], every.max(), atol=1e-12, rtol=1e-12)


def test_mode_is_not_the_sum_of_the_most_probable_digits():
    p = torch.zeros(1, 2, 1, 10)
    p[0, 0, 0, [1, 2]] = torch.tensor([0.6, 0.4])
    p[0, 1, 0, [1, 2, 3]] = torch.tensor([0.35, 0.33, 0.32])  # 2: .21, 3: .338, 4: .324, 5: .128
    assert DigitSum(1)(p.log()).mode().tolist() == [[0, 3]]
    assert p.argmax(-1).sum() == 2


def test_gradients_agree_with_finite_differences():
    logits = drawn(2, 3, 4, seed=3).requires_grad_()
    total = digits_of([7, 93], 4, 4)
    layer = DigitSum(3, 4)
    assert torch.autograd.gradcheck(lambda x: layer(x).log_prob(total), logits)
    assert torch.autograd.gradgradcheck(lambda x: layer(x).log_prob(total), logits)


def test_gradient_by_logits_is_posterior_minus_prior():
    logits = drawn(4, 5, 10, seed=4).requires_grad_()
    d = DigitSum(5)(logits)
    total = digits_of([0, 99_999, 100_000, 199_998], 6)
    (slope,) = torch.autograd.grad(d.log_prob(total).sum(), logits)
    torch.testing.assert_close(slope, d.marginals(total) - logits.softmax(-1))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("far", [torch.inf, 1e4, 30.0])
def test_certain_digits_give_finite_gradients(dtype: torch.dtype, far: float):
    written = torch.tensor([[[9, 9, 5], [0, 0, 5]]]).expand(3, -1, -1)
    logits = torch.full((3, 2, 3, 10), -far, dtype=dtype)
    logits.scatter_(-1, written[..., None], 0.0).requires_grad_()
    d = DigitSum(3)(logits)
    total = torch.tensor([1000, 1001, 0])  # 995 + 5; unlikely; impossible without a doubt
    log_prob = d.log_prob(total)
    assert log_prob[0].item() == pytest.approx(0, abs=1e-6)
    assert (log_prob[1:] == -torch.inf).all() if far == torch.inf else (log_prob[1:] < -29).all()
    log_prob.nan_to_num(neginf=0).sum().backward()
    assert logits.grad.isfinite().all()
    if far == torch.inf:
        assert not logits.grad.any()
        with pytest.raises(ValueError, match="row 1 is impossible"):
            d.marginals(total)
        with pytest.raises(ValueError, match="row 1 is impossible"):
            d.mpe(total)


def test_forty_digits_of_even_odds_have_their_closed_form():
    total = digits_of([0, 10**40 - 1, 2 * 10**40 - 2], 41)
    found = DigitSum(40)(torch.zeros(3, 2, 40, 10)).log_prob(total)
    expected = torch.tensor([-80.0, -40.0, -80.0]) * math.log(10)  # 1, 10⁴⁰ and 1 of 10⁸⁰ pairs
    torch.testing.assert_close(found, expected)


def test_probabilities_beyond_the_range_of_float64_stay_exact():
    logits = torch.zeros(1, 2, 200, 10, dtype=torch.float64)
    logits[..., 9] = 20.0
    found = DigitSum(200)(logits).log_prob(torch.zeros(1, 201, dtype=torch.int64))
    assert found.item() == pytest.approx(400 * float(logits.log_softmax(-1)[0, 0, 0, 0]), rel=1e-13)
    assert found < -7000


def test_fifteen_digits_agree_with_fractions():
    p = drawn(1, 15, 10, seed=5).softmax(-1)
    total = 1_234_567_890_123_456
    # from the left, by whether the right still has to deliver a carry
    ways = {0: 0.0, 1: 0.0} | {total // 10**15: 1.0}
    for k, s in enumerate(digits_of([total], 16)[0, 1:].tolist()):
        a, b = p[0, :, k]
        pairs = torch.arange(10)[:, None] + torch.arange(10)
        weight = torch.outer(a, b)
        ways = {c: sum(ways[o] * float(weight[pairs == s + 10 * o - c].sum()) for o in (0, 1))
                for c in (0, 1)}  # fmt: skip
    found = DigitSum(15)(p.log()).log_prob(torch.tensor([total]))
    assert found.exp().item() == pytest.approx(ways[0], rel=1e-12)


def test_a_leading_digit_above_one_is_impossible():
    d = DigitSum(2)(torch.zeros(1, 2, 2, 10))
    assert d.log_prob(torch.tensor([[2, 0, 0]])).item() == -torch.inf


def test_marginals_are_found_without_autograd_too():
    logits, total = drawn(2, 2, 10), torch.tensor([7, 133])
    d = DigitSum(2)(logits)
    with torch.no_grad():
        quiet = d.marginals(total)
    assert quiet.equal(d.marginals(total))
    assert not quiet.requires_grad


def test_empty_batches_pass():
    d = DigitSum(2)(torch.zeros(0, 2, 2, 10))
    assert d.log_prob(torch.zeros(0, 3, dtype=torch.int64)).shape == (0,)
    assert d.mode().shape == (0, 3)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"digits >= 1 and base >= 2, got 0 and 10"):
        DigitSum(0)
    with pytest.raises(ValueError, match=r"shape \(batch, 2, 2, 10\)"):
        DigitSum(2)(torch.zeros(1, 2, 3, 10))
    d = DigitSum(1)(torch.zeros(1, 2, 1, 10))
    with pytest.raises(ValueError, match=r"\(1,\) or \(1, 2\), got \(1, 3\)"):
        d.log_prob(torch.zeros(1, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"digits must lie in \[0, 10\)"):
        d.log_prob(torch.tensor([[0, 10]]))
    with pytest.raises(TypeError, match=r"whole numbers, got torch.float32"):
        d.log_prob(torch.zeros(1))
    with pytest.raises(ValueError, match=r"0 <= number < 10\*\*2, got 100"):
        digits_of([100], 2)
