"""Mean costs of searches against closed forms, and searches that are walked."""

from math import comb

import numpy as np
import pytest
import sympy

from quantum import InputError, expected_evaluations, expected_flips

AB = sympy.symbols("a b")


def mean_of(walk, rng, walks=1500):
    counts = np.array([walk(rng) for _ in range(walks)])
    return pytest.approx(counts.mean(), abs=5 * counts.std() / walks**0.5)


@pytest.mark.parametrize("temperature", [0.7, 3.0])
def test_the_mean_is_that_of_walks(temperature):
    energies = np.random.default_rng(0).integers(0, 4, 16).astype(float)
    energies[energies.argmin()] -= 0.5

    def walk(rng):
        x, count = rng.integers(16), 1
        while energies[x] > energies.min():
            y = x ^ (1 << rng.integers(4))
            count += 1
            if rng.random() < np.exp(-max(energies[y] - energies[x], 0) / temperature):
                x = y
        return count

    assert expected_evaluations(energies, temperature) == mean_of(walk, np.random.default_rng(1))


def test_a_slope_is_walked_down():
    energies = np.array([bin(x).count("1") for x in range(1 << 6)], float)
    # at no temperature, with j ones left a step helps with probability j/6
    steps = sum(6 / j * (1 - sum(comb(6, i) for i in range(j)) / 64) for j in range(1, 7))
    assert expected_evaluations(energies, 1e-3) == pytest.approx(1 + steps, rel=1e-9)


@pytest.mark.parametrize("clauses", [14, 30])  # with models, and without
@pytest.mark.parametrize("noise", [0.2, 1.0])
def test_the_mean_is_that_of_walksat(clauses, noise):
    drawn = np.random.default_rng(clauses)
    symbols = sympy.symbols("x:5")
    chosen = [drawn.choice(5, 3, replace=False) for _ in range(clauses)]
    parts = sorted(
        {sympy.Or(*(symbols[i] if drawn.random() < 0.5 else ~symbols[i] for i in own))
         for own in chosen}, key=str,
    )  # fmt: skip
    literals = [[(symbols.index(*x.free_symbols), x.is_Symbol) for x in p.args] for p in parts]

    def failing(x):
        return [c for c, own in enumerate(literals) if not any(x[i] == v for i, v in own)]

    def flipped(x, i):
        return [*x[:i], not x[i], *x[i + 1 :]]

    least = min(len(failing([bool(k >> i & 1) for i in range(5)])) for k in range(32))

    def walk(rng):
        x, count = (rng.random(5) < 0.5).tolist(), 1
        while len(now := failing(x)) > least:
            own = [i for i, _ in literals[now[rng.integers(len(now))]]]
            if rng.random() >= noise:
                broken = [len(set(failing(flipped(x, i))) - set(now)) for i in own]
                own = [i for i, b in zip(own, broken, strict=True) if b == min(broken)]
            x = flipped(x, own[rng.integers(len(own))])
            count += 1
        return count

    found = expected_flips(sympy.And(*parts), symbols, noise)
    assert found == mean_of(walk, np.random.default_rng(2))


def test_all_alike_is_found_at_once():
    assert expected_evaluations(np.ones(8), 1.0) == 1
    assert expected_flips(sympy.true, AB, 0.5) == 1


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: expected_evaluations(np.zeros(6), 1.0), "a power of two, got 6"),
        (lambda: expected_evaluations(np.zeros(1), 1.0), "a power of two, got 1"),
        (lambda: expected_evaluations(np.zeros(4), 0.0), "a positive temperature, got 0.0"),
        (lambda: expected_flips(sympy.true, sympy.symbols("x:13"), 0.5), "got 8192"),
        (lambda: expected_flips(sympy.Symbol("y"), sympy.symbols("x:2"), 0.5), "y is not among"),
        (lambda: expected_flips(sympy.Xor(*AB), AB, 0.5), "is no clause"),
        (lambda: expected_flips(sympy.true, sympy.symbols("x:2"), 1.5), "from 0 to 1, got 1.5"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
