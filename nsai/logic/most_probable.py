r"""The most probable model of a formula, exactly, by weighted MaxSAT.

A circuit answers this in one pass, where there is one. Here the formula stays clauses: a MaxSAT
solver proves that no model is better. That is fast where few likely values clash, and can take
exponential time where many do.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

from sympy import Symbol

from nsai.logic.budget import interrupted_after
from nsai.logic.cardinality import Cardinality
from nsai.logic.cnf import to_cnf
from nsai.logic.expressions import conjuncts
from nsai.logic.questions import SOLVER, Model, require_satisfiable

SCALE = 1_000_000  # weights of MaxSAT are integers: log-odds count to a millionth

Soft = tuple[list[int], int]


class MostProbable:
    r"""The most probable model of a formula, for log-odds that change from call to call.

    Symbols are independent coins with log-odds :math:`z_i`, given that the formula holds:

    .. math:: x^* = \arg\max_{x \models \varphi} \sum_i z_i x_i

    Each :math:`z_i` is a soft clause. Of symbols under an ``exactly_one`` only differences count:
    sorted, :math:`z_1 \ge z_2 \ge \dots`, they become clauses
    :math:`x_1 \vee \dots \vee x_k` of weight :math:`z_k - z_{k+1}`, which say what is lost with the
    first guess, the second and so on, and let the solver prove its answer far sooner. A symbol is
    taken from the first such constraint where it stands.

    Parameters
    ----------
    formula
        A formula, or several that hold together.
    seconds
        Budget of a call; None for none.

    Raises
    ------
    FormulaError
        If something is no formula.

    References
    ----------
    Ignatiev, Morgado and Marques-Silva, "RC2: an efficient MaxSAT solver", Journal on
    Satisfiability, Boolean Modeling and Computation 11, 2019.

    Examples
    --------
    The likeliest value is ruled out:

    >>> from sympy.abc import a, b, c
    >>> from nsai.logic import exactly_one
    >>> best = MostProbable([exactly_one([a, b, c]), ~a])
    >>> best({a: 3.0, b: 1.0, c: 2.0})
    {a: False, b: False, c: True}
    """

    def __init__(self, formula: object, seconds: float | None = None) -> None:
        self.seconds = seconds
        self.parts = conjuncts(formula)
        self.cnf = to_cnf(self.parts)
        self._number = {symbol: i for i, symbol in enumerate(self.cnf.symbols, 1)}
        self._choices: list[tuple[Symbol, ...]] = []
        taken: set[Symbol] = set()
        for part in self.parts:
            if isinstance(part, Cardinality) and part.low == part.high == 1:
                some = part.operands
                if all(isinstance(x, Symbol) for x in some) and taken.isdisjoint(some):
                    self._choices.append(some)
                    taken.update(some)
        self._free = [symbol for symbol in self.cnf.symbols if symbol not in taken]

    def __call__(self, log_odds: Mapping[Symbol, float]) -> Model:
        """Return the most probable model; of equals any, the same every time.

        Parameters
        ----------
        log_odds
            log(p / (1 − p)) of symbols; of those left out 0. Rounded to a millionth.

        Raises
        ------
        ValueError
            If log-odds are not finite, or of a symbol that does not occur.
        UnsatisfiableError
            If nothing satisfies the formula; its `core` holds parts that contradict.
        TimeoutError
            If no model is proved to be the most probable within the budget.
        """
        for symbol, value in log_odds.items():
            if symbol not in self._number:
                raise ValueError(f"expected log-odds of symbols of the formula, got {symbol!r}")
            if not math.isfinite(value):
                raise ValueError(f"log-odds must be finite, got {value} for {symbol}")
        weights = {symbol: round(SCALE * float(value)) for symbol, value in log_odds.items()}
        held = _max_sat(self.cnf.clauses, self._softs(weights), self.seconds)
        if held is None:
            require_satisfiable(self.parts)
        assert held is not None
        return self.cnf.decode(held)

    def _softs(self, weights: Mapping[Symbol, int]) -> Iterator[Soft]:
        for symbol in self._free:
            weight = weights.get(symbol, 0)
            number = self._number[symbol]
            if weight:
                yield [number if weight > 0 else -number], abs(weight)
        for some in self._choices:
            ranked = sorted(some, key=lambda symbol: -weights.get(symbol, 0))
            clause: list[int] = []
            for better, next_ in pairwise(ranked):
                clause.append(self._number[better])
                lost = weights.get(better, 0) - weights.get(next_, 0)
                if lost:
                    yield clause.copy(), lost


def most_probable_model(formula: object, log_odds: Mapping[Symbol, float]) -> Model:
    r"""Return the most probable model of a formula whose symbols are independent coins.

    See `MostProbable`, which reads a formula once for many questions.

    Parameters
    ----------
    formula
        A formula, or several that hold together.
    log_odds
        log(p / (1 − p)) of symbols; of those left out 0.

    Raises
    ------
    ValueError
        If log-odds are not finite, or of a symbol that does not occur.
    UnsatisfiableError
        If nothing satisfies the formula.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> most_probable_model(a >> b, {a: 2.0, b: -1.0})
    {a: True, b: True}
    """
    return MostProbable(formula)(log_odds)


def _max_sat(
    clauses: tuple[tuple[int, ...], ...], softs: Iterator[Soft], seconds: float | None
) -> set[int] | None:
    """Return the literals of an optimal model, None where there is no model."""
    try:
        from pysat.examples.rc2 import RC2
        from pysat.formula import WCNF
    except ImportError as error:
        message = "most probable models need python-sat: pip install 'nsai[logic]'"
        raise ImportError(message) from error
    if () in clauses:
        return None
    problem = WCNF()
    for hard in clauses:
        problem.append(list(hard))
    for clause, weight in softs:
        problem.append(clause, weight=weight)
    with RC2(problem, solver=SOLVER, adapt=True) as solver:
        if seconds is None:
            found = solver.compute()
        else:
            with interrupted_after(seconds, solver) as late:
                found = solver.compute(expect_interrupt=True)
            if found is None and late.is_set():
                raise TimeoutError(f"no model was proved the most probable within {seconds:g} s")
    return None if found is None else set(found)
