r"""LaTeX as papers write it, in the words that latex2mathml knows."""

import re

# Environments that latex2mathml lacks, by one that it has; equation numbers are left out.
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
_REWRITTEN = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\x00", ""),
        (r"\\(?:label|tag\*?)\{[^{}]*\}|\\(?:nonumber|notag)(?![a-zA-Z])", ""),
        (r"(\\\\)\s*\[-?[\d.]+\s*(?:pt|em|ex|mm|cm)\]", r"\1"),  # space between rows
        (r"\\boxed(?=\s*\{)", ""),
        (r"\\arg\s*\\(max|min)(?![a-zA-Z])", r"\\arg\1 "),
        (r"\\operatorname\*?\{\s*arg\s*\\[,;:! ]\s*(max|min)\s*\}", r"\\arg\1 "),
        (r"\\arg(?![a-zA-Z])", r"\\operatorname{arg}"),
        (r"\\operatorname\*(?=\{)", r"\\operatorname"),
    )
]
_OPERATOR = re.compile(r"(\\operatorname)\{([^{}]*)\}")
_SPACE = re.compile(r"\\[,;:! ]")
_DOLLAR = re.compile(r"(?<!\\)\$")
_TEXT = re.compile(r"\\(text|mbox|textrm)\{([^{}]*(?<!\\)\$[^{}]*)\}")


def plain_latex(latex: str) -> str:
    r"""Rewrite LaTeX in commands that latex2mathml knows.

    Examples
    --------
    >>> plain_latex(r"\underset{x}{\arg\min} f \label{eq:1}")
    '\\underset{x}{\\argmin } f '
    >>> plain_latex(r"a \text{ for $i$ even}")
    'a \\text{ for }i\\text{ even}'
    """
    for pattern, replacement in _REWRITTEN:
        latex = pattern.sub(replacement, latex)
    latex = _OPERATOR.sub(lambda m: f"{m[1]}{{{_SPACE.sub('', m[2])}}}", latex)
    latex = _TEXT.sub(_text_with_formulas, latex)
    return _ENVIRONMENT.sub(lambda m: f"\\{m[1]}{{{_ENVIRONMENTS.get(m[2], m[2])}}}", latex)


def _text_with_formulas(found: re.Match[str]) -> str:
    pieces = _DOLLAR.split(found[2])
    return "".join(
        piece if i % 2 else (f"\\{found[1]}{{{piece}}}" if piece else "")
        for i, piece in enumerate(pieces)
    )
