r"""Conjunctive normal form: a formula as clauses of numbered literals.

Paper: Tseitin, "On the complexity of derivation in propositional calculus", 1968. Here each
auxiliary variable g of a part is tied to it both ways, :math:`g \Leftrightarrow \text{part}`,
so it is determined by the symbols, and the clauses have as many models as the formula.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sympy import And, Or, Symbol
from sympy.logic.boolalg import Boolean

from nsai.logic.distribution import distribute
from nsai.logic.expressions import as_formulas, check_names, symbols_of
from nsai.logic.tseitin import Encoder

Method = Literal["tseitin", "direct"]
CLAUSE_BUDGET = 100_000


@dataclass(frozen=True)
class CNF:
    """Clauses over variables 1, 2, …: those of the symbols first, then the auxiliary ones.

    Parameters
    ----------
    clauses
        Each a tuple of literals, v or −v; an empty clause cannot be satisfied.
    symbols
        The symbol of each variable 1..n.
    auxiliaries
        Number of variables n+1, n+2, … that stand for parts of the formula.

    Raises
    ------
    ValueError
        If a literal is 0 or its variable out of range, or `auxiliaries` is negative.
    FormulaError
        If two symbols have one name.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> cnf = to_cnf(a >> b)
    >>> cnf.clauses, cnf.symbols, cnf.auxiliaries
    (((-1, 2),), (a, b), 0)
    >>> cnf.decode([1, 2])
    {a: True, b: True}
    """

    clauses: tuple[tuple[int, ...], ...]
    symbols: tuple[Symbol, ...]
    auxiliaries: int = 0

    def __post_init__(self) -> None:
        if self.auxiliaries < 0:
            raise ValueError(f"auxiliaries must not be negative, got {self.auxiliaries}")
        if len(set(self.symbols)) < len(self.symbols):
            raise ValueError("symbols must differ, got one twice")
        check_names(self.symbols)
        n = self.variables
        for clause in self.clauses:
            for literal in clause:
                if not 1 <= abs(literal) <= n:
                    expected = f"variables must lie in [1, {n}]"
                    raise ValueError(f"{expected}, got {literal} in {clause}")

    @property
    def variables(self) -> int:
        """Number of variables, the auxiliary ones included."""
        return len(self.symbols) + self.auxiliaries

    def number(self, symbol: Symbol) -> int:
        """Return the variable of a symbol.

        Raises
        ------
        ValueError
            If the symbol does not occur.
        """
        if symbol not in self.symbols:
            raise ValueError(f"{symbol} is none of the symbols {self.symbols}")
        return self.symbols.index(symbol) + 1

    def decode(self, literals: Iterable[int]) -> dict[Symbol, bool]:
        """Return the value of each symbol; one without a literal is False."""
        held = set(literals)
        return {symbol: i in held for i, symbol in enumerate(self.symbols, 1)}

    def formula(self) -> Boolean:
        """Return clauses without auxiliary variables as a formula."""
        if self.auxiliaries:
            raise ValueError(f"expected no auxiliary variables, got {self.auxiliaries}")
        s = self.symbols
        return And(*(Or(*(s[v - 1] if v > 0 else ~s[-v - 1] for v in c)) for c in self.clauses))

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return iter(self.clauses)

    def __len__(self) -> int:
        return len(self.clauses)


def to_cnf(formula: object, method: Method = "tseitin", budget: int = CLAUSE_BUDGET) -> CNF:
    """Return the clauses of a formula, or of several that hold together.

    Parameters
    ----------
    formula
        A sympy Boolean expression, or an iterable of them.
    method
        ``"tseitin"``: linear in the size of the formula, through auxiliary variables that its
        symbols determine, so that the number of models stays the same; "k of n" takes O(n·k)
        clauses. ``"direct"``: by distribution, no auxiliary variables, and exponentially many
        clauses in the worst case.
    budget
        Most clauses that ``"direct"`` may make.

    Raises
    ------
    FormulaError
        If something is no formula, two symbols have one name, or the budget is used up.
    ValueError
        If the method is unknown.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> to_cnf(a | (b & c)).clauses
    ((-4, 2), (-4, 3), (4, -2, -3), (1, 4))
    >>> to_cnf(a | (b & c), method="direct").clauses
    ((1, 2), (1, 3))
    """
    formulas = as_formulas(formula)
    symbols = symbols_of(formulas)
    number = {symbol: i for i, symbol in enumerate(symbols, 1)}
    if method == "direct":
        return CNF(distribute(formulas, number, budget), symbols)
    if method != "tseitin":
        raise ValueError(f"method must be 'tseitin' or 'direct', got {method!r}")
    encoder = Encoder(number)
    for part in formulas:
        encoder.demand(part)
    return CNF(tuple(encoder.clauses), symbols, encoder.variables - len(symbols))
