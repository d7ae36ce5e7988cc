"""The outline of a page: headings in order, tables and code that a keyboard can reach."""

import re
from collections import Counter
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from nsai.workbench.report.cleaning import ANCHOR
from nsai.workbench.report.maths import Formulas
from nsai.workbench.report.wording import slug

_LEVELS = {f"h{level}": level for level in range(1, 7)}
_NUMERAL = re.compile(r"[-−+]?[\d.,]+(?:e[-+]?\d+)?\s?%?|[-−+]?inf|nan|", re.IGNORECASE)
_WIDE = 46  # characters; a longer line of code may need scrolling on a narrow screen


@dataclass(frozen=True)
class Heading:
    """An entry of the table of contents."""

    level: int
    anchor: str
    markup: str


@dataclass(frozen=True)
class Outline:
    """A notebook's HTML, put in order.

    Attributes
    ----------
    markup
        The HTML without the title and the first paragraph.
    lead
        The first paragraph's HTML, empty where the notebook does not start with title and text.
    headings
        What the table of contents lists.
    """

    markup: str
    lead: str
    headings: tuple[Heading, ...]


def put_in_order(markup: str, formulas: Formulas) -> Outline:
    """Give a notebook's HTML one outline below the page's title.

    The notebook's own title and first paragraph leave it, for the page shows them on top. The
    other headings are shifted to begin at the second level, and none skips a level.

    Parameters
    ----------
    markup
        Clean HTML, cells as ``div`` elements with the class ``cell``.
    formulas
        The formulas whose marks the HTML holds.
    """
    soup = BeautifulSoup(markup, "html.parser")
    lead = _take_lead(soup)
    headings = _order_headings(soup, formulas)
    for table in soup.find_all("table"):
        _describe_table(table)
    _mend_images(soup)
    for link in soup.find_all("a", href=False):
        link.unwrap()
    _make_reachable(soup)
    return Outline(str(soup), lead, headings)


def _take_lead(soup: BeautifulSoup) -> str:
    cell = soup.select_one("div.cell")
    first = cell.find(True) if cell is not None else None
    if first is None or first.name != "h1":
        return ""
    paragraph = first.find_next_sibling()
    first.decompose()
    if paragraph is None or paragraph.name != "p":
        return ""
    lead = paragraph.decode_contents()
    paragraph.decompose()
    return lead


def _order_headings(soup: BeautifulSoup, formulas: Formulas) -> tuple[Heading, ...]:
    found = soup.find_all(list(_LEVELS))
    top = min((_LEVELS[tag.name] for tag in found), default=1)
    previous, anchors, headings = 1, list[str](), list[Heading]()
    for tag in found:
        level = min(max(_LEVELS[tag.name] - top + 2, 2), previous + 1, 6)
        previous = level
        name = slug(_words(tag, formulas), anchors)
        anchors.append(name)
        tag.name = f"h{level}"
        tag["id"] = ANCHOR + name
        if level <= 3:
            entry = BeautifulSoup(tag.decode_contents(), "html.parser")
            for inner in entry.find_all(["a", "img"]):
                inner.unwrap()
            headings.append(Heading(level, ANCHOR + name, str(entry)))
    return tuple(headings)


def _words(tag: Tag, formulas: Formulas) -> str:
    copy = BeautifulSoup(str(tag), "html.parser")
    for mark in copy.select("span[data-formula]"):
        mark.replace_with(formulas.source(str(mark["data-formula"])))
    return copy.get_text()


def _describe_table(table: Tag) -> None:
    for cell in table.find_all("th"):
        if not cell.get_text(strip=True) and not cell.find(True):
            cell.name = "td"
            cell.attrs.pop("scope", None)
        elif not cell.get("scope"):
            cell["scope"] = "col" if cell.find_parent("thead") is not None else "row"
    rows = [row.find_all(["td", "th"]) for row in table.find_all("tr")]
    if len({len(row) for row in rows}) > 1 or table.select_one("[colspan], [rowspan]") is not None:
        return
    for column in zip(*rows, strict=True):
        values = [cell.get_text(strip=True) for cell in column if cell.name == "td"]
        if any(values) and all(_NUMERAL.fullmatch(value) for value in values):
            for cell in column:
                cell["class"] = "n"


def _mend_images(soup: BeautifulSoup) -> None:
    for image in soup.find_all("img"):
        alt = str(image.get("alt") or "").strip()
        if not image.get("src"):
            note = soup.new_tag("em")
            note.string = f"[picture not in the notebook: {alt or 'no description'}]"
            image.replace_with(note)
        elif not alt:
            image["alt"] = "A picture that the notebook does not describe"


def _make_reachable(soup: BeautifulSoup) -> None:
    labels = Counter[str]()
    for block in soup.find_all(["pre", "table"]):
        if block.find_parent("table") is not None:
            continue
        cell = block.find_parent("div", class_="cell")
        place = str(cell["id"]).replace("-", " ") if isinstance(cell, Tag) else "notebook"
        kind = "Table" if block.name == "table" else str(block.attrs.pop("data-label", ""))
        inside_code = block.find_parent("details", class_="code") is not None
        label = f"{kind or ('Code' if inside_code else 'Text')} of {place}"
        labels[label] += 1
        if labels[label] > 1:
            label = f"{label}, {labels[label]}"
        region = block
        if block.name == "table":
            region = soup.new_tag("div", attrs={"class": "scroll"})
            block.wrap(region)
        elif max(map(len, block.get_text().splitlines()), default=0) <= _WIDE:
            continue
        region["tabindex"] = "0"
        region["role"] = "region"
        region["aria-label"] = label
