import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.errors import NotebookFormatError, ParameterError
from nsai.workbench.parameters import Parameter, convert_all, read_parameters

CELL = """from typing import Literal

seed: int = 0  # seed of every draw
device: Literal["auto", "cpu", "cuda"] = "auto"
rate: float = 1
tag: str = "x=y"  # holds a # of its own
widths: list[int] = [
    300,  # first
    100,
]  # sizes of the layers
losses: list[Literal["l1", "l2"]] = ["l2"]
note: str | None = None
steps: list[float] | None = [0.1, -1e9]
verbose: bool = False"""


def one(declaration: str) -> Parameter:
    (parameter,) = read_parameters(declaration).values()
    return parameter


def test_a_cell_is_read_in_its_order_with_types_defaults_and_comments():
    found = read_parameters(CELL)
    assert [(p.name, p.type_name, p.default, p.help) for p in found.values()] == [
        ("seed", "int", 0, "seed of every draw"),
        ("device", "Literal['auto', 'cpu', 'cuda']", "auto", ""),
        ("rate", "float", 1.0, ""),
        ("tag", "str", "x=y", "holds a # of its own"),
        ("widths", "list[int]", [300, 100], "sizes of the layers"),
        ("losses", "list[Literal['l1', 'l2']]", ["l2"], ""),
        ("note", "str | None", None, ""),
        ("steps", "list[float] | None", [0.1, -1e9], ""),
        ("verbose", "bool", False, ""),
    ]
    assert type(found["rate"].default) is float
    assert read_parameters("") == read_parameters("# only prose") == {}


def test_reading_a_cell_executes_nothing(tmp_path):
    path = tmp_path / "made"
    with pytest.raises(NotebookFormatError, match="literal"):
        read_parameters(f"seed: int = __import__('pathlib').Path({str(path)!r}).touch()")
    assert not path.exists()


@pytest.mark.parametrize(
    "cell",
    [
        "seed = 0",
        "seed: int",
        "seed: int = 0\nseed: int = 1",
        "seed: int = 1.0",
        "seed: int = True",
        "seed: int = '7'",
        "seed: int = 2 ** 3",
        "seed: int = -'a'",
        "seed: int = {[]: 1}",
        "seed: int = None",
        "seed: Optional[int] = 0",
        "seed: None | int = 0",
        "seed: complex = 1j",
        "widths: list = [1]",
        "widths: list[list[int]] = [[1]]",
        "widths: list[int] = [1, '2']",
        "widths: list[str] = {'a', 'b'}",
        "widths: list[str] = 'ab'",
        "widths: list[str] = {'a': 1}",
        "kind: Literal[one] = 'one'",
        "kind: Literal[()] = ()",
        "kind: Literal[None] = None",
        "kind: Literal['a', 1] = 'a'",
        "kind: Literal['a', 'b'] = 'c'",
        "kind: Literal['none', 'l2'] | None = None",
        "object.name: int = 0",
        "import os",
        "print('hello')",
        "%matplotlib inline",
        "seed: int = 0\0",
        "tag: str = '\ud800'",
        "tag: str = '\\ud800'",
        "seed: int = " + "-" * 200_000 + "1",
        "seed: int = 1" + "+1" * 50_000,
    ],
    ids=lambda text: text[:40],
)
def test_a_cell_that_is_no_list_of_typed_literals_is_refused(cell):
    with pytest.raises(NotebookFormatError, match="the cell"):
        read_parameters(cell, "the cell")


@given(st.text())
def test_any_text_is_read_or_refused_with_a_named_place(text):
    try:
        read_parameters(text, "the cell")
    except NotebookFormatError as error:
        assert str(error).startswith("the cell")  # noqa: PT017


@pytest.mark.parametrize(
    ("declaration", "text", "value"),
    [
        ("x: str = ''", "007", "007"),
        ("x: str = ''", "true", "true"),
        ("x: str = ''", "none", "none"),
        ("x: str = ''", "", ""),
        ("x: str = ''", "[1, 2]", "[1, 2]"),
        ("x: str | None = ''", "None", None),
        ("x: int = 0", "007", 7),
        ("x: int = 0", " -1_000 ", -1000),
        ("x: int = 0", str(2**200), 2**200),
        ("x: float = 0.0", "7", 7.0),
        ("x: float = 0.0", "-inf", -math.inf),
        ("x: bool = False", "True", True),
        ("x: bool = True", "false", False),
        ("x: list[int] = []", "", []),
        ("x: list[int] = [1]", "3, 4", [3, 4]),
        ("x: list[str] = []", "a,,b c", ["a", "", "b c"]),
        ("x: list[str] = []", '["a,b", ""]', ["a,b", ""]),
        ("x: list[bool] = []", "true,false", [True, False]),
        ("x: list[int] | None = [1]", "none", None),
        ("x: Literal[1, 2] = 1", "2", 2),
    ],
)
def test_text_is_parsed_by_the_declared_type(declaration, text, value):
    found = one(declaration).parse(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        ("x: int = 0", "1.0"),
        ("x: int = 0", "true"),
        ("x: int = 0", "0x10"),
        ("x: int = 0", "1; import os"),
        ("x: int = 0", ""),
        ("x: int = 0", "none"),
        ("x: int = 0", "9" * 5_000),
        ("x: float = 0.0", "a tenth"),
        ("x: bool = False", "1"),
        ("x: bool = False", "no"),
        ("x: str = ''", "\udcff"),
        ("x: list[int] = []", "1,"),
        ("x: list[int] = []", "[1"),
        ("x: list[int] = []", "[1.0]"),
        ("x: list[int] = []", "[[1]]"),
        ("x: list[int] = []", "[" * 100_000),
        ("x: list[int] = []", f"[{'9' * 5_000}]"),
        ("x: Literal['l1', 'l2'] = 'l1'", "L1"),
        ("x: list[Literal['a']] = []", "a,b"),
    ],
)
def test_text_of_another_type_is_an_error_that_names_parameter_type_and_value(declaration, text):
    parameter = one(declaration)
    with pytest.raises(ParameterError) as caught:
        parameter.parse(text)
    message = str(caught.value)
    assert message.startswith(f"parameter 'x' expects {parameter.type_name}, got ")
    assert repr(text)[1:-1][:20] in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("declaration", "value", "converted"),
    [
        ("x: int = 0", np.int64(3), 3),
        ("x: int = 0", np.array(3), 3),
        ("x: int = 0", torch.tensor(3), 3),
        ("x: float = 0.0", np.float32(0.5), 0.5),
        ("x: float = 0.0", 3, 3.0),
        ("x: bool = False", np.bool_(True), True),
        ("x: str = ''", np.str_("a"), "a"),
        ("x: list[int] = []", (3, 4), [3, 4]),
        ("x: list[int] = []", np.arange(2), [0, 1]),
        ("x: list[float] = []", range(2), [0.0, 1.0]),
    ],
)
def test_numpy_values_and_tuples_become_plain_python(declaration, value, converted):
    found = one(declaration).convert(value)
    assert (repr(found), json.dumps(found)) == (repr(converted), json.dumps(converted))


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        ("x: int = 0", np.float64(3)),
        ("x: int = 0", np.bool_(True)),
        ("x: int = 0", 3.0),
        ("x: int = 0", "3"),
        ("x: int = 0", None),
        ("x: float = 0.0", 10**400),
        ("x: float = 0.0", b"1.5"),
        ("x: float = 0.0", True),
        ("x: bool = False", 0),
        ("x: str = ''", 7),
        ("x: str | None = ''", " None "),
        ("x: list[int] = []", 3),
        ("x: list[int] = []", np.array(3)),
        ("x: list[int] = []", np.array([[3]])),
        ("x: list[int] = []", {3, 4}),
        ("x: list[int] = []", iter([3])),
    ],
)
def test_a_value_of_another_type_is_never_guessed_at(declaration, value):
    with pytest.raises(ParameterError, match="parameter 'x' expects"):
        one(declaration).convert(value)


def test_a_name_is_never_code():
    parameters = read_parameters("seed: int = 0\nrate: float = 0.1")
    for name in ("x=1;import os;os.system('true')#", "Seed", "seed ", "", "__class__"):
        with pytest.raises(ParameterError, match="the notebook has: seed, rate"):
            convert_all({name: "1"}, parameters, parse=True)
    with pytest.raises(ParameterError, match="the notebook has: none"):
        convert_all({"seed": 0}, {})


def test_description_is_json_even_where_json_has_no_such_number():
    parameter = one("x: list[float] = [1e999]")
    described = json.loads(json.dumps(parameter.to_json(), allow_nan=False))
    assert described["default"] == ["inf"]
    assert described["type"] == "list[float]"
