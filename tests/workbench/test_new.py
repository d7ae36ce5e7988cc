import pytest

from nsai.workbench.check import check
from nsai.workbench.errors import NotebookFormatError, ParameterError
from nsai.workbench.experiments import read_experiment
from nsai.workbench.new import new_notebook


def test_a_new_notebook_is_an_experiment_without_findings(project):
    path = new_notebook(project, "hopfield-network", part=None, title=None)
    assert path == project.notebooks / "1-experiments" / "01-hopfield-network.ipynb"
    experiment = read_experiment(path)
    assert (experiment.name, experiment.title) == ("hopfield-network", "Hopfield network")
    assert {"quick", "full"} <= experiment.presets.keys()
    assert check(path) == []


def test_a_new_notebook_stands_behind_the_last_in_its_part(project, add_notebook):
    add_notebook("07-stub")
    assert new_notebook(project, "next", part=None, title=None) == (
        project.notebooks / "1-stubs" / "08-next.ipynb"
    )
    other = new_notebook(project, "other", part="3-logic", title=None)
    assert other == project.notebooks / "3-logic" / "09-other.ipynb"
    assert new_notebook(project, "last", part=None, title=None).parent == other.parent
    assert len(project.experiments()) == 4


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ('Quotes " and \\ and é \U0001d54f', 'Quotes " and \\ and é \U0001d54f'),
        ("two\nlines\t here ", "two lines here"),
        ("@TITLE@ {x} %s", "@TITLE@ {x} %s"),
        ('", "source": ["x"', '", "source": ["x"'),
        ("", "Stub"),
    ],
)
def test_any_title_is_a_heading_and_nothing_else(project, given, title):
    path = new_notebook(project, "stub", part=None, title=given)
    assert read_experiment(path).title == title
    assert check(path) == []


@pytest.mark.parametrize("title", [" ", "\n", "***", "#"])
def test_a_title_without_a_word_is_refused(project, title):
    with pytest.raises(ParameterError, match="title must hold a word"):
        new_notebook(project, "stub", part=None, title=title)


@pytest.mark.parametrize(
    "name", ["", "Stub", "two words", "../stub", "a/b", "a_b", "-a", "1-a", "a.ipynb", "a\n", "é"]
)
def test_a_name_that_is_not_lower_case_words_is_refused(project, name):
    with pytest.raises(ParameterError, match="name must be lower-case words joined by '-'"):
        new_notebook(project, name, part=None, title=None)
    assert list(project.notebooks.rglob("*.ipynb")) == []


@pytest.mark.parametrize(
    "part", ["logic", "../1-logic", "1-logic/2", "1-Logic", "1-", ".", "1-a\n"]
)
def test_a_part_that_is_no_numbered_folder_is_refused(project, part):
    with pytest.raises(ParameterError, match="part must look like '3-logic'"):
        new_notebook(project, "stub", part=part, title=None)
    assert list(project.notebooks.rglob("*.ipynb")) == []


def test_a_name_that_is_taken_is_refused_with_its_place(project, add_notebook):
    path = add_notebook("01-stub")
    before = path.read_bytes()
    with pytest.raises(ParameterError, match=r"'stub' already: .*01-stub\.ipynb"):
        new_notebook(project, "stub", part="2-other", title=None)
    assert path.read_bytes() == before


def test_a_notebook_that_cannot_be_read_is_named(project, add_notebook):
    add_notebook("01-stub").write_text("{", encoding="utf-8")
    with pytest.raises(NotebookFormatError, match=r"01-stub\.ipynb"):
        new_notebook(project, "next", part=None, title=None)
