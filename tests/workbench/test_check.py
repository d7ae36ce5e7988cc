import json
import os
import re

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.check import METADATA, canonical, check, fix
from nsai.workbench.experiments import load_notebook

GOOD = """import os
from nsai.workbench import claim, figure, subplots
claim("one", 1, "==", 1, source="arithmetic")
figure(subplots()[0], alt="Nothing but two empty axes.", caption="Empty.", key=True)"""

cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"])},
    optional={
        "source": st.text(st.characters(codec="utf-8")) | st.lists(st.text("ab\n\r\u2028 ")),
        "id": st.text(max_size=3) | st.sampled_from(["same", "same", "1f2e"]) | st.none(),
        "metadata": st.fixed_dictionaries(
            {}, optional={"tags": st.lists(st.text()), "x": st.none()}
        ),
        "outputs": st.just([{"output_type": "stream", "name": "stdout", "text": "x"}]),
        "execution_count": st.none() | st.integers(1, 9),
        "attachments": st.just({"a.png": {"image/png": "AAAA"}}),
    },
)


def notebook(*cells, **fields):
    return {"cells": list(cells), "nbformat": 4, "nbformat_minor": 5, "metadata": {}} | fields


def text_of(cell):
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


@given(st.lists(cells, max_size=5))
def test_the_canonical_form_is_its_own_and_loses_no_text(drawn):
    text = canonical(notebook(*drawn))
    made = json.loads(text)
    assert canonical(made) == text
    assert [text_of(cell) for cell in made["cells"]] == [text_of(cell).rstrip() for cell in drawn]
    for cell, before in zip(made["cells"], drawn, strict=True):
        assert cell["cell_type"] == before["cell_type"]
        assert cell["metadata"].get("tags", []) == before.get("metadata", {}).get("tags", [])
        if before["cell_type"] != "code":
            assert cell.get("attachments") == before.get("attachments")


@given(st.lists(cells, max_size=5))
def test_the_canonical_form_is_a_valid_notebook_without_outputs(drawn):
    made = json.loads(canonical(notebook(*drawn)))
    for cell in made["cells"]:  # nbformat demands distinct tags without commas; they are kept
        cell["metadata"].pop("tags", None)
    nbformat.validate(nbformat.from_dict(made))
    assert len({cell["id"] for cell in made["cells"]}) == len(drawn)
    code = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert made["metadata"] == METADATA


def test_ids_that_are_there_stay():
    ids = ["title", "parameters", "a-b_C9", "x" * 64]
    drawn = [{"cell_type": "code", "id": name, "source": name} for name in ids]
    assert [cell["id"] for cell in json.loads(canonical(notebook(*drawn)))["cells"]] == ids


def messages(path):
    return [finding.message for finding in check(path)]


def test_a_good_notebook_has_no_findings(add_notebook):
    assert check(add_notebook("01-stub", GOOD)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n: n["cells"][3].update(outputs=[{"output_type": "x"}]), "holds outputs"),
        (lambda n: n["cells"][3].update(execution_count=3), "holds execution counts"),
        (lambda n: n["cells"][3].pop("id"), "cell ids are not unique"),
        (lambda n: n["cells"][3].update(id="c0"), "cell ids are not unique"),
        (lambda n: n["metadata"].update(widgets={}), "notebook metadata are not the canonical"),
        (lambda n: n["cells"][0]["metadata"].update(slideshow={}), "is not in canonical form"),
        (lambda n: n["cells"][0].update(source="# Stub\n\nA claim at quick and full.\n\n"),
         "is not in canonical form"),
        (lambda n: n.update(nbformat_minor=4), "is not in canonical form"),
    ],
)  # fmt: skip
def test_what_is_not_canonical_is_said_and_mended(add_notebook, change, message):
    path = add_notebook("01-stub", GOOD)
    before = path.read_text(encoding="utf-8")
    changed = json.loads(before)
    change(changed)
    path.write_text(json.dumps(changed), encoding="utf-8")
    (finding,) = check(path)
    assert finding.path == path
    assert finding.fixable
    assert message in finding.message
    assert fix(path)
    assert check(path) == []
    assert not fix(path)
    assert load_notebook(path)["cells"][3]["source"] == json.loads(before)["cells"][3]["source"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (GOOD.replace("claim(", "print("), "states no claim"),
        (GOOD.replace("key=True", "key=False"), "exactly one figure with key=True.*found 0"),
        (GOOD + "\n" + GOOD.splitlines()[-1], "exactly one figure with key=True.*found 2"),
        (GOOD + "\nx = 1" * 20, "cell 3 has over 20 lines"),
        (GOOD + "\nif True:\n    class Model: ...", "cell 3 defines a class"),
        (GOOD + "\nx = (", "cell 3, line 5: "),
        (GOOD + "\0", "cell 3, line"),
    ],
)
def test_what_a_good_experiment_lacks_is_said(add_notebook, code, message):
    path = add_notebook("01-stub", code)
    assert re.search(message, "\n".join(messages(path)))
    assert not any(finding.fixable for finding in check(path))


@pytest.mark.parametrize(
    "code", ["%time x = 1", "x = (1\n    % 2)", "!ls", "await x()", "%%time\n!ls"]
)
def test_what_ipython_adds_is_no_fault(add_notebook, code):
    assert messages(add_notebook("01-stub", GOOD, code)) == []


def test_a_class_in_a_timed_cell_is_found(add_notebook):
    path = add_notebook("01-stub", GOOD, "%%time\nclass Model: ...")
    assert messages(path) == ["cell 4 defines a class; it belongs in a package"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("seed: int = 0", "`device: Literal['auto', 'cpu', 'cuda']`, found no such parameter"),
        (
            'seed: float = 0.0\ndevice: Literal["auto", "cpu", "cuda"] = "auto"',
            "`seed: int`, found float",
        ),
        (
            'seed: int = 0\ndevice: str = "auto"',
            "`device: Literal['auto', 'cpu', 'cuda']`, found str",
        ),
    ],
)
def test_every_notebook_has_a_seed_and_a_device(add_notebook, parameters, message):
    presets = 'presets = {"quick": {}, "full": {}}'
    path = add_notebook("01-stub", GOOD, parameters=parameters, presets=presets)
    assert any(message in found for found in messages(path))


def test_the_first_cell_says_what_is_claimed_and_what_the_presets_do(add_notebook):
    path = add_notebook("01-stub", GOOD)
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["cells"][0]["source"] = ["# Stub"]
    path.write_text(canonical(whole), encoding="utf-8")
    found = messages(path)
    assert len(found) == 3
    assert all(word in line for word, line in zip(("claim", "quick", "full"), found, strict=True))


def test_presets_that_do_not_fit_the_parameters_are_said(add_notebook):
    path = add_notebook("01-stub", GOOD, presets='presets = {"quick": {"epoch": 1}, "full": {}}')
    (message,) = messages(path)
    assert "unknown parameter 'epoch'" in message


def test_the_injected_cell_of_a_run_is_found(add_notebook):
    path = add_notebook("01-stub", GOOD)
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["cells"][3]["metadata"] = {"tags": ["injected-parameters"]}
    path.write_text(canonical(whole), encoding="utf-8")
    assert messages(path) == ["holds the injected parameters of a run; remove that cell"]


def test_what_is_no_notebook_is_one_finding_that_cannot_be_mended(tmp_path):
    for name, content in (("text", b"text"), ("bytes", b"\xff"), ("list", b"[]"), ("empty", b"")):
        path = tmp_path / f"{name}.ipynb"
        path.write_bytes(content)
        (finding,) = check(path)
        assert not finding.fixable
        assert path.name in finding.message
    (tmp_path / "folder.ipynb").mkdir()
    assert len(check(tmp_path / "folder.ipynb")) == len(check(tmp_path / "missing.ipynb")) == 1


def test_a_notebook_in_canonical_form_is_not_written_again(add_notebook):
    path = add_notebook("01-stub", GOOD)
    os.utime(path, (1, 1))
    assert not fix(path)
    assert path.stat().st_mtime == 1
