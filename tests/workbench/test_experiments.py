import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.errors import (
    NotebookFormatError,
    ParameterError,
    ProjectError,
    UnknownExperimentError,
)
from nsai.workbench.experiments import (
    NAME,
    Project,
    cell_source,
    cell_tags,
    load_notebook,
    read_experiment,
    select,
)

HEAD = {"cell_type": "markdown", "metadata": {}, "source": "# Title"}


def code(source, *tags):
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source}


PARAMETERS = code("seed: int = 0", "parameters")
PRESETS = code(["presets = {'quick': {},\n", " 'full': {'seed': 1}}"], "presets")


@pytest.fixture
def write(tmp_path):
    """Write cells as a notebook file and return its path."""

    def write(*cells, name="01-stub", **notebook):
        path = tmp_path / f"{name}.ipynb"
        path.write_text(json.dumps({"nbformat": 4, "cells": cells} | notebook), encoding="utf-8")
        return path

    return write


def test_a_notebook_is_read_with_its_place_title_and_summary(project):
    path = project.notebooks / "2-deep-learning" / "07-char-transformer.ipynb"
    path.parent.mkdir()
    text = (
        "# The *character* `transformer`\n\n## Question\n\nDoes [it](https://a.b/c) **learn**\n"
        "from `__init__`, $x_1^*$ and snake_case?\n\nMore."
    )
    cells = [{"cell_type": "markdown", "source": text}, PARAMETERS, PRESETS]
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}), encoding="utf-8")
    experiment = read_experiment(path)
    assert (experiment.name, experiment.number) == ("char-transformer", 7)
    assert (experiment.part, experiment.part_number) == ("Deep learning", 2)
    assert experiment.title == "The character transformer"
    assert experiment.summary == "Does it learn from __init__, $x_1^*$ and snake_case?"
    assert experiment.presets == {"quick": {}, "full": {"seed": 1}}
    assert list(experiment.cells) == cells


def test_a_value_comes_from_the_override_then_the_preset_then_the_default(add_notebook):
    experiment = read_experiment(add_notebook("01-stub"))
    assert experiment.resolve("quick", {})["rate"] == 0.1
    assert experiment.resolve("full", {})["rate"] == 0.5
    resolved = experiment.resolve("full", {"rate": 1, "widths": (7,)})
    assert resolved["rate"] == 1.0
    assert resolved["widths"] == [7]
    assert set(resolved) == set(experiment.parameters)


@pytest.mark.parametrize(
    ("preset", "values", "message"),
    [
        ("huge", {}, "stub: unknown preset 'huge'; it has: quick, full"),
        ("quick", {"epochs": 3}, "stub: unknown parameter 'epochs'"),
        ("quick", {"seed": "3"}, r"stub: parameter 'seed' expects int, got '3' \(str\)"),
        ("quick", {"device": "tpu"}, "stub: parameter 'device' expects Literal"),
    ],
)
def test_values_that_do_not_fit_name_notebook_and_parameter(add_notebook, preset, values, message):
    with pytest.raises(ParameterError, match=message):
        read_experiment(add_notebook("01-stub")).resolve(preset, values)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", "[" * 100_000, f'{{"cells": [], "x": {"9" * 5_000}}}', '{"cells": {}}',
     '{"nbformat": 3, "cells": []}', '{"cells": []}', "\ufeff{}"],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_file_that_is_no_notebook_is_named(tmp_path, text):
    path = tmp_path / "x.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotebookFormatError, match=r"x\.ipynb"):
        load_notebook(path)


def test_a_folder_and_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "bytes.ipynb").write_bytes(b"\xff\xfe\x00")
    for name in ("folder", "bytes", "missing"):
        with pytest.raises(NotebookFormatError, match=rf"{name}\.ipynb: cannot be read"):
            load_notebook(tmp_path / f"{name}.ipynb")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (1, "cell 1 is no object but 1"),
        (None, "cell 1 is no object"),
        ({"source": 3}, "neither text nor lines"),
        ({"source": ["a", 3]}, "neither text nor lines"),
        ({"source": None}, "neither text nor lines"),
        ({"source": "\ud800"}, "half of a surrogate pair"),
        ({"metadata": None}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"tags": None}}, "metadata"),
        ({"metadata": {"tags": "parameters"}}, "metadata"),
        ({"metadata": {"tags": [1]}}, "metadata"),
    ],
)
def test_a_cell_of_the_wrong_shape_is_named(write, cell, message):
    with pytest.raises(NotebookFormatError, match=message):
        read_experiment(write(HEAD, cell, PARAMETERS, PRESETS))


def test_source_may_be_lines_and_source_metadata_or_tags_may_be_missing():
    assert cell_source({"source": ["a = 1\n", "b = 2"]}) == "a = 1\nb = 2"
    assert cell_source({}) == ""
    assert cell_tags({}) == cell_tags({"metadata": {}}) == []


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "first cell must be Markdown"),
        ([PARAMETERS, PRESETS], "first cell must be Markdown"),
        ([HEAD | {"source": "## Title"}, PARAMETERS, PRESETS], "first cell must be Markdown"),
        ([HEAD | {"source": "# \n\ntext"}, PARAMETERS, PRESETS], "first cell must be Markdown"),
        ([HEAD | {"source": "# ![](a.png)"}, PARAMETERS, PRESETS], "first cell must be Markdown"),
        ([HEAD, PRESETS], "exactly one code cell tagged 'parameters', found 0"),
        ([HEAD, PARAMETERS, PARAMETERS, PRESETS], "tagged 'parameters', found 2"),
        ([HEAD, PARAMETERS | {"cell_type": "markdown"}, PRESETS], "'parameters', found 0"),
        ([HEAD, PARAMETERS], "exactly one code cell tagged 'presets', found 0"),
        ([HEAD, code("seed = 0", "parameters"), PRESETS], "parameters cell, line 1"),
        ([HEAD, PARAMETERS, code("presets = 3", "presets")], "presets cell"),
    ],
)
def test_a_notebook_that_is_no_experiment_is_refused_with_its_path(write, cells, message):
    with pytest.raises(NotebookFormatError, match=rf"01-stub\.ipynb.*{message}"):
        read_experiment(write(*cells))


@pytest.mark.parametrize("name", ["Untitled", "02-Perceptron", "a_b", "1-2-x", "a--b", "a b", "é"])
def test_a_name_that_is_not_lower_case_words_is_refused(write, name):
    with pytest.raises(NotebookFormatError, match="lower-case words"):
        read_experiment(write(HEAD, PARAMETERS, PRESETS, name=name))


@given(st.text())
def test_no_name_can_leave_a_folder(text):
    if NAME.fullmatch(text):
        assert Path("a", text).parent == Path("a")
        assert re.fullmatch(r"[a-z0-9-]+", text)


def test_the_catalogue_is_in_the_order_of_parts_and_numbers(project, add_notebook):
    for name in ("10-ten", "9-nine", "unnumbered", "01-one"):
        add_notebook(name)
    for part in ("10-late", "2-early"):
        folder = project.notebooks / part
        folder.mkdir()
        os.link(add_notebook("99-moved"), folder / f"01-{part[-4:]}.ipynb")
    (project.notebooks / "1-stubs" / "99-moved.ipynb").unlink()
    assert list(project.experiments()) == ["unnumbered", "one", "nine", "ten", "arly", "late"]


def test_hidden_files_checkpoints_folders_and_other_files_are_passed_over(project, add_notebook):
    folder = add_notebook("01-stub").parent
    for path in (".ipynb_checkpoints/01-stub-checkpoint.ipynb", ".02-draft.ipynb", "notes.md"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("no notebook", encoding="utf-8")
    (folder / "03-folder.ipynb").mkdir()
    assert list(project.experiments()) == ["stub"]


def test_two_notebooks_of_one_name_are_refused_with_both_paths(project, add_notebook):
    add_notebook("01-stub")
    add_notebook("02-stub")
    with pytest.raises(NotebookFormatError, match=r"01-stub\.ipynb and .*02-stub\.ipynb"):
        project.experiments()


def test_an_empty_project_has_no_experiments(project):
    assert project.experiments() == {}
    assert select({}, []) == []


def test_experiments_are_chosen_by_name_or_path_each_once(project, add_notebook):
    for name in ("01-one", "02-two", "03-three"):
        add_notebook(name)
    known = project.experiments()
    chosen = select(known, ["three", "one", "notebooks/1-stubs/03-three.ipynb"])
    assert [e.name for e in chosen] == ["three", "one"]
    assert select(known, []) == list(known.values())


def test_an_unknown_name_suggests_near_ones(project, add_notebook):
    add_notebook("01-perceptron")
    known = project.experiments()
    with pytest.raises(UnknownExperimentError, match="'percepton'; did you mean perceptron"):
        select(known, ["percepton"])
    with pytest.raises(UnknownExperimentError, match="nsai list"):
        select(known, ["xyz"])


def test_the_project_is_found_from_below_or_by_the_environment(project, monkeypatch, tmp_path):
    monkeypatch.delenv("NSAI_ROOT", raising=False)
    below = project.notebooks / "1-stubs"
    assert Project.find(below).root == project.root.resolve()
    monkeypatch.chdir(below)
    assert Project.find().reports == project.root.resolve() / "reports"
    other = tmp_path / "other"
    (other / "notebooks").mkdir(parents=True)
    monkeypatch.setenv("NSAI_ROOT", str(other))
    assert Project.find(below).root == other.resolve()
    monkeypatch.setenv("NSAI_ROOT", str(below))
    with pytest.raises(ProjectError, match="no folder `notebooks` in NSAI_ROOT"):
        Project.find()


def test_no_project_is_an_error_that_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.delenv("NSAI_ROOT", raising=False)
    with pytest.raises(ProjectError, match="run nsai inside a checkout"):
        Project.find(tmp_path)


def test_a_notebook_that_is_not_read_does_not_stop_another(project, add_notebook):
    add_notebook("good")
    (project.notebooks / "1-stubs" / "09-bad.ipynb").write_text("{")
    with pytest.raises(NotebookFormatError, match=r"bad\.ipynb"):
        project.experiments()
    assert list(project.experiments(["good"])) == ["good"]
    for name in ("bad", "notebooks/1-stubs/09-bad.ipynb"):
        with pytest.raises(NotebookFormatError, match=r"bad\.ipynb"):
            project.experiments([name])
