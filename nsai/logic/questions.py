"""Questions about formulas, answered by a SAT solver through python-sat.

Wherever a formula is asked for, an iterable of formulas that hold together does too. The answers
are deterministic: the same formula gives the same model, and models come in the same order.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sympy import And, Not, S, Symbol
from sympy.logic.boolalg import Boolean

from nsai.logic.cnf import CNF, to_cnf
from nsai.logic.errors import FormulaError, UnsatisfiableError
from nsai.logic.expressions import as_formulas, conjuncts, shown, symbols_of
from nsai.logic.tseitin import Encoder

SOLVER = "glucose4"

Model = dict[Symbol, bool]


def _solver(clauses: Iterable[tuple[int, ...]]) -> Any:
    try:
        from pysat.solvers import Solver
    except ImportError as error:
        message = "questions about formulas need python-sat: pip install 'nsai[logic]'"
        raise ImportError(message) from error
    return Solver(name=SOLVER, bootstrap_with=[list(clause) for clause in clauses])


def satisfiable(formula: object) -> bool:
    """Return whether some assignment satisfies a formula.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> satisfiable(a & b), satisfiable([a >> b, a, ~b])
    (True, False)
    """
    return model(formula) is not None


def model(formula: object) -> Model | None:
    """Return an assignment that satisfies a formula, or None where there is none.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> model(a & ~b)
    {a: True, b: False}
    """
    return next(models(formula, limit=1), None)


def models(formula: object, limit: int | None = None) -> Iterator[Model]:
    """Yield each assignment of the formula's symbols that satisfies it, once.

    Parameters
    ----------
    formula
        A formula, or several that hold together.
    limit
        Most models to yield; None for all.

    Raises
    ------
    ValueError
        If the limit is negative.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> sum(1 for _ in models(a | b))
    3
    """
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, got {limit}")
    return _models(to_cnf(formula), limit)


def _models(cnf: CNF, limit: int | None) -> Iterator[Model]:
    numbers = range(1, len(cnf.symbols) + 1)
    with _solver(cnf.clauses) as solver:
        found = 0
        while (limit is None or found < limit) and solver.solve():
            held = set(solver.get_model() or ())
            yield cnf.decode(held)
            found += 1
            if not cnf.symbols:
                return
            solver.add_clause([-v if v in held else v for v in numbers])


def counterexample(premises: object, conclusion: object) -> Model | None:
    """Return an assignment under which the premises hold and the conclusion fails, or None.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> counterexample([a >> b, b], a)
    {a: False, b: True}
    >>> counterexample([a >> b, b >> c], a >> c) is None
    True
    """
    return model([*as_formulas(premises), _negation(conclusion)])


def entails(premises: object, conclusion: object) -> bool:
    """Return whether the conclusion holds wherever the premises do.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> entails([a >> b, a], b), entails([a >> b, b], a)
    (True, False)
    """
    return counterexample(premises, conclusion) is None


def equivalent(formula: object, other: object) -> bool:
    """Return whether two formulas hold under the same assignments.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> equivalent(a >> b, ~a | b), equivalent(a >> b, b >> a)
    (True, False)
    """
    return entails(formula, other) and entails(other, formula)


def is_tautology(formula: object) -> bool:
    """Return whether a formula holds under every assignment.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> is_tautology((a >> b) | (b >> a)), is_tautology(a | b)
    (True, False)
    """
    return entails((), formula)


def _negation(formula: object) -> Boolean:
    return Not(And(*as_formulas(formula)))


def unsatisfiable_core(parts: object) -> tuple[Boolean, ...]:
    """Return parts that contradict each other, none of which can be left out.

    The solver's own core is taken first; then each member is dropped that the others do without.

    Parameters
    ----------
    parts
        Formulas; a single conjunction is taken apart.

    Returns
    -------
    tuple
        A minimal unsatisfiable subset, in the order of the parts. It need not be the smallest.

    Raises
    ------
    FormulaError
        If the parts can hold together; the message shows how.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> unsatisfiable_core([a >> b, c, a, ~b, b | c])
    (Implies(a, b), a, ~b)
    """
    alone = isinstance(parts, Boolean)
    formulas = conjuncts(parts) if alone else tuple(dict.fromkeys(as_formulas(parts)))
    core = _core(formulas)
    if core is None:
        raise FormulaError(f"these parts have no core, they hold under {model(formulas)}")
    return core


def _core(formulas: tuple[Boolean, ...]) -> tuple[Boolean, ...] | None:
    """Return the minimal core, None for formulas that hold together."""
    encoder = Encoder({symbol: i for i, symbol in enumerate(symbols_of(formulas), 1)})
    switches = {encoder.new(): formula for formula in formulas}
    for switch, formula in switches.items():
        encoder.demand(formula, when=switch)
    with _solver(encoder.clauses) as solver:
        if solver.solve(assumptions=list(switches)):
            return None
        core = sorted(solver.get_core() or ())
        for switch in tuple(core):
            if switch in core:
                rest = [other for other in core if other != switch]
                if not solver.solve(assumptions=rest):
                    core = sorted(solver.get_core() or ())
    return tuple(switches[switch] for switch in core)


def require_satisfiable(formula: object) -> None:
    """Raise an error with the minimal core where nothing satisfies a formula.

    Raises
    ------
    UnsatisfiableError
        If there is no model; its `core` holds the parts of the formula that contradict.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> require_satisfiable((a >> b) & c & a & ~b)
    Traceback (most recent call last):
    nsai.logic.errors.UnsatisfiableError: nothing satisfies the formula: 3 of its 4 parts clash:
      a
      ~b
      Implies(a, b)
    """
    parts = conjuncts(formula)
    core = _core(parts)
    if core is None:
        return
    if len(core) == 1:
        constant = core[0] == S.false
        why = ": sympy found a contradiction in it and kept only false" * constant
        message = f"nothing satisfies {shown(core[0])}{why}"
    else:
        lines = "".join(f"\n  {shown(part)}" for part in core)
        some = f"{len(core)} of its {len(parts)} parts clash"
        message = f"nothing satisfies the formula: {some}:{lines}"
    raise UnsatisfiableError(message, core)
