import ast
import json
import math
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nsai.workbench
from nsai.workbench.experiments import Experiment, cell_source, cell_tags, read_experiment
from nsai.workbench.parameters import Parameter, read_parameters
from nsai.workbench.plan import Request, plan
from nsai.workbench.quick_import import skip_iri_grammar
from nsai.workbench.runs import RunSpec, describe, result_of, run_id, slug_of
from nsai.workbench.verdict import Failure, Verdict
from nsai.workbench.worker import parameterized

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "none",
        "None",
        "007",
        "true",
        "",
        " ",
        "[",
        '["a"]',
        "a,b",
        "'\"\\",
        "a\nb\r\t\0",
        "{x}",
        "%s",
    ]
)
VALUES = {
    "int": st.integers() | st.sampled_from([0, -1, 2**100, -(10**300)]),
    "float": st.floats() | st.sampled_from([1e22, 5e-324, -0.0]),
    "str": TEXTS,
    "bool": st.booleans(),
}
LINES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@st.composite
def parameters_and_values(draw, values=VALUES):
    """Return the fields of a parameter of any declared type, and a value of that type."""
    kind = draw(st.sampled_from(sorted(values)))
    scalars = values[kind]
    choices = tuple(draw(st.lists(scalars, max_size=3)))
    is_list, optional = draw(st.booleans()), draw(st.booleans())
    if choices and not any(c != c or str(c).strip().lower() == "none" for c in choices):
        scalars = st.sampled_from(choices)
    else:
        choices = ()
    value = draw(st.lists(scalars, max_size=4) if is_list else scalars)
    if optional and (draw(st.booleans()) or str(value).strip().lower() == "none"):
        value = None
    return ("x", kind, value, is_list, optional, choices), value


def same(one, other):
    """Whether two values are of one type and equal, NaN equal to itself and 0.0 not to -0.0."""
    return repr(one) == repr(other)


def specification(parameters, **fields):
    given = {
        "slug": "stub--quick",
        "key": "0" * 64,
        "notebook": {"notebook": "stub"},
        "path": "stub.ipynb",
        "reports": "reports",
        "preset": "quick",
        "parameters": parameters,
        "overrides": parameters,
        "device": "cpu",
        "device_name": "a processor",
        "timeout": 10.0,
        "threads": 1,
    }
    return RunSpec(**(given | fields))


@given(parameters_and_values())
def test_the_command_of_a_run_gives_back_its_values(drawn):
    parameter, value = Parameter(*drawn[0]), drawn[1]
    assert same(parameter.convert(value), value)
    words = shlex.split(specification({"x": value}).command)
    assert words[:6] == ["nsai", "run", "stub", "--preset", "quick", "-p"]
    name, _, text = words[6].partition("=")
    assert name == "x"
    assert same(parameter.parse(text), value)


@given(parameters_and_values())
def test_a_specification_survives_the_way_to_its_worker(drawn):
    spec = specification({"x": drawn[1]})
    sent = json.dumps({"spec": spec.to_json()}) + "\n"
    assert sent.count("\n") == 1
    received = RunSpec(**json.loads(sent)["spec"])
    assert same(received, spec)


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    """A notebook with one parameter, as a path."""
    skip_iri_grammar()
    import nbformat.v4 as v4

    cells = [
        v4.new_markdown_cell("# Stub"),
        v4.new_code_cell("x: int = 0", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("print(x)"),
    ]
    path = tmp_path_factory.mktemp("notebooks") / "stub.ipynb"
    path.write_text(json.dumps(v4.new_notebook(cells=cells)), encoding="utf-8")
    return path


@given(drawn=parameters_and_values())
def test_the_injected_cell_holds_exactly_the_value(stub, drawn):
    value = drawn[1]
    notebook = parameterized(specification({"x": value}, path=str(stub)))
    assert [cell_tags(cell) for cell in notebook.cells[1:3]] == [
        ["parameters"],
        ["injected-parameters"],
    ]
    (line,) = ast.parse(cell_source(notebook.cells[2])).body
    assert ast.unparse(line.targets[0]) == "x"
    assert same(read_back(line.value), value)


def read_back(node):
    """Evaluate a literal, or `float('nan')` and its kind, for which Python has no literal."""
    if isinstance(node, ast.List):
        return [read_back(item) for item in node.elts]
    if isinstance(node, ast.Call):
        assert ast.unparse(node) in ("float('nan')", "float('inf')", "float('-inf')")
        return float(node.args[0].value)
    return ast.literal_eval(node)


@given(st.dictionaries(LINES, LINES | st.floats() | st.lists(st.integers())))
def test_no_value_can_change_the_shape_of_a_slug(overrides):
    experiment = Experiment("stub", Path(), "", 0, 0, "", "", {}, {}, ())
    slug = slug_of(experiment, "quick", overrides)
    assert re.fullmatch(r"stub--quick(--[0-9a-f]{8})?", slug)
    assert (slug == "stub--quick") == (not overrides)
    reordered = dict(reversed(overrides.items()))
    assert slug_of(experiment, "quick", reordered) == slug


def test_other_overrides_have_another_slug():
    experiment = Experiment("stub", Path(), "", 0, 0, "", "", {}, {}, ())
    values = [1, 1.0, "1", True, [1], None, math.nan, "nan ", [[1]]]
    slugs = {slug_of(experiment, "quick", {"x": value}) for value in values}
    assert len(slugs) == len(values)
    assert slug_of(experiment, "full", {"x": 1}) not in slugs


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)), st.timedeltas())
def test_run_ids_sort_by_time_and_are_safe_names(moment, gap):
    try:
        later = moment + abs(gap) + timedelta(microseconds=1)
    except OverflowError:
        return
    first, second = run_id("f" * 64, moment), run_id("0" * 64, later)
    assert first < second
    assert re.fullmatch(r"\d{8}T\d{12}Z-f{8}", first)


@pytest.fixture
def schema():
    path = Path(nsai.workbench.__file__).parent / "schema" / "result-1.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(),
        Verdict(Failure.of("ZeroDivisionError", "division by zero", 3, "Traceback")),
        Verdict(Failure("timeout", "CellTimeoutError", "not done after 1 s")),
    ],
)
def test_a_result_is_as_its_schema_says(project, add_notebook, schema, verdict):
    experiment = read_experiment(add_notebook("01-stub"))
    values = {"rate": "inf", "tag": 'a\n"\0<b>', "widths": "1,2", "note": "none"}
    (spec,) = plan(project, [experiment], Request(parameters=values, seed=7))
    result = result_of(spec, verdict, identity=run_id(spec.key), started=datetime.now(UTC))
    text = json.dumps(result, allow_nan=False)
    jsonschema.validate(json.loads(text), schema, jsonschema.Draft202012Validator)
    assert result["status"] == ("error" if verdict.failure else "passed")
    assert result["seed"] == 7
    assert result["parameters"]["rate"] == "inf"
    assert set(result["overrides"]) == {"seed", "rate", "tag", "widths"}
    assert result["path"] == "notebooks/1-stubs/01-stub.ipynb"


def test_the_path_of_a_notebook_outside_the_project_is_kept_whole(add_notebook, tmp_path):
    experiment = read_experiment(add_notebook("01-stub"))
    assert describe(experiment, tmp_path / "elsewhere")["path"] == experiment.path.as_posix()


def test_a_parameter_named_like_a_shell_word_is_quoted():
    command = specification({"tag": "$(reboot); `ls` 'x'\n"}).command
    assert shlex.split(command)[-1] == "tag=$(reboot); `ls` 'x'\n"
    assert read_parameters('tag: str = ""')["tag"].parse("$(reboot)") == "$(reboot)"
