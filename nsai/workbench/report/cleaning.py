"""The allow-list: what of a notebook's HTML reaches a page."""

import re
from collections.abc import Callable, Mapping

import nh3
from pygments.token import STANDARD_TYPES


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _names(
    "a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small "
    "span strong sub summary sup table tbody td tfoot th thead tr u ul var"
)
# Removed with all that they hold; other unknown elements leave their text behind.
_WITH_CONTENT = _names(
    "script style title iframe object embed applet template noscript noembed noframes svg "
    "math textarea select button form audio video canvas plaintext xmp"
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "span": {"data-formula"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_CLASSES = {
    "span": {name for name in STANDARD_TYPES.values() if name},
    "div": {"highlight"},
}
_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]", re.IGNORECASE)
_OUTSIDE = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_NOTEBOOK = re.compile(r"(?:[\w.%-]+/)*([\w.-]+\.ipynb)(#.*)?")
_COUNT = re.compile(r"\d{1,4}")

ANCHOR = "at-"
"""What the anchors of headings begin with, so that they meet no anchor of the page's own."""


def clean(
    markup: str,
    *,
    pages: Mapping[str, str] | None = None,
    is_mark: Callable[[str], bool] = lambda value: False,
) -> str:
    """Keep of some HTML what the allow-list names: no script, style, handler or outside image.

    Parameters
    ----------
    markup
        HTML that anybody may have written.
    pages
        The page of each notebook, by the notebook's file name, for links between notebooks.
    is_mark
        Whether the value of a ``data-formula`` attribute was put there by us.

    Examples
    --------
    >>> clean('<p onclick="go()">Hello<script>alert(1)</script> <img src="https://x.test/a"></p>')
    '<p>Hello <img></p>'
    """
    known = pages or {}

    def allowed(tag: str, attribute: str, value: str) -> str | None:
        match attribute:
            case "src":
                return value if _IMAGE.match(value) else None
            case "href":
                return _target(value.strip(), known)
            case "data-formula":
                return value if is_mark(value) else None
            case "width" | "height" | "colspan" | "rowspan" | "span" | "start":
                return value if _COUNT.fullmatch(value) else None
            case "scope":
                return value if value in {"col", "row", "colgroup", "rowgroup"} else None
        return value

    return nh3.clean(
        markup,
        tags=set(_TAGS),
        clean_content_tags=set(_WITH_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=allowed,
        allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
    )


def _target(href: str, pages: Mapping[str, str]) -> str | None:
    if href.startswith("#"):
        return "#" + ANCHOR + "-".join(re.findall(r"\w+", href.lower()))
    if _OUTSIDE.match(href):
        return href
    notebook = _NOTEBOOK.fullmatch(href)
    return pages.get(notebook[1]) if notebook else None
