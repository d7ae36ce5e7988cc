r"""MathML as browsers draw it: MathML Core, made of what latex2mathml gives.

What Core lacks is settled here: letters in bold or calligraphic become Unicode letters, function
names get their thin space, relations that came as letters become operators. Nothing else leaves:
no link, no style and no class (LaTeX's ``\href``, ``\style`` and ``\class`` have no effect).
"""

import html
import re
import unicodedata
from itertools import zip_longest
from xml.etree.ElementTree import Element


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _names(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom msub "
    "msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd"
)
_FLAGS = _names(
    "accent accentunder displaystyle fence largeop movablelimits separator stretchy symmetric "
    "scriptlevel form display columnalign columnspan"
)
_LENGTHS = _names("width height depth lspace rspace voffset minsize maxsize linethickness")
_FLAG = re.compile(r"[a-z0-9+ -]{1,40}")
_LENGTH = re.compile(r"[+-]?\d*\.?\d+(?:em|ex|px|pt|cm|mm|in|mu|%)?")
_NAMED_LENGTHS = {"negativethinmathspace": "-0.167em"}
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
_DELIMITERS = {r"\|": "‖", r"\{": "{", r"\}": "}", r"\langle": "⟨", r"\rangle": "⟩"}
_DELIMITERS |= {r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", r"\vert": "|"}
_DELIMITERS |= {r"\lvert": "|", r"\rvert": "|", r"\Vert": "‖", r"\lVert": "‖", r"\rVert": "‖"}
_ESCAPED = re.compile(r"\\([_%&#${} ])")
_LETTERS = frozenset("∞∅∂∇⊤⊥")  # symbols that stand for a value
_THIN = "0.167em"


class FormulaError(ValueError):
    """A formula that cannot be shown as MathML."""


def core_mathml(element: Element) -> Element:
    """Copy MathML, keeping what MathML Core has.

    Raises
    ------
    FormulaError
        If an element is not presentational, or a command was left as it is.
    """
    if element.tag not in _TAGS:
        raise FormulaError(f"formula must be presentational, got the element {element.tag!r}")
    made = Element(element.tag, _attributes(element))
    text = html.unescape(element.text or "")
    if element.tag == "mo":
        text = _DELIMITERS.get(text, text)
    elif element.tag == "mtext":
        text = _ESCAPED.sub(r"\1", text)
    if element.tag in {"mi", "mo"} and (text.startswith("\\") or text in {"&", "#"}):
        raise FormulaError(f"formula must use known commands, got {text!r}")
    if element.tag == "mi" and text in {"{", "}"}:
        raise FormulaError(f"formula must have its braces in pairs, got {text!r} alone")
    if element.tag == "mi" and _is_operator(text):
        made.tag, text = "mo", "∼" if text == "~" else text
    if made.tag == "mo" and text in {"|", "‖"} and not _grows(made):
        made.attrib |= {"lspace": "0em", "rspace": "0em", "stretchy": "false"}
    variant = element.get("mathvariant", "")
    if variant in _VARIANTS:
        text = "".join(_letter(character, _VARIANTS[variant]) for character in text)
    made.text = text
    children = [core_mathml(child) for child in element]
    if made.tag == "mo" and children:  # an operator made of several, as by \mathop
        made.tag = "mrow"
        made.attrib.clear()
    made.extend(_spaced(children) if made.tag in {"mrow", "mtd", "mstyle"} else children)
    return made


def _attributes(element: Element) -> dict[str, str]:
    kept = {}
    for name, given in element.attrib.items():
        value = _NAMED_LENGTHS.get(given, given)
        flag = name in _FLAGS and _FLAG.fullmatch(value)
        if flag or (name in _LENGTHS and _LENGTH.fullmatch(value)):
            kept[name] = value
    if element.tag == "mi" and element.get("mathvariant") == "normal":
        kept["mathvariant"] = "normal"
    return kept


def _grows(operator: Element) -> bool:
    return operator.get("stretchy") == "true" or "minsize" in operator.attrib


def _is_operator(text: str) -> bool:
    relation = len(text) == 1 and unicodedata.category(text) == "Sm" and text not in _LETTERS
    return relation or text in {"~", ":"}


def _letter(character: str, style: str) -> str:
    name = re.sub(r"^(LATIN|GREEK) | LETTER(?= )", "", unicodedata.name(character, ""))
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style} {name}")
    except KeyError:  # no such letter in this style
        return character


def _spaced(row: list[Element]) -> list[Element]:
    spaced: list[Element] = []
    for element, after in zip_longest(row, row[1:]):
        if not _is_function(element):
            spaced.append(element)
            continue
        if spaced and spaced[-1].tag not in {"mo", "mspace"}:
            spaced.append(Element("mspace", width=_THIN))
        spaced.append(element)
        if after is not None and after.tag not in {"mo", "mspace"} and not _is_fenced(after):
            spaced.append(Element("mspace", width=_THIN))
    return spaced


def _is_function(element: Element) -> bool:
    if element.tag in {"msub", "msup", "msubsup"} and len(element):
        element = element[0]
    return element.tag == "mi" and len(element.text or "") > 1 and (element.text or "").isalpha()


def _is_fenced(element: Element) -> bool:
    return element.tag == "mrow" and len(element) > 0 and element[0].get("fence") == "true"
