"""Categorical variables: one Boolean symbol a value, exactly one of which holds."""

from collections.abc import Iterable, Iterator, Mapping

from sympy import Symbol
from sympy.logic.boolalg import Boolean

from nsai.logic.cardinality import exactly_one
from nsai.logic.errors import FormulaError


class Categorical:
    """A variable with one of several values.

    Parameters
    ----------
    name
        Its name; the symbol of a value is called ``name=value``.
    values
        Two or more different values, as text or numbers.

    Raises
    ------
    FormulaError
        If the name is empty, there are fewer than two values, or two read alike.

    Examples
    --------
    >>> colour = Categorical("colour", ["red", "green", "blue"])
    >>> colour["red"] >> ~colour.is_("blue")
    Implies(colour=red, ~colour=blue)
    >>> colour.constraint
    exactly_one(colour=blue, colour=green, colour=red)
    >>> colour.symbols
    (colour=red, colour=green, colour=blue)
    """

    def __init__(self, name: str, values: Iterable[str | int]) -> None:
        if isinstance(values, str):
            raise FormulaError(f"{name}: expected several values, got the text {values!r}")
        self.name = name
        self.values = tuple(values)
        if not name:
            raise FormulaError("a categorical variable needs a name, got ''")
        if len(self.values) < 2:
            raise FormulaError(f"{name}: expected two or more values, got {self.values}")
        self._symbols: dict[str, Symbol] = {}
        for value in self.values:
            if str(value) in self._symbols:
                raise FormulaError(f"{name}: the value {value!r} is there twice")
            self._symbols[str(value)] = Symbol(f"{name}={value}")

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbol of each value, in the order of the values."""
        return tuple(self._symbols.values())

    @property
    def constraint(self) -> Boolean:
        """Exactly one value holds, as one node."""
        return exactly_one(self.symbols)

    def is_(self, value: str | int) -> Symbol:
        """Return the symbol that says that the variable has a value.

        Raises
        ------
        FormulaError
            If it is none of the values.
        """
        if str(value) not in self._symbols:
            values = ", ".join(self._symbols)
            raise FormulaError(f"{self.name} has no value {value!r}, expected one of {values}")
        return self._symbols[str(value)]

    def __getitem__(self, value: str | int) -> Symbol:
        return self.is_(value)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self.symbols)

    def __len__(self) -> int:
        return len(self.values)

    def value(self, assignment: Mapping[Symbol, bool]) -> str | int:
        """Return the value that an assignment gives the variable.

        Raises
        ------
        FormulaError
            If the assignment gives it none or several.
        """
        held = [
            v for v, s in zip(self.values, self.symbols, strict=True) if assignment.get(s, False)
        ]
        if len(held) != 1:
            raise FormulaError(f"{self.name}: expected exactly one value, got {held}")
        return held[0]

    def __repr__(self) -> str:
        return f"Categorical({self.name!r}, {list(self.values)!r})"
