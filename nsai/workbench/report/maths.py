"""Formulas: LaTeX to MathML at build time, so that a page needs no script to show them."""

import html
import re
import secrets
from xml.etree.ElementTree import tostring

from latex2mathml.converter import Converter

from nsai.workbench.report.latex import plain_latex
from nsai.workbench.report.mathml import FormulaError as FormulaError
from nsai.workbench.report.mathml import core_mathml

_LONG = 40  # characters; a longer formula may need scrolling on a narrow screen


def mathml(latex: str, *, display: bool = False) -> str:
    r"""Translate LaTeX to MathML.

    Parameters
    ----------
    latex
        The formula without its delimiters.
    display
        Whether it stands on its own line.

    Raises
    ------
    FormulaError
        If the formula is not understood in full.

    Examples
    --------
    >>> mathml("a^2")
    '<math display="inline" alttext="a^2"><mrow><msup><mi>a</mi><mn>2</mn></msup></mrow></math>'
    >>> mathml(r"\nonsense{x}")
    Traceback (most recent call last):
    nsai.workbench.report.mathml.FormulaError: formula must use known commands, got '\\nonsense'
    """
    source = latex.strip()
    if not source:
        raise FormulaError("formula must not be empty, got only spaces")
    converter = Converter(display="block" if display else "inline")
    try:
        made = core_mathml(converter.convert_to_element(plain_latex(source)))
    except FormulaError:
        raise
    except Exception as error:  # whatever a parser trips on, the page shows the formula's source
        raise FormulaError(f"formula must be LaTeX, got {type(error).__name__}: {error}") from error
    if not "".join(made.itertext()).strip():
        raise FormulaError(f"formula must show something, got {source!r}")
    made.set("alttext", " ".join(source.split()))
    return tostring(made, encoding="unicode", short_empty_elements=False)


class Formulas:
    """The formulas of one page, kept out of the way while the text around them is cleaned."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(8)
        self._sources: list[tuple[str, bool]] = []
        self._marker = re.compile(rf'<span data-formula="{self._token}-(\d+)"></span>')

    def hold(self, latex: str, *, display: bool) -> str:
        """Keep a formula and return the mark that stands for it."""
        self._sources.append((latex, display))
        return f'<span data-formula="{self._token}-{len(self._sources) - 1}"></span>'

    def is_mark(self, value: str) -> bool:
        """Whether a ``data-formula`` value is one of ours and not written by a notebook."""
        return value.startswith(f"{self._token}-")

    def source(self, mark: str) -> str:
        """Return the LaTeX that the value of a ``data-formula`` attribute stands for."""
        return self._sources[int(mark.rpartition("-")[2])][0]

    def fill(self, text: str) -> str:
        """Put MathML in place of the marks; a formula that has none stays as its source."""
        return self._marker.sub(lambda found: self._shown(*self._sources[int(found[1])]), text)

    def _shown(self, latex: str, display: bool) -> str:
        try:
            markup = mathml(latex, display=display)
        except FormulaError:
            code = f'<code class="formula">{html.escape(latex.strip())}</code>'
            return f'<span class="equation">{code}</span>' if display else code
        long = len(latex) > _LONG
        reach = ' tabindex="0" role="group" aria-label="Formula"' if long else ""
        if display:
            return f'<span class="equation"{reach}>{markup}</span>'
        return f'<span class="long"{reach}>{markup}</span>' if long else markup
