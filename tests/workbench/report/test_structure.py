import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.report.maths import Formulas
from nsai.workbench.report.structure import Outline, put_in_order


def ordered(*cells: str) -> Outline:
    markup = "".join(
        f'<div class="cell" id="cell-{i}">{cell}</div>' for i, cell in enumerate(cells)
    )
    return put_in_order(markup, Formulas())


def levels(outline: Outline) -> list[int]:
    soup = BeautifulSoup(outline.markup, "html.parser")
    return [int(tag.name[1]) for tag in soup.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])]


def test_title_and_first_paragraph_leave_the_notebook() -> None:
    outline = ordered("<h1>Title</h1><p>First <em>words</em>.</p><p>Second.</p>", "<h2>A</h2>")
    assert outline.lead == "First <em>words</em>."
    assert "Title" not in outline.markup
    assert "Second." in outline.markup


def test_notebook_without_title_keeps_all() -> None:
    outline = ordered("<p>First.</p><h1>Later</h1>")
    assert outline.lead == ""
    assert "First." in outline.markup


@pytest.mark.parametrize(
    ("written", "expected"),
    [([2, 3, 2], [2, 3, 2]), ([1, 2, 1], [2, 3, 2]), ([3, 3], [2, 2]), ([2, 5, 6], [2, 3, 4])],
)
def test_headings_begin_below_the_title_and_skip_none(
    written: list[int], expected: list[int]
) -> None:
    assert levels(ordered("<h1>T</h1>", *(f"<h{n}>x</h{n}>" for n in written))) == expected


@given(st.lists(st.integers(1, 6), max_size=12))
def test_any_headings_make_an_outline(written: list[int]) -> None:
    found = levels(ordered(*(f"<p>a</p><h{n}>x</h{n}>" for n in written)))
    assert len(found) == len(written)
    for before, after in zip([1, *found], found, strict=False):
        assert 2 <= after <= min(before + 1, 6)


def test_contents_link_to_headings_of_the_same_name_apart() -> None:
    outline = ordered("<h2>Loss</h2>", "<h2>Loss</h2>", '<h2>See <a href="#at-x">it</a></h2>')
    anchors = [heading.anchor for heading in outline.headings]
    soup = BeautifulSoup(outline.markup, "html.parser")
    assert [tag["id"] for tag in soup.find_all("h2")] == anchors
    assert len(set(anchors)) == 3
    assert outline.headings[2].markup == "See it"


def test_formula_gives_its_heading_an_anchor() -> None:
    formulas = Formulas()
    mark = formulas.hold("x^2", display=False)
    outline = put_in_order(f'<div class="cell" id="cell-0"><h2>On {mark}</h2></div>', formulas)
    assert outline.headings[0].anchor == "at-on-x-2"


def test_header_cells_say_what_they_head() -> None:
    table = (
        "<table><thead><tr><th></th><th>a</th></tr></thead>"
        "<tbody><tr><th>r</th><td>1.5</td></tr><tr><th>s</th><td>−2e-3</td></tr></tbody></table>"
    )
    soup = BeautifulSoup(ordered(table).markup, "html.parser")
    assert [(th.get_text(), th["scope"]) for th in soup.find_all("th")] == [
        ("a", "col"),
        ("r", "row"),
        ("s", "row"),
    ]
    assert [cell.get_text() for cell in soup.select(".n")] == ["a", "1.5", "−2e-3"]


def test_wide_blocks_can_be_scrolled_by_keyboard_and_are_named_apart() -> None:
    wide, narrow = "<pre>" + "x" * 80 + "</pre>", "<pre>x</pre>"
    soup = BeautifulSoup(
        ordered(wide + narrow + wide, "<table><tr><td>1</td></tr></table>").markup, "html.parser"
    )
    regions = soup.select('[tabindex="0"][role="region"]')
    assert len(regions) == 3
    labels = [region["aria-label"] for region in regions]
    assert len(set(labels)) == 3
    assert "cell 0" in labels[0]


def test_picture_without_description_or_source_is_mended() -> None:
    source = "data:image/png;base64,A"
    images = f'<img src="{source}"><img alt="a far one"><img src="{source}" alt="b">'
    outline = ordered(images)
    soup = BeautifulSoup(outline.markup, "html.parser")
    assert all(image["alt"] and image["src"] for image in soup.find_all("img"))
    assert "a far one" in soup.get_text()
