"""What every reader of a formula needs: its parts, its symbols and clear errors about them."""

import re
from collections.abc import Iterable, Iterator

from sympy import And, S, Symbol
from sympy.logic.boolalg import Boolean, BooleanAtom, BooleanFunction

from nsai.logic.errors import FormulaError

SHOWN = 200  # characters of a formula in an error


def shown(formula: object) -> str:
    """Return a formula as an error shows it: cut off where it is long."""
    text = str(formula)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def as_formulas(formulas: object) -> tuple[Boolean, ...]:
    """Return a formula, or each of an iterable of formulas, as sympy Boolean expressions.

    Raises
    ------
    FormulaError
        If something is no formula; text has to be parsed first.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> as_formulas(a & b), as_formulas([a, True])
    ((a & b,), (a, True))
    """
    if isinstance(formulas, str):
        raise FormulaError(f"expected a formula, got text; write parse({formulas!r})")
    if isinstance(formulas, Boolean | bool):
        return (_as_formula(formulas),)
    if not isinstance(formulas, Iterable):
        kind = type(formulas).__name__
        raise FormulaError(f"expected a formula or several, got {formulas!r}, a {kind}")
    return tuple(map(_as_formula, formulas))


def _as_formula(value: object) -> Boolean:
    if isinstance(value, bool):
        return S.true if value else S.false
    if isinstance(value, Boolean):
        return value
    hint = f"; write parse({value!r})" if isinstance(value, str) else ""
    raise FormulaError(f"expected a formula, got {value!r}, a {type(value).__name__}{hint}")


def postorder(formula: Boolean) -> Iterator[Boolean]:
    """Yield each different part of a formula once, operands first, without recursion.

    Symbols, constants and anything that is no connective, such as a relation, are leaves.
    """
    seen: set[Boolean] = set()
    stack = [(formula, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(operands(node)))


def operands(node: Boolean) -> tuple[Boolean, ...]:
    """Return the formulas that a connective joins; a leaf has none."""
    if not isinstance(node, BooleanFunction):
        return ()
    return getattr(node, "operands", node.args)


def symbols_of(formulas: object) -> tuple[Symbol, ...]:
    """Return the symbols of one or several formulas, sorted by name, x2 before x10.

    Raises
    ------
    FormulaError
        If a leaf is no Boolean symbol, or two symbols have one name.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> symbols_of([c | a, b])
    (a, b, c)
    """
    found: set[Symbol] = set()
    for formula in as_formulas(formulas):
        for node in postorder(formula):
            if isinstance(node, Symbol):
                found.add(node)
            elif not isinstance(node, BooleanAtom | BooleanFunction):
                remedy = "; nsai.logic.arithmetic reads linear relations" * node.is_Relational
                raise FormulaError(f"{shown(node)} is no Boolean symbol{remedy}")
    check_names(found)
    return tuple(sorted(found, key=lambda symbol: natural(symbol.name)))


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return what to sort names by: numbers in them count as numbers.

    Examples
    --------
    >>> sorted(["x10", "x2", "x"], key=natural)
    ['x', 'x2', 'x10']
    """
    parts = re.split(r"([0-9]+)", name)
    keys = ((part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)
    return tuple(key for key in keys if key[2])


def check_names(symbols: Iterable[Symbol]) -> None:
    """Raise an error where two different symbols have the same name.

    Raises
    ------
    FormulaError
        If, say, ``Symbol("a")`` and ``Symbol("a", integer=True)`` are among the symbols.

    Examples
    --------
    >>> check_names([Symbol("a"), Symbol("a", integer=True)])
    Traceback (most recent call last):
    nsai.logic.errors.FormulaError: two different symbols are named 'a': one of them assumes integer
    """
    first: dict[str, Symbol] = {}
    for symbol in symbols:
        other = first.setdefault(symbol.name, symbol)
        if other != symbol:
            one, two = (set(s.assumptions0.items()) for s in (other, symbol))
            # Of all that follows from integer=True only the telling words are shown.
            told = {name for name, value in one ^ two if value}
            short = sorted(told & {"integer", "real", "positive", "negative"}) or sorted(told)
            why = f"one of them assumes {short[0]}" if short else "they are distinct sympy objects"
            raise FormulaError(f"two different symbols are named {symbol.name!r}: {why}")


def conjuncts(formulas: object) -> tuple[Boolean, ...]:
    """Return the parts that one or several formulas demand together.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> conjuncts([a & b, b | c])
    (a, b, b | c)
    """
    parts: list[Boolean] = []
    for formula in as_formulas(formulas):
        parts.extend(formula.args if isinstance(formula, And) else (formula,))
    return tuple(dict.fromkeys(parts))
