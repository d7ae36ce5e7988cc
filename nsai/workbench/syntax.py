"""Python source as syntax trees: files of packages, and cells with what IPython adds to them."""

import ast
import re
import warnings
from pathlib import Path

IDENTIFIER = re.compile(r"[^\W\d]\w*")


class UnreadableError(SyntaxError):
    """Text that CPython's parser gives up on: null bytes, half a character, nested too deep."""


def parse_file(path: Path) -> ast.Module | None:
    """Parse a source file; None if it is no Python, or is gone."""
    try:
        return _parse(path.read_bytes())
    except (SyntaxError, OSError):
        return None


def parse_cell(source: str) -> ast.Module:
    """Parse a code cell.

    What a magic or shell line is given counts, too: as code if it parses, else as the names that
    stand in it.

    Raises
    ------
    SyntaxError
        If the cell would fail when it is run.

    Examples
    --------
    >>> tree = parse_cell("%time from math import pi")
    >>> any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
    True
    """
    try:
        tree = _parse(source)
    except UnreadableError:
        raise
    except SyntaxError:
        tree = _parse(_without_magics(source))
    given = [
        argument.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _is_magic(call)
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    for text in given:
        tree.body += _given(text)
    return tree


def _without_magics(source: str) -> str:
    """Return a cell as IPython runs it: magics and shell lines as calls."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        with warnings.catch_warnings(action="ignore"):
            return str(TransformerManager().transform_cell(source))
    except (IndexError, RuntimeError) as error:  # IPython's own slips on a cell that is broken
        raise UnreadableError(f"IPython cannot read it: {error}") from error


def _given(text: str) -> list[ast.stmt]:
    """Return the code that a magic is given, or the names in it."""
    try:
        return parse_cell(text).body
    except SyntaxError:
        return [ast.Expr(ast.Name(name, ast.Load())) for name in IDENTIFIER.findall(text)]


def _is_magic(call: ast.Call) -> bool:
    """Whether this is ``get_ipython().run_line_magic(…)`` or one of its kind."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    maker = owner.func if isinstance(owner, ast.Call) else None
    return isinstance(maker, ast.Name) and maker.id == "get_ipython"


def _parse(source: str | bytes) -> ast.Module:
    try:
        with warnings.catch_warnings(action="ignore"):  # an invalid escape warns when it is run
            return ast.parse(source)
    except (ValueError, MemoryError, RecursionError) as error:
        raise UnreadableError(str(error) or type(error).__name__) from error
