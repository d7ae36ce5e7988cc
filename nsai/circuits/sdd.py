"""Compilation by PySDD, in a process that may be slow, large or crash without harm to this one."""

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sympy import ITE, And, Equivalent, Implies, Nand, Nor, Not, Or, S, Symbol, Xor
from sympy.logic.boolalg import Boolean, Xnor

from nsai.circuits.errors import CompilationError
from nsai.circuits.formats import read_sdd
from nsai.circuits.nnf import NNF
from nsai.logic.cardinality import Cardinality
from nsai.logic.errors import FormulaError
from nsai.logic.expressions import postorder, shown

WORKER = Path(__file__).with_name("sdd_worker.py")


def compile_sdd(
    formula: Boolean,
    variables: Sequence[Symbol],
    *,
    seconds: float = 60.0,
    memory: int = 4 << 30,
) -> NNF:
    """Compile a formula with the SDD library, bottom-up, its vtree improved on the way.

    Parameters
    ----------
    formula
        Any formula; counting connectives are built as such.
    variables
        Its symbols, in the order in which the vtree starts.
    seconds
        Time budget.
    memory
        Memory budget in bytes; 0 for none.

    Raises
    ------
    CompilationError
        If a budget is exceeded, the compiler crashes, or PySDD is not installed.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> compile_sdd(a & (b | c), (a, b, c)).model_count()
    3
    """
    if find_spec("pysdd") is None:
        raise CompilationError("compiling needs PySDD: pip install 'nsai[logic]'")
    with TemporaryDirectory(prefix="nsai-sdd-") as folder:
        path = Path(folder) / "formula.sdd"
        task = {"variables": len(variables), "memory": memory, "path": str(path)}
        steps = instructions(formula, variables)
        try:
            done = subprocess.run(
                [sys.executable, str(WORKER)],
                input=json.dumps(task | {"steps": steps}),
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CompilationError(
                f"no circuit within {seconds:g} s for {shown(formula)}; raise `seconds`, or split "
                "the formula"
            ) from error
        if done.returncode:
            raise CompilationError(_cause(done, memory, formula))
        return read_sdd(path.read_text(), len(variables))


def instructions(formula: Boolean, variables: Sequence[Symbol]) -> list[list[Any]]:
    """Return a formula as steps that the worker reads, equal parts once.

    Raises
    ------
    FormulaError
        If a connective is unknown.
    """
    number = {symbol: i + 1 for i, symbol in enumerate(variables)}
    steps: list[list[Any]] = []
    place: dict[Boolean, int] = {}

    def add(*step: Any) -> int:
        steps.append(list(step))
        return len(steps) - 1

    for node in postorder(formula):
        inner = [place[child] for child in getattr(node, "operands", node.args)]
        if isinstance(node, Symbol):
            place[node] = add("literal", number[node])
        elif node in (S.true, S.false):
            place[node] = add("constant", int(node == S.true))
        elif isinstance(node, Not):
            place[node] = add("not", inner[0])
        elif isinstance(node, And | Nand):
            joined = add("and", inner)
            place[node] = add("not", joined) if isinstance(node, Nand) else joined
        elif isinstance(node, Or | Nor):
            joined = add("or", inner)
            place[node] = add("not", joined) if isinstance(node, Nor) else joined
        elif isinstance(node, Xor | Xnor):
            joined = add("xor", inner)
            place[node] = add("not", joined) if isinstance(node, Xnor) else joined
        elif isinstance(node, Implies):
            place[node] = add("or", [add("not", inner[0]), inner[1]])
        elif isinstance(node, Equivalent):
            none = add("not", add("or", inner))
            place[node] = add("or", [add("and", inner), none])
        elif isinstance(node, ITE):
            test, then, other = inner
            no = add("and", [add("not", test), other])
            place[node] = add("or", [add("and", [test, then]), no])
        elif isinstance(node, Cardinality):
            place[node] = add("count", node.low, node.high, inner)
        else:
            raise FormulaError(f"{shown(node)} is no connective that can be compiled")
    if place[formula] != len(steps) - 1:
        add("and", [place[formula]])
    return steps


def _cause(done: subprocess.CompletedProcess[str], memory: int, formula: Boolean) -> str:
    said = done.stderr.strip().splitlines()[-1:] or [""]
    if done.returncode < 0:
        why = f"the compiler died of signal {-done.returncode}"
    else:
        why = f"the compiler failed ({said[0]})"
    budget = f" within {memory / 2**30:.3g} GiB" if memory else ""
    return f"{why}{budget}, for {shown(formula)}; raise `memory`, or split the formula"
