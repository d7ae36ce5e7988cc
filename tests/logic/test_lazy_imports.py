"""Importing the package loads no solver; a missing one is an error that says what to install."""

import subprocess
import sys

import pytest
from sympy.abc import a

from nsai.logic import arithmetic, questions


def test_importing_logic_loads_no_solver():
    code = (
        "import nsai.logic, nsai.logic.arithmetic, sys; "
        "print([m for m in ('pysat', 'z3', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("module", "ask", "name"),
    [
        ("pysat.solvers", questions.satisfiable, "python-sat"),
        ("z3", arithmetic.satisfiable, "z3-solver"),
    ],
)
def test_a_missing_solver_says_what_to_install(monkeypatch, module, ask, name):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"{name}: pip install 'nsai\[logic\]'"):
        ask(a)
