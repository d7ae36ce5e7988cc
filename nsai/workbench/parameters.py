"""Typed parameters of a notebook, read from its parameters cell without running it.

The cell holds one annotated literal a line; a trailing comment is the help text::

    from typing import Literal
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    epochs: int = 3  # passes over the training set
    widths: list[int] = [300, 100]
    note: str | None = None
"""

import ast
import io
import json
import math
import operator
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nsai.workbench.errors import NotebookFormatError, ParameterError

Scalar = int | float | str | bool
SCALARS: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
SHOWN = 200  # characters of a wrong value in an error
PRESET = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")  # stands in the names of folders and pages
# ast.literal_eval and ast.parse raise these for text that is hostile rather than wrong
UNREADABLE = (SyntaxError, ValueError, TypeError, MemoryError, RecursionError)


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, declared type, default and help text.

    Attributes
    ----------
    name
        A Python identifier.
    kind
        ``"int"``, ``"float"``, ``"str"`` or ``"bool"``: the type, or that of a list's items.
    default
        The value in the notebook.
    is_list
        Whether the value is a flat list of `kind`.
    optional
        Whether ``None`` is allowed.
    choices
        The allowed values of a ``Literal``; empty means any.
    help
        The comment behind the line.
    """

    name: str
    kind: str
    default: Any
    is_list: bool = False
    optional: bool = False
    choices: tuple[Scalar, ...] = ()
    help: str = ""

    @property
    def type_name(self) -> str:
        """The declared type as a reader writes it."""
        inner = f"Literal[{', '.join(map(repr, self.choices))}]" if self.choices else self.kind
        text = f"list[{inner}]" if self.is_list else inner
        return f"{text} | None" if self.optional else text

    def convert(self, value: Any) -> Any:
        """Check a Python value against the declared type and return it as plain Python.

        numpy scalars and tuples become what the type says; nothing is rounded or guessed.

        Raises
        ------
        ParameterError
            If the value is of another type or not among the choices.

        Examples
        --------
        >>> Parameter("widths", "int", [1], is_list=True).convert((300, 100))
        [300, 100]
        """
        if value is None and self.optional:
            return None
        if not self.is_list:
            return self._scalar(value, value)
        items = value.tolist() if hasattr(value, "tolist") else value
        if isinstance(items, (str, bytes)) or not isinstance(items, Sequence):
            raise self._error(value)
        return [self._scalar(item, value) for item in items]

    def parse(self, text: str) -> Any:
        """Read a value from the command line by the declared type.

        Raises
        ------
        ParameterError
            If the text is no value of the type.

        Examples
        --------
        >>> Parameter("tag", "str", "").parse("007")
        '007'
        >>> Parameter("rates", "float", [0.1], is_list=True).parse("0.1, 0.2")
        [0.1, 0.2]
        """
        if self.optional and _is_none(text):
            return None
        if not self.is_list:
            return self._parse_scalar(text, text)
        stripped = text.strip()
        if stripped.startswith("["):
            try:
                return self.convert(json.loads(stripped))
            except (ValueError, RecursionError) as error:
                raise self._error(text) from error
        items = [item for item in stripped.split(",") if stripped]
        return [
            self._parse_scalar(item if self.kind == "str" else item.strip(), text) for item in items
        ]

    def _parse_scalar(self, text: str, whole: str) -> Scalar:
        value: Any = text
        if self.kind in ("int", "float"):
            try:
                value = SCALARS[self.kind](text)
            except ValueError:
                value = text
        elif self.kind == "bool":
            value = {"true": True, "false": False}.get(text.strip().lower(), text)
        return self._scalar(value, whole)

    def _scalar(self, value: Any, whole: Any) -> Scalar:
        converted: Scalar | None = None
        if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
            value = value.item()
        if self.kind in ("str", "bool"):
            fits: bool = type(value) is SCALARS[self.kind]
            converted = value if fits else None
        elif not isinstance(value, (bool, str, bytes, bytearray)):
            try:
                converted = operator.index(value) if self.kind == "int" else float(value)
            except (TypeError, ValueError, OverflowError):
                converted = None
        if isinstance(converted, str) and not self._can_hold(converted):
            converted = None
        if converted is None or (self.choices and converted not in self.choices):
            raise self._error(whole)
        return converted

    def _can_hold(self, text: str) -> bool:
        """Whether a string can be written as UTF-8 and is not taken for None when given back."""
        none = self.optional and not self.is_list and _is_none(text)
        return not none and text == text.encode(errors="ignore").decode()

    def _error(self, value: Any) -> ParameterError:
        shown = repr(value)
        shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
        hint = "; for no value write None" if self.optional and _is_none(value) else ""
        return ParameterError(
            f"parameter {self.name!r} expects {self.type_name}, got {shown} "
            f"({type(value).__name__}){hint}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return name, type, default, choices and help as JSON values."""
        return {
            "name": self.name,
            "type": self.type_name,
            "default": json_value(self.default),
            "choices": list(self.choices),
            "help": self.help,
        }


def json_value(value: Any) -> Any:
    """Return a parameter's value with the numbers that JSON lacks as strings."""
    if isinstance(value, list):
        return [json_value(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def read_parameters(source: str, where: str = "parameters cell") -> dict[str, Parameter]:
    """Parse a parameters cell.

    Parameters
    ----------
    source
        The text of the cell.
    where
        Named in errors.

    Returns
    -------
    dict of str to Parameter
        In the order of the cell.

    Raises
    ------
    NotebookFormatError
        If a line is anything but an annotated literal or an import from typing, a type is not
        supported, or a default does not have its declared type.

    Examples
    --------
    >>> read_parameters("steps: int = 200  # optimiser steps")["steps"].help
    'optimiser steps'
    """
    try:
        body = ast.parse(source).body
    except UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise NotebookFormatError(f"{where} is no Python: {reason}") from error
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for line in body:
        if isinstance(line, ast.ImportFrom) and line.module == "typing":
            continue
        at = f"{where}, line {line.lineno}"
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)):
            raise NotebookFormatError(
                f"{at}: expected `name: type = literal`, got `{ast.unparse(line)}`"
            )
        name = line.target.id
        if name in found:
            raise NotebookFormatError(f"{at}: parameter {name!r} is declared twice")
        if line.value is None:
            raise NotebookFormatError(f"{at}: parameter {name!r} has no default")
        try:
            default = ast.literal_eval(line.value)
        except UNREADABLE as error:
            raise NotebookFormatError(
                f"{at}: the default of {name!r} must be a literal, got `{ast.unparse(line.value)}`"
            ) from error
        help_text = comments.get(line.end_lineno or line.lineno, "")
        declared = _declared(name, line.annotation, help_text, at)
        try:
            checked = declared.convert(default)
        except ParameterError as error:
            raise NotebookFormatError(f"{at}: {error}") from error
        found[name] = Parameter(**(vars(declared) | {"default": checked}))
    return found


def read_presets(
    source: str, parameters: Mapping[str, Parameter], where: str = "presets cell"
) -> dict[str, dict[str, Any]]:
    """Parse a presets cell: ``presets = {"quick": {...}, "full": {...}}``.

    Raises
    ------
    NotebookFormatError
        If the cell is anything but that literal, ``quick`` or ``full`` is missing, or a preset
        names an unknown parameter or gives it a value of the wrong type.
    """
    try:
        body = ast.parse(source).body
        if len(body) != 1 or not isinstance(body[0], ast.Assign):
            raise ValueError
        targets = [ast.unparse(target) for target in body[0].targets]
        value = ast.literal_eval(body[0].value)
        if targets != ["presets"] or not isinstance(value, dict):
            raise ValueError
    except UNREADABLE as error:
        raise NotebookFormatError(
            f"{where}: expected one literal `presets = {{...}}`, got {source[:60]!r}"
        ) from error
    missing = {"quick", "full"} - set(value)
    if missing:
        raise NotebookFormatError(f"{where}: preset {sorted(missing)[0]!r} is missing")
    presets = {}
    for name, values in value.items():
        if not (isinstance(name, str) and PRESET.fullmatch(name)):
            raise NotebookFormatError(
                f"{where}: a preset's name must be lower-case words joined by '-', got {name!r}"
            )
        if not isinstance(values, dict):
            raise NotebookFormatError(f"{where}: preset {name!r} must be a dict, got {values!r}")
        try:
            presets[name] = convert_all({str(key): v for key, v in values.items()}, parameters)
        except ParameterError as error:
            raise NotebookFormatError(f"{where}, preset {name!r}: {error}") from error
    return presets


def convert_all(
    values: Mapping[str, Any], parameters: Mapping[str, Parameter], *, parse: bool = False
) -> dict[str, Any]:
    """Check every value against its parameter; with `parse`, read the values from text.

    Raises
    ------
    ParameterError
        If a name is unknown (the known ones are listed) or a value does not fit.
    """
    converted = {}
    for name, value in values.items():
        if name not in parameters:
            known = ", ".join(parameters) or "none"
            raise ParameterError(f"unknown parameter {name!r}; the notebook has: {known}")
        parameter = parameters[name]
        converted[name] = parameter.parse(value) if parse else parameter.convert(value)
    return converted


def _declared(name: str, annotation: ast.expr, help_text: str, at: str) -> Parameter:
    """Read a type annotation."""
    unsupported = NotebookFormatError(
        f"{at}: type `{ast.unparse(annotation)}` of {name!r} is not supported; "
        "use int, float, str, bool, list[...] of one, Literal[...], or one of these | None"
    )
    optional = is_list = False
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        if ast.unparse(annotation.right) != "None":
            raise unsupported
        optional, annotation = True, annotation.left
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "list":
        is_list, annotation = True, annotation.slice
    choices: tuple[Scalar, ...] = ()
    kind = ast.unparse(annotation)
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
        try:
            literal = ast.literal_eval(annotation.slice)
        except UNREADABLE as error:
            raise unsupported from error
        choices = literal if isinstance(literal, tuple) else (literal,)
        kinds = {type(choice).__name__ for choice in choices}
        kind = kinds.pop() if len(kinds) == 1 else "mixed"
    if kind not in SCALARS:
        raise unsupported
    if optional and not is_list and any(map(_is_none, choices)):
        raise NotebookFormatError(f"{at}: {name!r} cannot have both None and 'none' as choices")
    return Parameter(name, kind, None, is_list, optional, choices, help_text)


def _is_none(text: Any) -> bool:
    """Whether a text stands for None on the command line."""
    return isinstance(text, str) and text.strip().lower() == "none"


def _comments(source: str) -> dict[int, str]:
    """Map line numbers to the comments that end them."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}
