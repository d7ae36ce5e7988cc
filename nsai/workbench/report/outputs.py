"""What a cell showed, as clean HTML: the richest form that can be shown safely."""

import base64
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nsai.workbench.display import CLAIM_MIME, METRIC_MIME
from nsai.workbench.report.maths import Formulas
from nsai.workbench.report.prose import Prose
from nsai.workbench.report.wording import SIGNS, numeral, plain

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+=*\s*")
_DOLLARS = re.compile(r"\s*(\$\$?|\\\[|\\\()(?P<body>.*?)(\$\$?|\\\]|\\\))\s*", re.DOTALL)
_HEADING = re.compile(r"<(/?)h[1-6]>")
_STREAMS = {"stdout": "Output", "stderr": "Messages"}


class Outputs:
    """Turns the outputs of one page's cells into clean HTML.

    Parameters
    ----------
    formulas, prose
        The page's formulas and its markdown.
    claims
        The names of the run's claims in their order: the anchors of a claim follow it.
    """

    def __init__(self, formulas: Formulas, prose: Prose, claims: Sequence[str]) -> None:
        self._formulas = formulas
        self._prose = prose
        self._claims = list(claims)
        self._forms: dict[str, Callable[[Any, Mapping[str, Any]], str]] = {
            CLAIM_MIME: self._claim,
            METRIC_MIME: self._metric,
            "text/html": self._html,
            "text/markdown": self._markdown,
            "image/svg+xml": self._svg,
            "text/latex": self._latex,
            "image/png": self._image("image/png"),
            "image/jpeg": self._image("image/jpeg"),
            "image/gif": self._image("image/gif"),
            "image/webp": self._image("image/webp"),
            "text/plain": self._text,
            "application/json": self._json,
        }

    def __call__(self, outputs: Sequence[Mapping[str, Any]]) -> str:
        """Render the outputs of a cell, streams that follow each other as one."""
        shown: list[str] = []
        stream, lines = "", ""
        for output in outputs:
            if output["output_type"] == "stream":
                if output["name"] != stream:
                    shown.append(_stream(stream, lines))
                    stream, lines = output["name"], ""
                lines += output["text"]
                continue
            shown.append(_stream(stream, lines))
            stream, lines = "", ""
            shown.append(_error(output) if output["output_type"] == "error" else self._data(output))
        shown.append(_stream(stream, lines))
        return "\n".join(part for part in shown if part)

    def _data(self, output: Mapping[str, Any]) -> str:
        data, metadata = output.get("data", {}), output.get("metadata", {})
        for kind, form in self._forms.items():
            if kind in data and (shown := form(data[kind], metadata)):
                return f'<div class="output">{shown}</div>'
        return ""

    def _claim(self, data: Any, metadata: Mapping[str, Any]) -> str:
        keys = ("name", "measured", "comparison", "reference", "tolerance", "source", "unit")
        if not isinstance(data, Mapping) or any(key not in data for key in keys):
            return ""
        name, source, unit = (html.escape(plain(str(data[k]))) for k in ("name", "source", "unit"))
        holds = data.get("holds") is True
        badge = '<span class="badge holds">holds</span>' if holds else _FAILS
        sign = html.escape(SIGNS.get(str(data["comparison"]), str(data["comparison"])))
        values = f"{_number(data['measured'])} {sign} {_number(data['reference'])}"
        values += f" {unit}" if unit else ""
        if data["tolerance"]:
            values += f' <span class="tolerance">(tolerance {_number(data["tolerance"])})</span>'
        anchor = ""
        if data["name"] in self._claims:
            place = self._claims.index(data["name"])
            anchor = f' id="claim-{place + 1}"'
            self._claims[place] = ""  # an anchor stands once
        return (
            f'<p class="claim"{anchor}>{badge} <span class="name"><span>{name}</span> '
            f'<span class="values">{values}</span></span> <cite>{source}</cite></p>'
        )

    def _metric(self, data: Any, metadata: Mapping[str, Any]) -> str:
        if not isinstance(data, Mapping) or "name" not in data or "value" not in data:
            return ""
        unit = html.escape(plain(str(data.get("unit", ""))))
        return (
            f'<p class="metric"><span class="name">{html.escape(plain(str(data["name"])))}</span> '
            f'<span class="values">{_number(data["value"])} {unit}</span></p>'
        )

    def _html(self, data: Any, metadata: Mapping[str, Any]) -> str:
        return _without_headings(self._prose.clean(str(data)).strip())

    def _markdown(self, data: Any, metadata: Mapping[str, Any]) -> str:
        return _without_headings(self._prose(str(data)))

    def _svg(self, data: Any, metadata: Mapping[str, Any]) -> str:
        encoded = base64.b64encode(str(data).encode("utf-8", "replace")).decode()
        return _picture("image/svg+xml", encoded, metadata)

    def _image(self, kind: str) -> Callable[[Any, Mapping[str, Any]], str]:
        def form(data: Any, metadata: Mapping[str, Any]) -> str:
            if not _BASE64.fullmatch(str(data)):
                return ""
            return _picture(kind, "".join(str(data).split()), metadata)

        return form

    def _latex(self, data: Any, metadata: Mapping[str, Any]) -> str:
        found = _DOLLARS.fullmatch(str(data))
        return self._formulas.hold(found["body"] if found else str(data), display=True)

    def _text(self, data: Any, metadata: Mapping[str, Any]) -> str:
        return f"<pre>{html.escape(plain(str(data)), quote=False)}</pre>"

    def _json(self, data: Any, metadata: Mapping[str, Any]) -> str:
        return self._text(json.dumps(data, indent=2, ensure_ascii=False), metadata)


_FAILS = '<span class="badge fails">fails</span>'


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return html.escape(str(value))
    return numeral(value)


def _without_headings(markup: str) -> str:
    return _HEADING.sub(lambda m: "</strong></p>" if m[1] else "<p><strong>", markup)


def _picture(kind: str, encoded: str, metadata: Mapping[str, Any]) -> str:
    own = metadata.get(kind, {}) if isinstance(metadata.get(kind), Mapping) else {}
    alt = own.get("alt") or metadata.get("alt") or "A picture that the notebook does not describe"
    return f'<img src="data:{kind};base64,{encoded}" alt="{html.escape(plain(str(alt)))}">'


def _stream(name: str, text: str) -> str:
    text = plain(text).rstrip()
    if not text:
        return ""
    label = _STREAMS.get(name, "Output")
    block = f'<pre data-label="{label}">{html.escape(text, quote=False)}</pre>'
    return f'<div class="output {html.escape(name)}">{block}</div>'


def _error(output: Mapping[str, Any]) -> str:
    trace = plain("\n".join(output.get("traceback", []))).strip()
    what = plain(f"{output.get('ename', '')}: {output.get('evalue', '')}")
    text = html.escape(trace or what, quote=False)
    return f'<div class="output failure"><pre data-label="Traceback">{text}</pre></div>'
