r"""Markdown with formulas, as notebooks write it, to clean HTML.

A dollar opens a formula only where TeX authors put one: not before a space or a digit's price
(``$5 and $6`` stays text), never inside a code span. ``\(…\)``, ``\[…\]`` and environments are
understood with one backslash and with two.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

import mistune
from mistune.core import BlockState, InlineState
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from nsai.workbench.report.cleaning import clean
from nsai.workbench.report.maths import Formulas

_PLUGINS = ("strikethrough", "table", "url", "task_lists", "def_list")
_TEXT = r"(?:(?!\n[ \t]*\n)[\s\S])+?"  # anything up to a blank line
_END = r"[ \t]*(?:\n|$)"
_BLOCKS = {
    "formula_dollars": rf"^ {{0,3}}\$\$(?P<fd>{_TEXT})(?<!\\)\$\${_END}",
    "formula_brackets": rf"^ {{0,3}}\\\\?\[(?P<fb>{_TEXT})\\\\?\]{_END}",
    "formula_environment": (
        rf"^ {{0,3}}(?P<fe>\\begin\{{(?P<fen>[a-z]+\*?)\}}{_TEXT}\\end\{{(?P=fen)\}}){_END}"
    ),
}
_INLINE = {
    "display_dollars": r"(?<!\\)\$\$(?P<dd>(?:\\.|[^$\\`]|\$(?!\$))+?)\$\$",
    "display_brackets": r"\\\\?\[(?P<db>[^`]+?)\\\\?\]",
    "inline_parentheses": r"\\\\?\((?P<ip>[^`]+?)\\\\?\)",
    "inline_environment": r"(?P<ie>\\begin\{(?P<ien>[a-z]+\*?)\}[^`]+?\\end\{(?P=ien)\})",
    "inline_dollars": r"(?<![\\$])\$(?![\s$])(?P<id>(?:\\.|[^$\\`])+?)(?<!\s)\$(?![\d$])",
}
_GROUPS = {
    "formula_dollars": "fd",
    "formula_brackets": "fb",
    "formula_environment": "fe",
    "display_dollars": "dd",
    "display_brackets": "db",
    "inline_parentheses": "ip",
    "inline_environment": "ie",
    "inline_dollars": "id",
}


class Prose:
    r"""Turns the markdown of one page into clean HTML.

    Parameters
    ----------
    formulas
        Where the page's formulas are kept until the page is whole.
    pages
        The page of each notebook, by the notebook's file name.

    Examples
    --------
    >>> formulas = Formulas()
    >>> text = Prose(formulas, {})("It costs $5 or $6, but `$x$` and *truly* $x$.")
    >>> formulas.fill(text).split("truly")[0]
    '<p>It costs $5 or $6, but <code>$x$</code> and <em>'
    """

    def __init__(self, formulas: Formulas, pages: Mapping[str, str]) -> None:
        self._formulas = formulas
        self._pages = pages

    def __call__(self, source: str, attachments: Mapping[str, Any] | None = None) -> str:
        """Render markdown; `attachments` are the images that a notebook cell carries."""
        renderer = _Renderer(self._formulas, attachments or {})
        markdown = mistune.create_markdown(renderer=renderer, plugins=[*_PLUGINS])
        _understand_formulas(markdown)
        return self.clean(str(markdown(source)))

    def clean(self, markup: str) -> str:
        """Clean HTML, keeping the marks of formulas and the links between notebooks."""
        return clean(markup, pages=self._pages, is_mark=self._formulas.is_mark)


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, formulas: Formulas, attachments: Mapping[str, Any]) -> None:
        super().__init__(escape=False, allow_harmful_protocols=True)  # all of it is cleaned later
        self._formulas = formulas
        self._attachments = attachments

    def formula(self, text: str, display: bool) -> str:
        return self._formulas.hold(text, display=display)

    def formula_block(self, text: str) -> str:
        return f"<p>{self._formulas.hold(text, display=True)}</p>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        language = (info or "").split(maxsplit=1)
        return highlighted(code, language[0] if language else "")

    def task_list_item(self, text: str, checked: bool = False) -> str:
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        _, attached, name = url.partition("attachment:")
        if attached:
            bundle = self._attachments.get(name, {})
            found = next(((kind, data) for kind, data in bundle.items() if data), None)
            url = f"data:{found[0]};base64,{found[1]}" if found else ""
        return super().image(text, url, title)


def highlighted(code: str, language: str) -> str:
    """Colour code by its language's grammar; a language that is not known stays plain.

    Examples
    --------
    >>> highlighted("x < 1", "no-such-language")
    '<div class="highlight"><pre>x &lt; 1</pre></div>'
    """
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return f'<div class="highlight"><pre>{html.escape(code, quote=False)}</pre></div>'
    return str(highlight(code, lexer, HtmlFormatter()))


def _understand_formulas(markdown: mistune.Markdown) -> None:
    for name, pattern in _BLOCKS.items():
        markdown.block.register(name, pattern, _block_parser(_GROUPS[name]), before="fenced_code")
        for rules in (markdown.block.list_rules, markdown.block.block_quote_rules):
            markdown.block.insert_rule(rules, name, before="fenced_code")
    for name, pattern in _INLINE.items():
        display = not name.startswith("inline_") or name.endswith("environment")
        parser = _inline_parser(_GROUPS[name], display)
        markdown.inline.register(name, pattern, parser, before="escape")


def _block_parser(group: str) -> Any:
    def parse(block: mistune.BlockParser, found: re.Match[str], state: BlockState) -> int:
        state.append_token({"type": "formula_block", "raw": found.group(group)})
        return found.end()

    return parse


def _inline_parser(group: str, display: bool) -> Any:
    def parse(inline: mistune.InlineParser, found: re.Match[str], state: InlineState) -> int:
        token = {"type": "formula", "raw": found.group(group), "attrs": {"display": display}}
        state.append_token(token)
        return found.end()

    return parse
