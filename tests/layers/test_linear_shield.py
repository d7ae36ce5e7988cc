"""The linear shield against rational arithmetic and scipy's linear programming."""

import functools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sympy import Eq, Float, Ne, Rational, Symbol, sin, symbols

from nsai.layers.exact_sums import LinearForms
from nsai.layers.linear_inequalities import eliminate, inequality, read
from nsai.layers.linear_shield import LinearConstraintLayer
from nsai.logic import FormulaError, ParseError, UnsatisfiableError

A, B, C, D = symbols("a b c d")
DTYPES = [torch.float64, torch.float32, torch.bfloat16]
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)
SETS = {
    "chain": ["a <= b", "b <= c", "c <= d"],
    "box and sums": [
        "0 <= a <= 4",
        "a + b >= c",
        "c <= 3",
        "-2 <= b",
        "a + b + c + d <= 10",
        "d>=a-b",
    ],
    "coefficients": [
        "3*a - 2*b <= 5",
        "7*b + 5*c <= 11",
        "a + c >= -4",
        "d - 3*c <= a/4",
        "d >= b",
    ],
    "strict": ["a < b", "2*b < c + 1", "c < 8", "d > a + b"],
    "narrow": ["a + b <= d", "8*d <= a + 8", "a >= 0", "b >= 0", "c == d"],
}


def draw(rows, columns, dtype=torch.float64, seed=0, spread=4.0):
    generator = torch.Generator().manual_seed(seed)
    return (spread * torch.randn(rows, columns, generator=generator)).to(dtype)


read_once = functools.cache(read)


def excess(constraint, values):
    """Return f and whether f must be below 0, for each relation, in rational numbers."""
    for form, sign in read_once(constraint):
        total = sum(
            (c * (Fraction(values[name]) if name else 1) for name, c in form.items()), Fraction(0)
        )
        yield total, sign


def satisfied(constraints, values):
    found = [pair for c in constraints for pair in excess(c, values)]
    return all(f == 0 if s == "==" else f < 0 or (s == "<=" and f == 0) for f, s in found)


def violations_in_float64(constraints, y, variables):
    """Count rows beyond a constraint, with whole coefficients in float64."""
    columns = {name: y[:, i].double() for i, name in enumerate(variables)}
    wrong = torch.zeros(len(y), dtype=torch.bool)
    for constraint in constraints:
        for form, sign in read(constraint):
            scale = math.lcm(*(c.denominator for c in form.values()))
            f = sum(float(c * scale) * (columns[n] if n else 1.0) for n, c in form.items())
            size = sum(
                abs(float(c * scale)) * (columns[n].abs() if n else 1.0) for n, c in form.items()
            )
            # exact for the narrow dtypes, up to rounding for float64
            slip = 0.0 if y.dtype == torch.bfloat16 else 1e-15 * size
            wrong |= (f.abs() if sign == "==" else f) > slip
    return int(wrong.sum())


@pytest.mark.parametrize("name", SETS)
@every_dtype
def test_100_000_random_rows_have_no_violation(name, dtype):
    constraints = SETS[name]
    layer = LinearConstraintLayer(constraints, ["a", "b", "c", "d"])
    y = draw(100_000, 4, dtype)
    out = layer(y)
    assert out.dtype == dtype
    assert violations_in_float64(constraints, out, layer.variables) == 0
    changed = (out != y).any(1)
    assert bool(changed.any())
    rows = changed.nonzero()[:200, 0].tolist()
    for row in rows:
        values = dict(zip(layer.variables, out[row].double().tolist(), strict=True))
        assert satisfied(constraints, values), (values, y[row])
    assert torch.equal(layer(out[:5000]), out[:5000])
    kept = [
        r
        for r in range(300)
        if satisfied(constraints, dict(zip(layer.variables, y[r].double().tolist(), strict=True)))
    ]
    assert torch.equal(out[kept], y[kept])


def bounds_by_linprog(constraints, order, known, name):
    """Return the least and the largest value of a variable, given those before it."""
    free = [v for v in order if v not in known]
    matrix, limit = [], []
    for c in constraints:
        for form, _ in read(c):
            matrix.append([float(form.get(v, 0)) for v in free])
            limit.append(
                -float(form.get("", 0)) - sum(float(form.get(v, 0)) * x for v, x in known.items())
            )
    cost = np.array([float(v == name) for v in free])
    found = []
    for sign in (1, -1):
        result = linprog(sign * cost, matrix, limit, bounds=(None, None), method="highs")
        found.append(sign * result.fun if result.status == 0 else -sign * math.inf)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_each_change_is_the_least_that_the_rest_allows(seed):
    rng = random.Random(seed)
    names = ["a", "b", "c", "d"]
    inside = [rng.randint(-3, 3) for _ in names]
    constraints = []
    for _ in range(6):
        weights = [rng.randint(-3, 3) for _ in names]
        limit = sum(w * x for w, x in zip(weights, inside, strict=True)) + rng.randint(0, 4)
        if any(weights):
            left = " + ".join(f"({w})*{n}" for w, n in zip(weights, names, strict=True))
            constraints.append(f"{left} <= {limit}")
    order = rng.sample(names, 4)
    layer = LinearConstraintLayer(constraints, names, order)
    y = draw(12, 4, seed=seed)
    for start, out in zip(y.tolist(), layer(y).tolist(), strict=True):
        known = {}
        for name in order:
            low, high = bounds_by_linprog(constraints, order, known, name)
            wanted = min(max(start[names.index(name)], low), high)
            assert out[names.index(name)] == pytest.approx(wanted, abs=1e-6)
            known[name] = out[names.index(name)]


@every_dtype
def test_a_clamped_value_is_the_nearest_float(dtype):
    layer = LinearConstraintLayer(["3*a <= b", "7*c > b"], ["b", "a", "c"])
    b = torch.rand(500, generator=torch.Generator().manual_seed(0)).to(dtype)
    y = torch.stack((b, torch.full_like(b, 9), torch.full_like(b, -9)), 1)
    out = layer(y)
    assert torch.equal(out[:, 0], b)
    beyond = torch.nextafter(out, torch.tensor([0, math.inf, -math.inf], dtype=dtype))
    for b, a, c, next_a, next_c in zip(
        *out.double().T.tolist(), *beyond.double().T.tolist()[1:], strict=True
    ):
        assert 3 * Fraction(a) <= Fraction(b) < 3 * Fraction(next_a)
        assert 7 * Fraction(c) > Fraction(b) >= 7 * Fraction(next_c)


@every_dtype
def test_values_that_cancel_are_decided_exactly(dtype):
    layer = LinearConstraintLayer(["a + b - c <= d"], ["a", "b", "c", "d"])
    step = torch.finfo(dtype).eps
    y = torch.tensor([[1, step / 8, 1, 0], [1, step, 1, step], [2**60, 1, 2**60, 1]], dtype=dtype)
    out = layer(y)
    assert out[:, 3].tolist() == [step / 8, step, 1]
    assert torch.equal(out[:, :3], y[:, :3])


@every_dtype
@pytest.mark.parametrize("n", [2, 5, 9])
def test_shares_of_a_whole_are_exact_in_every_dtype(dtype, n):
    names = [f"s{i}" for i in range(n)]
    constraints = [" + ".join(names) + " == 1", *(f"{name} >= 0" for name in names)]
    layer = LinearConstraintLayer(constraints, names)
    y = torch.rand(500, n, generator=torch.Generator().manual_seed(n)).to(dtype)
    out = layer(y)
    for row in out.double().tolist():
        assert sum(map(Fraction, row)) == 1
        assert min(row) >= 0
    kept = y[:, 0].double() <= 1
    near = (out[kept, 0].double() - y[kept, 0].double()).abs().max().item()
    assert near <= 4 * n * torch.finfo(dtype).eps


def test_a_dtype_without_a_solution_raises():
    layer = LinearConstraintLayer(["3*a == 1"])
    with pytest.raises(ValueError, match=r"no torch.float32 numbers near \{'a': 2.0\} \(row 0\)"):
        layer(torch.tensor([[2.0]]))


def test_margin_replaces_a_strict_inequality():
    layer = LinearConstraintLayer(["a < b", "b <= 1"], ["b", "a"], margin=0.25)
    assert layer(torch.tensor([[0.5, 2.0], [2.0, 0.75]])).tolist() == [[0.5, 0.25], [1.0, 0.75]]


def test_gradients_are_those_of_finite_differences():
    layer = LinearConstraintLayer(SETS["coefficients"], order=["c", "a", "d", "b"])
    y = draw(6, 4, seed=3).requires_grad_()
    assert bool((layer(y) != y).any(1).sum() > 2)
    assert torch.autograd.gradcheck(layer, y, eps=1e-7, atol=1e-5)


def test_a_clamped_variable_passes_its_gradient_to_its_bound():
    layer = LinearConstraintLayer(["b <= 2*a + 1"])
    y = torch.tensor([[1.0, 5.0], [1.0, 0.0]], requires_grad=True)
    (slope,) = torch.autograd.grad(layer(y)[:, 1].sum(), y)
    assert slope.tolist() == [[2.0, 0.0], [0.0, 1.0]]


def test_contradictions_show_the_fewest_constraints():
    constraints = ["a <= b", "d >= 0", "b <= c - 1", "a + d <= 9", C <= A, "b >= 0"]
    with pytest.raises(UnsatisfiableError) as caught:
        LinearConstraintLayer(constraints)
    assert caught.value.core == ("a <= b", "b <= c - 1", C <= A)
    assert str(caught.value).splitlines()[1:] == ["  a <= b", "  b <= c - 1", "  c <= a"]
    with pytest.raises(UnsatisfiableError):
        LinearConstraintLayer(["a < b", "b < a + 0"])
    with pytest.raises(UnsatisfiableError):
        LinearConstraintLayer(["a + b == 1", "2*a + 2*b == 3"])
    assert LinearConstraintLayer(["a <= b", "b <= a"])(torch.tensor([[1.0, 2.0]])).tolist() == [
        [1, 1]
    ]


def test_sympy_and_text_say_the_same():
    relations = [2 * A - B / 3 <= 4, B + Float("0.1") < A, Eq(C, A - Rational(1, 7)), B >= -D]
    texts = ["2*a - b/3 <= 4", "a > b + 0.1", "c = a - 1/7", "b >= -(d)"]

    def plain(constraint):
        ((form, sign),) = read(constraint)
        return {name: value for name, value in form.items() if value}, sign

    assert [plain(r) for r in relations] == [plain(t) for t in texts]


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ("a * b <= 1", "a product of variables is not linear"),
        ("a / b <= 1", "can divide only by a number but 0"),
        ("a / 0 <= 1", "can divide only by a number but 0"),
        ("a + <= 1", "expected a number or a variable, got <="),
        ("a + b", "expected <=, <, >=, > or ==, got the end"),
        ("(a <= 1", "expected ), got <="),
        ("a ! b", "unexpected '!'"),
        ("2 a <= 1", "expected <=, <, >=, > or ==, got a"),
        ("__import__('os') <= 1", "expected <=, <, >=, > or ==, got ("),
    ],
)
def test_text_errors_show_the_place(constraint, message):
    with pytest.raises(ParseError) as caught:
        LinearConstraintLayer([constraint])
    assert str(caught.value).splitlines()[0] == message


def test_bad_constraints_and_inputs_raise_clearly():
    with pytest.raises(FormulaError, match="not linear with rational coefficients: it has sin"):
        LinearConstraintLayer([sin(A) <= 1])
    with pytest.raises(FormulaError, match="must be <=, <, >=, > or ==, got"):
        LinearConstraintLayer([Ne(A, 1)])
    with pytest.raises(FormulaError, match=r"no column for b; got \('a',\)"):
        LinearConstraintLayer(["a <= b"], ["a"])
    with pytest.raises(ValueError, match="order must name each of"):
        LinearConstraintLayer(["a <= b"], order=["a"])
    with pytest.raises(ValueError, match="variables must be one or more and differ"):
        LinearConstraintLayer(["a <= b"], ["a", "b", Symbol("a")])
    with pytest.raises(ValueError, match="margin must be finite and not negative"):
        LinearConstraintLayer(["a < b"], margin=-1.0)
    layer = LinearConstraintLayer(["a <= b"])
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match=r"y must be finite, got .* in row 1"):
            layer(torch.tensor([[0.0, 0.0], [0.0, bad]]))
    with pytest.raises(
        ValueError, match=r"y must be floats \(batch, 2\).*got torch.float32 \(1, 3\)"
    ):
        layer(torch.zeros(1, 3))


def test_many_constraints_do_not_explode_unnoticed():
    rng = random.Random(0)
    names = [f"x{i}" for i in range(8)]
    rows = [
        inequality({n: Fraction(rng.randint(-9, 9)) for n in names}, "<=", names, i)
        for i in range(20)
    ]
    with pytest.raises(FormulaError, match="more than 500 inequalities; try another order"):
        eliminate(rows, len(names), 500)


numbers = st.one_of(
    st.floats(-4, 4),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-3, 3).map(float),
)


@settings(max_examples=150, deadline=None)
@given(
    weights=st.lists(st.integers(-(2**70), 2**70) | st.integers(-3, 3), min_size=4, max_size=4),
    values=st.lists(numbers, min_size=3, max_size=3),
)
def test_signs_of_linear_forms_are_exact(weights, values):
    forms = LinearForms([weights])
    row = torch.tensor([values], dtype=torch.float64)
    exact = sum(
        (w * Fraction(v) for w, v in zip(weights, [*values, 1.0], strict=True)), Fraction(0)
    )
    sign = (exact > 0) - (exact < 0)
    assert forms.signed(row).sign().item() == sign
    close = forms.at(torch.tensor([0]), row).item()
    assert (close > 0) - (close < 0) == sign
    if sign and 1e-290 < abs(exact) < 1e290:
        assert abs(Fraction(close) / exact - 1) < Fraction(1, 2**50)
