"""From a formula to a circuit: parts without common symbols apart, each in the best way."""

import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from sympy import And, Not, Or, Symbol
from sympy.logic.boolalg import Boolean

from nsai.circuits.cardinality import cardinality
from nsai.circuits.circuit import Circuit
from nsai.circuits.nnf import NNF, NNFBuilder
from nsai.circuits.sdd import compile_sdd, instructions
from nsai.logic.cardinality import Cardinality
from nsai.logic.errors import FormulaError
from nsai.logic.expressions import as_formulas, conjuncts, operands, postorder, symbols_of

FORMAT = 1  # of what is cached


def compile(  # noqa: A001 - circuits.compile, as re.compile
    formula: Boolean,
    variables: Sequence[Symbol] | None = None,
    *,
    seconds: float = 60.0,
    memory: int = 4 << 30,
    cache: bool = True,
) -> Circuit:
    """Compile a formula into a circuit that answers questions about it exactly.

    Conjuncts that share no symbol are compiled apart. A clause, or a counting connective over
    different literals, is built at once; all else goes to PySDD in a process of its own, and what
    it returns is kept on disk, below ``NSAI_CACHE`` or ``~/.cache/nsai``, known by the formula.

    Parameters
    ----------
    formula
        A sympy Boolean expression, or several, all of which must hold.
    variables
        Order of the columns; the formula's symbols by name unless given. Symbols that the formula
        does not mention are free.
    seconds, memory
        Budget of each part that PySDD compiles, in seconds and bytes.
    cache
        Whether to look for and keep compiled parts on disk.

    Raises
    ------
    FormulaError
        If a symbol is missing from `variables` or stands there twice, or a leaf is no symbol.
    CompilationError
        If the budget is exceeded or the compiler crashes; this process is not harmed.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> circuit = compile((a & b) >> c)
    >>> circuit.variables, circuit.model_count()
    ((a, b, c), 7)
    """
    whole = And(*as_formulas(formula))
    found = symbols_of(whole)
    order = tuple(found if variables is None else variables)
    if len(set(order)) < len(order):
        twice = next(symbol for symbol in order if order.count(symbol) > 1)
        raise FormulaError(f"variables holds {twice} twice")
    missing = [symbol for symbol in found if symbol not in set(order)]
    if missing:
        raise FormulaError(f"variables lacks {', '.join(map(str, missing))}, got {order}")
    place = {symbol: i for i, symbol in enumerate(order)}
    builder = NNFBuilder(len(order))
    constants = [f for f in conjuncts(whole) if not f.free_symbols]
    roots = [] if all(map(_constant, constants)) else [builder.FALSE]
    for part in _parts(whole):
        inside = sorted(part.free_symbols, key=place.__getitem__)
        nnf = _direct(part, inside) or _compiled(part, inside, seconds, memory, cache)
        roots.append(builder.include(nnf, [place[symbol] for symbol in inside]))
    return Circuit(builder.build(builder.conjoin(roots)), order)


def _constant(formula: Boolean) -> bool:
    """Return the truth of a formula without symbols, which sympy may hold unevaluated."""
    value: dict[Boolean, Boolean] = {}
    for node in postorder(formula):
        inner = [value[child] for child in operands(node)]
        if isinstance(node, Cardinality):
            inner = [*node.args[:2], *inner]
        value[node] = node.func(*inner) if inner else node
    return bool(value[formula])


def _parts(formula: Boolean) -> list[Boolean]:
    """Return conjunctions that share no symbols; what has no symbol is left out."""
    group: dict[Symbol, list[Boolean]] = {}
    for conjunct in conjuncts(formula):
        joined, symbols = [conjunct], set(conjunct.free_symbols)
        for other in {id(g): g for s in conjunct.free_symbols if (g := group.get(s))}.values():
            joined += other
            symbols |= set().union(*(f.free_symbols for f in other))
        group |= dict.fromkeys(symbols, joined)
    return [And(*parts) for parts in {id(g): g for g in group.values()}.values()]


def _direct(part: Boolean, variables: Sequence[Symbol]) -> NNF | None:
    """Return the circuit of a clause or count of different literals, None for other formulas."""
    inverted = isinstance(part, Not) and isinstance(part.args[0], Cardinality)
    node = part.args[0] if inverted else part
    literals = node.operands if isinstance(node, Cardinality) else node.args
    if isinstance(node, Symbol) or (isinstance(node, Not) and isinstance(node.args[0], Symbol)):
        literals = (node,)
    elif not isinstance(node, Or | Cardinality):
        return None
    signs = {}
    for literal in literals:
        symbol = literal.args[0] if isinstance(literal, Not) else literal
        if not isinstance(symbol, Symbol) or symbol in signs:
            return None
        signs[symbol] = -1 if isinstance(literal, Not) else 1
    n = len(literals)
    bounds = [(1, n)]
    if isinstance(node, Cardinality):
        low, high = node.low, node.high
        bounds = [(0, low - 1), (high + 1, n)] if inverted else [(low, high)]
    builder = NNFBuilder(n)
    roots = []
    for low, high in bounds:
        if low <= high:
            roots.append(_signed(builder, cardinality(n, low, high), [signs[v] for v in variables]))
    return builder.build(builder.disjoin(roots))


def _signed(builder: NNFBuilder, nnf: NNF, signs: list[int]) -> int:
    """Copy a circuit, the variables of sign −1 negated."""
    flip = np.array([0, *signs])
    literal = nnf.literal * flip[np.abs(nnf.literal)]
    flipped = NNF(nnf.variables, nnf.kind, literal.astype(np.int32), nnf.start, nnf.child)
    return builder.include(flipped, range(nnf.variables))


def _compiled(
    part: Boolean, variables: Sequence[Symbol], seconds: float, memory: int, cache: bool
) -> NNF:
    """Return the circuit that PySDD makes, or that it made before."""
    key = [FORMAT, len(variables), instructions(part, variables)]
    path = cache_folder() / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()}.npz"
    if cache and (kept := _load(path, len(variables))) is not None:
        return kept
    nnf = compile_sdd(part, variables, seconds=seconds, memory=memory)
    if cache:
        _keep(nnf, path)
    return nnf


def cache_folder() -> Path:
    """Return where compiled circuits are kept.

    ``circuits`` below ``NSAI_CACHE``, else below ``nsai`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    if own := os.environ.get("NSAI_CACHE"):
        return Path(own) / "circuits"
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "nsai" / "circuits"


def _load(path: Path, variables: int) -> NNF | None:
    """Return a kept circuit, None where there is none or it cannot be read."""
    try:
        with path.open("rb") as file, np.load(file) as kept:
            return NNF(variables, kept["kind"], kept["literal"], kept["start"], kept["child"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _keep(nnf: NNF, path: Path) -> None:
    """Write a circuit, whole or not at all; a full or read-only disk is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            np.savez_compressed(
                file, kind=nnf.kind, literal=nnf.literal, start=nnf.start, child=nnf.child
            )
        Path(file.name).replace(path)
    except OSError:
        return
