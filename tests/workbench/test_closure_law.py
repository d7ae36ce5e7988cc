"""The law of the closure, on random packages: what has a part in a result is in it.

Every function of a random package calls what its module imports and returns the names of the
modules that had a part in that. So the answer is found by running, the closure by reading.
"""

import importlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nsai.workbench.closure import Sources

# Ways to import the function of module M in package P under the alias X, and to call it.
ALWAYS = [
    ("from own.P.M import f_M as X", "X()"),
    ("from .M import f_M as X", "X()"),
    ("from own.P import M as X", "X.f_M()"),
    ("import own.P.M", "own.P.M.f_M()"),
    ("import own.P.M as X", "X.f_M()"),
]
WHERE_EXPORTED = [
    ("from own import P as X", "X.f_M()"),
    ("from own.P import f_M as X", "X()"),
    ("from . import f_M as X", "X()"),
    ("import own.P as X", "X.f_M()"),
    ("import own.P", "own.P.f_M()"),
]
# What these reach cannot be told exactly, and is taken as more.
LOOSELY_ALWAYS = [
    ("from own.P.M import *", "f_M()"),
    ("import own.P.M as X", "getattr(X, 'f_M')()"),
    ("import importlib as X", "X.import_module('own.P.M').f_M()"),
]
LOOSELY_WHERE_EXPORTED = [
    ("from own import P as X", "(lambda p: p.f_M)(X)()"),
    ("from own.P import *", "f_M()"),
]


@st.composite
def packages(draw, always, where_exported):
    """Return the files of a random package `own`, and a notebook that calls some of it."""
    count = draw(st.integers(2, 6))
    homes = ["p" if i < count // 2 else "q" for i in range(count)]
    exported = [draw(st.booleans()) for _ in range(count)]

    def calls(package, last, least=0):
        lines, values = [], []
        chosen = draw(st.sets(st.integers(0, last), min_size=least)) if last >= 0 else ()
        for i in sorted(chosen):
            fit = always + where_exported if exported[i] else always
            fit = [way for way in fit if package == homes[i] or not way[0].startswith("from .")]
            fit = [way for way in fit if package != homes[i] or way[0] != "from own.P import *"]
            names = {"P": homes[i], "M": f"m{i}", "X": f"x{last}_{i}"}
            way = draw(st.sampled_from(fit))
            line, value = ("".join(names.get(c, c) for c in text) for text in way)
            lines.append(line)
            values.append(value)
        return lines, " | ".join([*values, "set()"])

    files = {"__init__.py": ""}
    for package in "pq":
        mine = [i for i in range(count) if homes[i] == package and exported[i]]
        exports = [f"from own.{package}.m{i} import f_m{i} as f_m{i}" for i in mine]
        files[f"{package}/__init__.py"] = "\n".join(['"""Package."""', *exports])
    for i, package in enumerate(homes):
        lines, values = calls(package, i - 1)
        body = f"    return {{__name__}} | {values}"
        inside = draw(st.booleans()) and not any("*" in line for line in lines)
        imports = [f"    {line}" for line in lines] if inside else lines
        head = [f"def f_m{i}():"]
        parts = [*head, *imports, body] if inside else [*imports, *head, body]
        files[f"{package}/m{i}.py"] = "\n".join(parts)
    lines, values = calls("", count - 1, least=1)
    return files, [*lines, f"result = {values}"]


def run_and_read(files, cells):
    """Return the modules with a part in the notebook's result, and the closure."""
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, "own", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        read = set(Sources({"own": Path(folder, "own")}).reach(cells).files)
        notebook = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)
            patch.setattr(sys, "dont_write_bytecode", True)
            importlib.invalidate_caches()
            try:
                exec("\n".join(cells), notebook)
            finally:
                for name in [n for n in sys.modules if n.partition(".")[0] == "own"]:
                    del sys.modules[name]
    return notebook["result"], read


def quickly(test):
    return settings(max_examples=60, suppress_health_check=list(HealthCheck))(test)


@quickly
@given(packages(ALWAYS, WHERE_EXPORTED))
def test_the_closure_is_exactly_what_has_a_part_in_the_result(drawn):
    result, closure = run_and_read(*drawn)
    assert closure == result


@quickly
@given(packages(ALWAYS + LOOSELY_ALWAYS, WHERE_EXPORTED + LOOSELY_WHERE_EXPORTED))
def test_the_closure_holds_all_that_has_a_part_in_the_result(drawn):
    result, closure = run_and_read(*drawn)
    assert closure >= result
