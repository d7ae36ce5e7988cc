import hashlib
import json
import os
import platform
from dataclasses import replace
from importlib import metadata

import pytest

from nsai.workbench import content_key as content_key_module
from nsai.workbench.check import canonical
from nsai.workbench.content_key import (
    content_key,
    data_unchanged,
    device_class,
    normalised_cells,
    package_versions,
)
from nsai.workbench.experiments import read_experiment

MODELS = {
    "models/__init__.py": "from own.models.a import A\nfrom own.models.b import B\n",
    "models/a.py": "from own.layers import linear\n\nclass A: ...",
    "models/b.py": "class B: ...",
    "layers.py": "def linear(): ...",
}
USES = {
    "a": "from own.models import A",
    "b": "from own import models\nmodels.B()",
    "both": "from own.models import A, B",
    "layers": "import own.layers as layers\nlayers.linear()",
    "none": "print(1)",
}


def key_of(experiment, sources):
    return content_key(experiment, {}, "cpu", sources.reach(experiment.code))


@pytest.fixture
def stub(add_notebook):
    return read_experiment(add_notebook("01-stub"))


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("models/a.py", {"a", "both"}),
        ("models/b.py", {"b", "both"}),
        ("layers.py", {"a", "both", "layers"}),
        ("models/c.py", set()),
        ("__init__.py", set()),
    ],
)
def test_an_edit_changes_the_keys_of_exactly_the_notebooks_that_reach_it(
    own, add_notebook, edited, expected
):
    experiments = {name: read_experiment(add_notebook(name, code)) for name, code in USES.items()}

    def keys():
        sources = own(files)
        return {n: key_of(e, sources) for n, e in experiments.items()}

    files = {"__init__.py": "", **MODELS}
    before = keys()
    files[edited] = files.get(edited, "") + "\n'''A word more.'''"
    after = keys()
    assert {name for name in USES if before[name] != after[name]} == expected
    files["models/__init__.py"] += "import os"  # from here on it counts as a whole
    assert {name for name in USES if after[name] != keys()[name]} == {"a", "b", "both"}


def test_a_re_export_that_moves_changes_the_key(own, add_notebook):
    experiment = read_experiment(add_notebook("stub", USES["a"]))
    before = key_of(experiment, own(MODELS))
    moved = {"models/__init__.py": "from own.models.b import B as A\n"}
    assert key_of(experiment, own(MODELS | moved)) != before


def test_parameters_device_and_cells_are_part_of_the_key_and_outputs_are_not(own, stub):
    sources = own({})

    def key(cells=stub.cells, parameters=None, device="cpu"):
        values = {"seed": 0, "rate": 0.1} if parameters is None else parameters
        changed = replace(stub, cells=tuple(cells))
        return content_key(changed, values, device, sources.reach(changed.code))

    code = dict(stub.cells[-1])
    same = [
        key(),
        key([*stub.cells[:-1], code | {"outputs": [1], "execution_count": 7, "id": "other"}]),
        key([*stub.cells[:-1], code | {"metadata": {"tags": [], "jupyter": {"x": 1}}}]),
        key(parameters={"rate": 0.1, "seed": 0}),
    ]
    assert len(set(same)) == 1
    other = [
        key(parameters={"seed": 1, "rate": 0.1}),
        key(parameters={"seed": 0, "rate": float("nan")}),
        key(parameters={"seed": 0}),
        key(device="cuda"),
        key(stub.cells[:-1]),
        key([*stub.cells, code]),
        key([*stub.cells[:-1], code | {"metadata": {"tags": ["raises-exception"]}}]),
        key([*stub.cells[:-1], code | {"cell_type": "raw"}]),
    ]
    assert len({*same, *other}) == 1 + len(other)
    assert all(len(found) == 64 and int(found, 16) for found in [*same, *other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('x = """a  \nb"""', 'x = """a\nb"""'),
        ('x = "a\u2028b"', 'x = "a\nb"'),
        ("if a:\n  b\nc", "if a:\n  b\n  c"),
        ("x = 1", "  x = 1"),
    ],
)
def test_space_that_may_matter_is_kept(one, other):
    cells = [{"cell_type": "code", "source": text} for text in (one, other)]
    assert normalised_cells(cells[:1]) != normalised_cells(cells[1:])


def test_the_form_in_which_a_cell_is_stored_does_not_matter():
    cells = [{"cell_type": "code", "source": "a = 1\nb = 2\n\n", "outputs": [], "metadata": {}}]
    fixed = json.loads(canonical({"cells": cells}))["cells"]
    assert normalised_cells(cells) == normalised_cells(fixed) == [["code", [], "a = 1\nb = 2"]]
    assert normalised_cells([{}]) == [[None, [], ""]]


def test_versions_are_those_of_the_distributions_and_all_that_they_require():
    found = package_versions(["sklearn", "nowhere_to_be_found", ""])
    for name in ("scikit-learn", "numpy", "scipy", "joblib", "threadpoolctl"):
        assert found[name] == metadata.version(name)
    assert "pytest" not in found  # required by an extra only
    assert package_versions([]) == {}


def test_the_versions_of_packages_reached_and_of_python_are_part_of_the_key(
    own, add_notebook, monkeypatch
):
    sources = own({})
    codes = {"reaching": "import numpy", "other": "import json"}
    experiments = [read_experiment(add_notebook(n, code)) for n, code in codes.items()]

    def keys():
        return [key_of(experiment, sources) for experiment in experiments]

    before = keys()
    installed = content_key_module._distribution  # looked up once in a process
    with monkeypatch.context() as patch:
        patch.setattr(content_key_module, "_distribution", lambda name: ("9.9", installed(name)[1]))
        reaching, other = keys()
        assert reaching != before[0]
        assert other == before[1]
    assert keys() == before
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    assert not set(keys()) & set(before)


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "set.bin"
    path.write_bytes(b"12345")
    return {
        "name": "set",
        "files": [
            {
                "path": str(path),
                "size": 5,
                "sha256": hashlib.sha256(b"12345").hexdigest(),
                "mtime_ns": path.stat().st_mtime_ns,
            }
        ],
    }


def test_data_that_are_still_there_are_unchanged(record, tmp_path):
    path = tmp_path / "set.bin"
    assert data_unchanged([])
    assert data_unchanged([record, {"name": "generated", "files": []}, {"name": "made"}])
    os.utime(path, (1, 1))  # touched, but the same
    assert data_unchanged([record])
    del record["files"][0]["mtime_ns"]
    assert data_unchanged([record])


def test_data_that_were_changed_grown_or_removed_are_not(record, tmp_path):
    path = tmp_path / "set.bin"
    path.write_bytes(b"54321")
    os.utime(path, (1, 1))
    assert not data_unchanged([record])
    path.write_bytes(b"123456")
    assert not data_unchanged([record])
    path.unlink()
    assert not data_unchanged([{"name": "generated"}, record])
    path.mkdir()
    record["files"][0]["size"] = path.stat().st_size
    assert not data_unchanged([record])


def test_the_device_is_found_without_torch(monkeypatch):
    assert device_class("cpu") == "cpu"
    assert device_class("cuda") == "cuda"
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert device_class("auto") == "cpu"
