import subprocess
import sys

import pytest

from nsai.workbench.closure import Sources, package_roots
from nsai.workbench.imports import Module

PACKAGE = {
    "__init__.py": '"""Own."""\n__version__ = "1"\n',
    "models/__init__.py": (
        '"""Models."""\nfrom own.models.a import A as A\nfrom .b import B, helper as aid\n'
        '__all__ = ["A", "B"]\nSIZES: list[int] = [1, 2]\n'
    ),
    "models/a.py": "class A: ...",
    "models/b.py": "from own.models import c\n\nclass B: value = c.C\n\nhelper = 1",
    "models/c.py": "import numpy as np\nC = 1",
    "data/__init__.py": "from own.data.x import x\nfrom own.data.y import y\n",
    "data/x.py": "import json\n\ndef x(): ...",
    "data/y.py": "def y(): ...",
    "work/__init__.py": "",
    "work/impure.py": "from own import data\nvalue = data.x()",
    "work/space/k.py": "from ..impure import value\nfrom ...models import A",
}
MODELS = {"own.models", "own.models.a", "own.models.b", "own.models.c"}
DATA = {"own.data", "own.data.x", "own.data.y"}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("from own.models import A", {"own.models.a"}),
        ("from own.models import aid", {"own.models.b", "own.models.c"}),
        ("from own.models.b import B", {"own.models.b", "own.models.c"}),
        ("from own.models import c", {"own.models.c"}),
        ("import own.models.a", {"own.models.a"}),
        ("import own.models.a as m; m.A", {"own.models.a"}),
        ("import own.models as m\nm.A()", {"own.models.a"}),
        ("import own.models\nown.models.A()", {"own.models.a"}),
        ("import own.data\nown.models.A()", {"own.models.a"}),
        ("from own import models\nmodels.A()", {"own.models.a"}),
        ("from own import models\nmodels.c.C", {"own.models.c"}),
        ("from own import data\ndata.x()\ndata.x = 3", {"own.data.x"}),
        ("from own import data as d\nprint(f'{d.x()}')", {"own.data.x"}),
        ("def load():\n    from own import data\n    return data.x()", {"own.data.x"}),
        ("try:\n    from own.data import x\nexcept ImportError:\n    x = 1", {"own.data.x"}),
        ("if TYPE_CHECKING:\n    from own.data import y", {"own.data.y"}),
        ("import importlib\nimportlib.import_module('own.data.x')", {"own.data.x"}),
        ("__import__('own.data.x')", {"own.data.x"}),
        ("from own.work.space import k", {"own.work.space.k", "own.work.impure", "own.data.x",
                                          "own.models.a"}),
        # what is used in a way that cannot be followed counts as a whole
        ("from own import models", MODELS),
        ("from own import models\nprint(models)", MODELS),
        ("from own import models\nlist(map(models.A, x)); getattr(models, 'B')", MODELS),
        ("from own.models import *", MODELS),
        ("import own.models\nprint(own)", MODELS | {"own"}),
        ("from own.models import SIZES", MODELS),
        ("from own.models import Missing", MODELS),
        ("from own import data\ndata.__doc__", DATA),
        ("from own import data\ndata.x()\ndata = data.sub", DATA),
        # what a module imports can be taken from it
        ("from own.work import impure\nimpure.data.y()",
         {"own.work.impure", "own.data.x", "own.data.y"}),
        ("from own.work.impure import data\ndata.y()",
         {"own.work.impure", "own.data.x", "own.data.y"}),
        ("from own.work.impure import *\ndata.y()", {"own.work.impure"} | DATA),
        # what is not there reaches nothing of it
        ("import own.missing.x", set()),
        ("from .own import x\nfrom . import y\nfrom ... import z", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_an_import_reaches_the_files_whose_change_could_change_the_result(own, cell, expected):
    assert set(own(PACKAGE).reach([cell]).files) == expected


def test_a_module_that_reads_data_reaches_those_beside_it(own):
    sources = own(
        {
            "__init__.py": "",
            "lib/__init__.py": "from own.lib.a import A\nfrom own.lib.b import B\n",
            "lib/a.py": "from importlib.resources import files\nA = files('own.lib')",
            "lib/b.py": "B = 1",
            "lib/py.typed": "",
            "lib/table.csv": "1",
            "lib/chips/one.toml": "x = 1",
            "lib/inner/__init__.py": "",
            "lib/inner/other.toml": "",
            "else.toml": "",
        }
    )
    data = {"own.lib:table.csv", "own.lib:chips/one.toml"}
    assert set(sources.reach(["from own.lib import A"]).files) == {"own.lib.a"} | data
    assert set(sources.reach(["from own.lib import B"]).files) == {"own.lib.b"}


def test_names_of_one_cell_are_used_in_another(own):
    sources = own(PACKAGE)
    assert set(sources.reach(["data.x()", "from own import data", "data.y()"]).files) == {
        "own.data.x",
        "own.data.y",
    }


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%time from own.models import A", {"own.models.a"}),
        ("%%time\n!ls\nfrom own.models import A", {"own.models.a"}),
        ("from own.models import A\nfiles = !ls\nA?", {"own.models.a"}),
        ("from own.models import A\nx = (3 +\n    4\n    % len(A)\n)", {"own.models.a"}),
        ("from own import data\ndata.x()\n%time data.y()", {"own.data.x", "own.data.y"}),
        ("from own import data\ndata.x()\n%timeit -n 3 data.y()", DATA),
        ("from own.data import x\nawait x()", {"own.data.x"}),
        ("from own.data import x\n  broken(", set()),
        ("from own.data import x\0", set()),
        ("from own.data import x\n" + "-" * 200_000 + "1", set()),
    ],
)
def test_cells_with_magics_count_and_cells_that_cannot_run_do_not(own, cell, expected):
    assert set(own(PACKAGE).reach([cell]).files) == expected
    assert set(own(PACKAGE).reach([cell, "from own.models.c import C"]).files) == expected | {
        "own.models.c"
    }


@pytest.mark.parametrize(
    "text",
    [
        "from own.lib.a import A\nimport os",
        "from own.lib.a import A\nA = 3",
        "from own.lib.a import A\nA.flag = True",
        "from own.lib.a import A\nfrom own.lib.b import A",
        "from own.lib.a import A\nx = {[]: 1}",
        "from own.lib.a import A\nx: int",
        "from own.lib.a import A\nfrom own.lib.b import *",
        "from own.lib.a import A\n__all__ = ['A']\n__all__ += ['B']",
        "from own.lib.a import A\nprint('loaded')",
        "if True:\n    from own.lib.a import A",
        "def __getattr__(name):\n    from own.lib import a\n    return a.A",
    ],
)
def test_an_init_that_does_more_than_re_export_counts_as_a_whole(own, text):
    sources = own({"lib/__init__.py": text, "lib/a.py": "A = 1", "lib/b.py": "A = B = 1"})
    for cell in ("from own.lib import A", "from own.lib.a import A"):
        assert {"own.lib", "own.lib.a"} <= set(sources.reach([cell]).files)


def test_an_init_that_does_not_parse_counts(own):
    sources = own({"lib/__init__.py": "from own.lib.a import (", "lib/a.py": b"\xff\0"})
    assert set(sources.reach(["from own.lib.a import A"]).files) == {"own.lib", "own.lib.a"}


def test_a_name_that_an_init_takes_from_elsewhere_hides_the_module_of_that_name(own):
    sources = own(
        {
            "__init__.py": "from own.loaders import data",
            "loaders.py": "class data: x = 1",
            "data/__init__.py": "from own.data.x import x",
            "data/x.py": "x = 2",
        }
    )
    assert set(sources.reach(["from own import data\ndata.x"]).files) == {"own.loaders"}


def test_nested_re_exports_are_followed_to_the_definition(own):
    sources = own(
        {
            "__init__.py": "from .p import inner",
            "p/__init__.py": "from .q import inner as inner\nfrom .q.inner import R as Deep",
            "p/q/inner/__init__.py": "from .r import R\nfrom .s import S",
            "p/q/inner/r.py": "R = 1",
            "p/q/inner/s.py": "S = 1",
        }
    )
    for cell in (
        "from own.p import Deep",
        "from own import inner\ninner.R",
        "import own\nown.p.Deep",
    ):
        assert set(sources.reach([cell]).files) == {"own.p.q.inner.r"}


def test_circular_imports_end(own):
    sources = own(
        {
            "p/__init__.py": "from own.q import x",
            "q/__init__.py": "from own.p import x",
            "a.py": "from own import b",
            "b.py": "from own import a, b",
        }
    )
    assert set(sources.reach(["from own.p import x"]).files) == set()
    assert set(sources.reach(["from own import a"]).files) == {"own.a", "own.b"}


def test_other_packages_are_told_from_the_standard_library(own):
    cells = ["import json, os.path\nimport numpy.linalg as la", "from own.models import B"]
    cells += ["from __future__ import annotations\nfrom sklearn import svm", "import torch.nn"]
    assert own(PACKAGE).reach(cells).third_party == {"numpy", "sklearn", "torch"}


def test_without_re_exports_the_files_are_those_that_python_loads(own):
    files = {
        "models/b.py": "from own.models import c\nfrom own.work import *",
        "models/c.py": "try:\n    from ..data.y import y\nexcept ImportError:\n    y = 1",
        "models/unused.py": "",
        "data/y.py": "import own.data.x as loader\ny = loader",
        "data/x.py": "from . import y",
        "work/__init__.py": "from os import sep\nimport own.work.space.k",
        "work/space/k.py": "from ...models import c",
    }
    packages = {"models/__init__.py": "", "data/__init__.py": "", "work/space/__init__.py": ""}
    sources = own(files | packages)
    listing = "import sys\nprint(*(name for name in sys.modules if name.startswith('own.')))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"from own.models import b\n{listing}"],
        cwd=sources.roots["own"].parent,
        capture_output=True,
        text=True,
        check=True,
    )
    looked_through = {"own.models", "own.data", "own.work.space"}
    assert set(sources.reach(["from own.models import b"]).files) == (
        set(done.stdout.split()) - looked_through
    )


def test_our_own_packages_are_found_without_importing_them():
    roots = package_roots()
    assert set(roots) == {"nsai", "spiking", "quantum"}
    files = Sources().reach(["from nsai.workbench import claim"]).files
    assert files["nsai.workbench.claims"] == roots["nsai"] / "workbench" / "claims.py"
    assert "nsai.workbench.figures" not in files


def test_every_package_of_ours_is_looked_through():
    for name, root in package_roots().items():
        for path in root.rglob("__init__.py"):
            module = Module(".".join([name, *path.parent.relative_to(root).parts]), path)
            assert module.is_looked_through, f"{path} does more than re-export names"
