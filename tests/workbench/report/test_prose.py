import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.report.maths import Formulas
from nsai.workbench.report.prose import Prose


def shown(source: str, attachments: dict | None = None) -> BeautifulSoup:
    formulas = Formulas()
    prose = Prose(formulas, {"02-mlp.ipynb": "mlp--quick.html"})
    return BeautifulSoup(formulas.fill(prose(source, attachments)), "html.parser")


@pytest.mark.parametrize(
    ("source", "display"),
    [
        ("so $x+1$ is", "inline"),
        (r"so \(x+1\) is", "inline"),
        (r"so \\(x+1\\) is", "inline"),
        ("so $$x+1$$ is", "block"),
        (r"so \[x+1\] is", "block"),
        ("$$\nx+1\n$$", "block"),
        ("text\n$$ x+1 $$\ntext", "block"),
        ("\\[\nx+1\n\\]", "block"),
        ("- item\n\n  $$\n  x+1\n  $$", "block"),
        ("> $$\n> x+1\n> $$", "block"),
        ("| a |\n| --- |\n| $x+1$ |", "inline"),
        ("**bold $x+1$**", "inline"),
        ("## head $x+1$", "inline"),
        ("\\begin{equation}\nx+1\n\\end{equation}", "block"),
    ],
)
def test_formula_is_found_in_every_delimiter(source: str, display: str) -> None:
    [formula] = shown(source).find_all("math")
    assert formula["alttext"] in {"x+1", r"\begin{equation} x+1 \end{equation}"}
    assert formula["display"] == display
    assert formula.get_text() == "x+1"


@pytest.mark.parametrize(
    "source",
    [
        "it costs $5 and $6",
        "between $3-$4 a piece",
        r"\$5 and \$6$",
        "one $ alone",
        "`$x$` and ``$$y$$``",
        "use `$$` or `$$`",
        "```python\nprice = '$x$'\n```",
        "    $indented$ code",
        "$$never closed\n\nnext paragraph $$",
        "a $b `c$d` e",
    ],
)
def test_dollar_that_opens_no_formula_stays_text(source: str) -> None:
    page = shown(source)
    assert page.find("math") is None
    assert page.get_text().count("$") == source.count("$")


def test_aligned_equations_over_several_lines() -> None:
    page = shown("\\begin{align}\na &= b \\\\\n\nc &= d\n\\end{align}".replace("\n\n", "\n"))
    assert len(page.find_all("mtr")) == 2


def test_emphasis_signs_inside_a_formula_are_not_emphasis() -> None:
    page = shown("$a*b*c_1 + d_2$ and $e_f$")
    assert page.find("em") is None
    assert len(page.find_all("math")) == 2


def test_link_to_a_notebook_goes_to_its_page() -> None:
    page = shown("[next](../1-origins/02-mlp.ipynb) [gone](09-gone.ipynb) [up](../README.md)")
    assert [link.get("href") for link in page.find_all("a")] == ["mlp--quick.html", None, None]


def test_outside_link_stays_and_gives_no_opener_away() -> None:
    link = shown("[paper](https://example.org/a?b=c)").a
    assert link is not None
    assert link["href"] == "https://example.org/a?b=c"
    assert "noopener" in link["rel"]


def test_attached_picture_is_embedded() -> None:
    image = shown("![a dot](attachment:dot.png)", {"dot.png": {"image/png": "QUJD"}}).img
    assert image is not None
    assert image["src"] == "data:image/png;base64,QUJD"


def test_code_block_is_coloured_by_its_language() -> None:
    page = shown("```python\nx = None\n```\n\n```nosuch\n<b>\n```")
    assert page.select_one(".highlight .kc").get_text() == "None"
    assert page.select(".highlight pre")[1].get_text() == "<b>\n"


def test_task_list_shows_what_is_done() -> None:
    assert [li.get_text()[0] for li in shown("- [x] a\n- [ ] b").find_all("li")] == ["☑", "☐"]


@given(st.text(alphabet=st.sampled_from("abc $\\()[]{}`*_<>#|-\n"), max_size=80))
def test_any_markdown_is_rendered(source: str) -> None:
    shown(source)
