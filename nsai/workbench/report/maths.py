r"""Formulas: LaTeX to MathML that browsers draw without a script.

latex2mathml does the translation. What browsers' MathML Core lacks is settled here: letters in
bold or calligraphic come as Unicode letters, function names get their thin space, and nothing
but presentational MathML leaves (`\href`, `\style` and `\class` have no effect).
"""

import html
import re
import secrets
import unicodedata
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import Converter


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _names(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom "
    "msub msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd"
)
_FLAGS = _names(
    "accent accentunder displaystyle fence largeop movablelimits separator stretchy "
    "symmetric scriptlevel form display columnalign columnspan"
)
_LENGTHS = _names("width height depth lspace rspace voffset minsize maxsize linethickness")
_FLAG = re.compile(r"[a-z0-9+ -]{1,40}")
_LENGTH = re.compile(r"[+-]?\d*\.?\d+(?:em|ex|px|pt|mu|%)?")
_VARIANTS = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "script": "SCRIPT",
    "bold-script": "BOLD SCRIPT",
    "fraktur": "FRAKTUR",
    "bold-fraktur": "BOLD FRAKTUR",
    "double-struck": "DOUBLE-STRUCK",
    "sans-serif": "SANS-SERIF",
    "bold-sans-serif": "SANS-SERIF BOLD",
    "monospace": "MONOSPACE",
}
# Environments that latex2mathml lacks, by one that it has; numbers are left out with the stars.
_ENVIRONMENTS = {
    "align": "align*",
    "aligned": "align*",
    "alignedat": "align*",
    "split": "align*",
    "eqnarray": "align*",
    "eqnarray*": "align*",
    "gather": "matrix",
    "gather*": "matrix",
    "gathered": "matrix",
    "multline": "matrix",
    "multline*": "matrix",
    "equation*": "equation",
}
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-z]+\*?)\}")
_UNUSED = re.compile(r"\\(?:label|tag\*?)\{[^{}]*\}|\\(?:nonumber|notag)(?![a-zA-Z])")
_DOLLAR = re.compile(r"(?<!\\)\$")
_TEXT = re.compile(r"\\(text|mbox|textrm)\{([^{}]*(?<!\\)\$[^{}]*)\}")
_LONG = 40  # characters; a longer formula may need scrolling on a narrow screen


class FormulaError(ValueError):
    """A formula that cannot be shown as MathML."""


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
    nsai.workbench.report.maths.FormulaError: formula must use known commands, got '\\nonsense'
    """
    source = latex.strip()
    if not source:
        raise FormulaError("formula must not be empty, got only spaces")
    try:
        root = Converter(display="block" if display else "inline").convert_to_element(
            _known(source)
        )
    except Exception as error:  # whatever a parser trips on, the page shows the formula's source
        raise FormulaError(f"formula must be LaTeX, got {type(error).__name__}: {error}") from error
    clean = _clean(root)
    clean.set("alttext", " ".join(source.split()))
    return tostring(clean, encoding="unicode", short_empty_elements=False)


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


def _known(latex: str) -> str:
    latex = _UNUSED.sub("", latex)
    latex = _TEXT.sub(_text_with_formulas, latex)
    return _ENVIRONMENT.sub(
        lambda m: f"\\{m[1]}{{{_ENVIRONMENTS.get(m[2], m[2])}}}", latex.replace("\x00", "")
    )


def _text_with_formulas(found: re.Match[str]) -> str:
    pieces = _DOLLAR.split(found[2])
    return "".join(
        piece if i % 2 else (f"\\{found[1]}{{{piece}}}" if piece else "")
        for i, piece in enumerate(pieces)
    )


def _clean(element: Element) -> Element:
    if element.tag not in _TAGS:
        raise FormulaError(f"formula must be presentational, got the element {element.tag!r}")
    made = Element(element.tag)
    for name, value in element.attrib.items():
        flag = name in _FLAGS and _FLAG.fullmatch(value)
        if flag or (name in _LENGTHS and _LENGTH.fullmatch(value)):
            made.set(name, value)
    text = html.unescape(element.text or "")
    if element.tag == "mi" and (text.startswith("\\") or text in {"&", "{", "}", "#"}):
        raise FormulaError(f"formula must use known commands, got {text!r}")
    if element.tag == "mi" and text == "~":
        made.tag, text = "mo", "∼"
    if element.tag == "mo" and text in {"|", "‖"} and "stretchy" not in element.attrib:
        made.set("stretchy", "false")
    variant = element.get("mathvariant")
    if variant == "normal" and element.tag == "mi":
        made.set("mathvariant", "normal")
    elif variant in _VARIANTS:
        text = "".join(_letter(character, _VARIANTS[variant]) for character in text)
    made.text = text
    children = [_clean(child) for child in element]
    made.extend(_spaced(children) if element.tag in {"mrow", "mtd", "mstyle"} else children)
    return made


def _letter(character: str, style: str) -> str:
    name = re.sub(r"^(LATIN|GREEK) | LETTER(?= )", "", unicodedata.name(character, ""))
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style} {name}")
    except KeyError:  # no such letter in this style
        return character


def _spaced(row: list[Element]) -> list[Element]:
    spaced: list[Element] = []
    for i, element in enumerate(row):
        if _is_function(element):
            if i and row[i - 1].tag not in {"mo", "mspace"}:
                spaced.append(Element("mspace", width="0.167em"))
            spaced.append(element)
            if (
                i + 1 < len(row)
                and row[i + 1].tag not in {"mo", "mspace"}
                and not _fenced(row[i + 1])
            ):
                spaced.append(Element("mspace", width="0.167em"))
        else:
            spaced.append(element)
    return spaced


def _is_function(element: Element) -> bool:
    if element.tag in {"msub", "msup", "msubsup"} and len(element):
        element = element[0]
    return element.tag == "mi" and len(element.text or "") > 1 and (element.text or "").isalpha()


def _fenced(element: Element) -> bool:
    first = element[0] if element.tag == "mrow" and len(element) else None
    return first is not None and first.get("fence") == "true"
