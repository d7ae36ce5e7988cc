"""Questions about formulas whose atoms are also linear relations, answered by z3.

An atom is a Boolean symbol or a relation such as ``x + 2*y <= 3``, ``Eq(x, y)`` or ``x < 1``. Its
symbols are real numbers, or integers where they assume ``integer=True``; what they assume about
their sign holds. A floating-point coefficient counts as the decimal number that it prints as.
"""

from typing import Any

from sympy import Add, And, Eq, Expr, Ge, Gt, Le, Lt, Ne, Not, Rational, S, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from nsai.logic.cardinality import Cardinality
from nsai.logic.connectives import clauses_of
from nsai.logic.errors import FormulaError
from nsai.logic.expressions import as_formulas, check_names, natural, operands, postorder, shown

Assignment = dict[Symbol, Any]  # bool, or an exact sympy number

# What a symbol may assume about its sign, as a relation to 0.
SIGNS = {
    "positive": Gt,
    "negative": Lt,
    "nonnegative": Ge,
    "nonpositive": Le,
    "zero": Eq,
    "nonzero": Ne,
}
UNREAD = ("even", "odd", "prime", "composite", "irrational", "noninteger", "imaginary", "infinite")


def satisfiable(formula: object) -> bool:
    """Return whether some assignment satisfies a formula, or several together.

    Examples
    --------
    >>> from sympy.abc import a, x, y
    >>> satisfiable([x + y <= 1, x > 1, y > 0]), satisfiable((x > 1) | a)
    (False, True)
    """
    return model(formula) is not None


def model(formula: object) -> Assignment | None:
    """Return exact values of the symbols that satisfy a formula, or None where there are none.

    Raises
    ------
    FormulaError
        If a term is not linear, or a symbol is used both as a number and as a formula.

    Examples
    --------
    >>> from sympy import Eq
    >>> from sympy.abc import x
    >>> model(Eq(3 * x, 1))
    {x: 1/3}
    """
    return _Translation(as_formulas(formula)).model()


def counterexample(premises: object, conclusion: object) -> Assignment | None:
    """Return values under which the premises hold and the conclusion fails, or None.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> counterexample([x > 0, y > 0], x + y > 0) is None
    True
    """
    return model([*as_formulas(premises), Not(And(*as_formulas(conclusion)))])


def entails(premises: object, conclusion: object) -> bool:
    """Return whether the conclusion holds wherever the premises do.

    Examples
    --------
    >>> from sympy.abc import x
    >>> n = Symbol("n", integer=True)
    >>> entails(n > 0, n >= 1), entails(x > 0, x >= 1)
    (True, False)
    """
    return counterexample(premises, conclusion) is None


def _z3() -> Any:
    try:
        import z3
    except ImportError as error:
        message = "linear arithmetic needs z3-solver: pip install 'nsai[logic]'"
        raise ImportError(message) from error
    return z3


def linear_terms(relation: Relational) -> dict[Any, Any]:
    """Return the coefficient of each symbol, and of 1, in left minus right side.

    Raises
    ------
    FormulaError
        If a term is no rational number times a symbol; the message shows it.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> linear_terms(x / 2 <= y + 3)
    {x: 1/2, 1: -3, y: -1}
    >>> linear_terms(x * y <= 3)
    Traceback (most recent call last):
    nsai.logic.errors.FormulaError: x*y <= 3: the term x*y is not linear, a number times a symbol
    """
    sides = (relation.lhs, relation.rhs)
    if not all(isinstance(side, Expr) for side in sides):
        raise FormulaError(f"{shown(relation)} relates formulas; write Equivalent for Eq")
    terms: dict[Any, Any] = {}
    for side, sign in zip(sides, (1, -1), strict=True):
        for term in Add.make_args(side.expand()):
            number, rest = term.as_coeff_Mul()
            if number.is_Float:
                number = Rational(str(number))
            linear = number.is_Rational and (rest == 1 or isinstance(rest, Symbol))
            if not linear:
                expected = "a number times a symbol"
                raise FormulaError(f"{shown(relation)}: the term {term} is not linear, {expected}")
            terms[rest] = terms.get(rest, S.Zero) + sign * number
    return terms


class _Translation:
    """Formulas in z3's terms."""

    def __init__(self, formulas: tuple[Boolean, ...]) -> None:
        self.z3 = _z3()
        self.numbers: dict[Symbol, Any] = {}
        self.truths: dict[Symbol, Any] = {}
        self.solver = self.z3.Solver()
        self.known: dict[Boolean, Any] = {}
        for formula in formulas:
            for node in postorder(formula):
                if node not in self.known:
                    self.known[node] = self._made(node)
            self.solver.add(self.known[formula])
        check_names({*self.numbers, *self.truths})
        for symbol in self.numbers.keys() & self.truths.keys():
            raise FormulaError(f"{symbol} is used both as a number and as a formula")

    def _made(self, node: Boolean) -> Any:
        z3 = self.z3
        if node in (S.true, S.false):
            return z3.BoolVal(node == S.true)
        if isinstance(node, Symbol):
            return self.truths.setdefault(node, z3.Bool(f"truth {node.name}"))
        if isinstance(node, Relational):
            return self._relation(node)
        if isinstance(node, Cardinality):
            x = [(self.known[f], 1) for f in operands(node)]
            return z3.And(z3.PbGe(x, node.low), z3.PbLe(x, node.high))
        if not operands(node):
            raise FormulaError(f"{shown(node)} is neither a Boolean symbol nor a linear relation")
        rows = []
        for clause in clauses_of(node, True):
            parts = []
            for part, sign in clause:
                if part not in self.known:  # half of an exclusive or, a negated connective
                    self.known[part] = self._made(part)
                parts.append(self.known[part] if sign else z3.Not(self.known[part]))
            rows.append(z3.Or(parts))
        return z3.And(rows)

    def _relation(self, node: Relational) -> Any:
        terms = linear_terms(node)
        whole = self.z3.RealVal(0)
        for rest, number in terms.items():
            value = self.z3.RealVal(str(number))
            whole = whole + (value if rest == 1 else value * self._number(rest))
        return self._compared(type(node), whole)

    def _compared(self, kind: Any, whole: Any) -> Any:
        relations = {
            Le: whole <= 0,
            Lt: whole < 0,
            Ge: whole >= 0,
            Gt: whole > 0,
            Eq: whole == 0,
            Ne: whole != 0,
        }
        return relations[kind]

    def _number(self, symbol: Symbol) -> Any:
        if symbol not in self.numbers:
            unread = [name for name in UNREAD if symbol.assumptions0.get(name)]
            if unread:
                raise FormulaError(f"{symbol} assumes {unread[0]}, which is not supported")
            whole = bool(symbol.is_integer)
            make = self.z3.Int if whole else self.z3.Real
            self.numbers[symbol] = made = make(f"number {symbol.name}")
            for name, kind in SIGNS.items():
                if symbol.assumptions0.get(name):
                    self.solver.add(self._compared(kind, made))
        made = self.numbers[symbol]
        return self.z3.ToReal(made) if symbol.is_integer else made

    def model(self) -> Assignment | None:
        answer = self.solver.check()
        if answer == self.z3.unsat:
            return None
        if answer != self.z3.sat:
            raise RuntimeError(f"z3 gave no answer: {self.solver.reason_unknown()}")
        found = self.solver.model()
        values: Assignment = {}
        for symbol in sorted({*self.numbers, *self.truths}, key=lambda s: natural(s.name)):
            if symbol in self.truths:
                truth = found.eval(self.truths[symbol], model_completion=True)
                values[symbol] = bool(self.z3.is_true(truth))
            else:
                number = found.eval(self.numbers[symbol], model_completion=True)
                values[symbol] = Rational(
                    str(number.as_fraction() if self._real(number) else number)
                )
        return values

    def _real(self, number: Any) -> bool:
        return bool(self.z3.is_rational_value(number))
