import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nsai.workbench.syntax import parse_cell, parse_file


def names(tree):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def modules(tree):
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize(
    "cell",
    [
        "%time from a import b",
        "%%time\nfrom a import b",
        "%%time\n%%capture\nfrom a import b",
        "if True:\n    %time from a import b",
        "x = %time from a import b",
        "get_ipython().run_cell_magic('time', '', 'from a import b')",
    ],
)
def test_code_that_a_magic_is_given_is_parsed(cell):
    assert modules(parse_cell(cell)) == {"a"}


@pytest.mark.parametrize(
    "cell", ["!echo {data.x}", "%timeit -n 3 data.x()", "data.x??", "%%sh\nls data"]
)
def test_names_that_a_magic_is_given_count_as_used(cell):
    assert "data" in names(parse_cell(cell))


def test_an_operator_at_the_start_of_a_line_is_no_magic():
    assert ast.dump(parse_cell("x = (\n    3\n    % 2\n)")) == ast.dump(ast.parse("x = (3 % 2)"))


def test_a_text_that_looks_like_magic_stays_a_text():
    (line,) = parse_cell('x = """\n%time from a import b\n!ls\n"""').body
    assert ast.literal_eval(line.value) == "\n%time from a import b\n!ls\n"


def test_what_warns_when_it_is_run_does_not_when_it_is_read():
    assert isinstance(parse_cell(r"x = '\d'"), ast.Module)


@given(st.text() | st.text("%!?\n \t'\"\\()[]x=:#;.0\x0c\x1e"))
@example("=%'\\")
def test_any_text_is_parsed_or_refused_as_a_syntax_error(text):
    try:
        assert isinstance(parse_cell(text), ast.Module)
    except SyntaxError:
        with pytest.raises((SyntaxError, ValueError)):
            ast.parse(text)


def test_a_file_that_is_no_python_or_is_gone_has_no_tree(tmp_path):
    path = tmp_path / "module.py"
    assert parse_file(path) is None
    for content in (b"x = (", b"x\0", b"\xff", b"x = 1" + b"+1" * 50_000):
        path.write_bytes(content)
        assert parse_file(path) is None
    path.write_bytes("# -*- coding: latin-1 -*-\nx = 'é'".encode("latin-1"))
    assert ast.unparse(parse_file(path)) == "x = 'é'"
