from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.report.maths import FormulaError, Formulas, mathml


def leaves(latex: str) -> list[str]:
    return [e.text or "" for e in fromstring(mathml(latex)).iter() if len(e) == 0 and e.text]


def tags(latex: str, display: bool = False) -> list[str]:
    return [e.tag for e in fromstring(mathml(latex, display=display)).iter()]


def test_fraction_keeps_numerator_above_denominator() -> None:
    fraction = fromstring(mathml(r"\frac{a}{b+1}")).find(".//mfrac")
    assert fraction is not None
    assert ["".join(part.itertext()) for part in fraction] == ["a", "b+1"]


def test_display_puts_limits_above_and_below() -> None:
    assert "munderover" in tags(r"\sum_{i=1}^n x_i", display=True)
    assert "msubsup" in tags(r"\sum_{i=1}^n x_i", display=False)


@pytest.mark.parametrize("environment", ["align", "aligned", "split", "align*", "eqnarray"])
def test_environment_aligns_at_the_ampersand(environment: str) -> None:
    root = fromstring(mathml(rf"\begin{{{environment}}} a &= b \\ cc &= d \end{{{environment}}}"))
    rows = [[cell.get("columnalign") for cell in row] for row in root.iter("mtr")]
    assert rows == [["right", "left"], ["right", "left"]]
    assert "&" not in "".join(root.itertext())


@pytest.mark.parametrize("environment", ["gather", "gathered", "multline"])
def test_environment_stacks_lines(environment: str) -> None:
    root = fromstring(mathml(rf"\begin{{{environment}}} a \\ b \end{{{environment}}}"))
    assert ["".join(row.itertext()) for row in root.iter("mtr")] == ["a", "b"]


def test_bold_and_calligraphic_are_letters_that_need_no_attribute() -> None:
    assert leaves(r"\mathbf{W}\boldsymbol{\theta}\mathbf{1}") == ["𝐖", "𝜽", "𝟏"]
    assert "mathvariant" not in mathml(r"\mathbf{W}\boldsymbol{\theta}")


def test_function_name_stands_apart_from_its_argument() -> None:
    row = fromstring(mathml(r"2\log p"))[0]
    assert [e.tag for e in row] == ["mn", "mspace", "mi", "mspace", "mi"]
    assert [e.tag for e in fromstring(mathml(r"\log(p)"))[0]][:2] == ["mi", "mo"]


def test_relation_and_sign_are_operators_and_values_are_not() -> None:
    row = fromstring(mathml(r"a \iff b ≤ c \pm ∞ \sim f: X"))[0]
    kinds = {e.text: e.tag for e in row}
    assert {kinds[sign] for sign in "⟺≤±∼:"} == {"mo"}
    assert {kinds[letter] for letter in "abc∞fX"} == {"mi"}


@pytest.mark.parametrize("latex", [r"\arg\min_x", r"\operatorname*{arg\,min}_x", r"\argmin_x"])
def test_argmin_is_one_operator(latex: str) -> None:
    operators = [e.text for e in fromstring(mathml(latex)).iter("mo")]
    assert [(text or "").split() for text in operators] == [["arg", "min"]]


def test_operator_name_keeps_its_letters() -> None:
    assert leaves(r"\operatorname*{soft\,max}_i")[0] == "softmax"


def test_space_between_rows_is_not_shown() -> None:
    shown = "".join(leaves(r"\begin{align} a &= b \\[4pt] c &= [d] \end{align}"))
    assert shown == "a=bc=[d]"


def test_large_delimiters_are_their_signs() -> None:
    assert leaves(r"\bigl\| x \bigr\| \bigl\{ y \bigr\}") == ["‖", "x", "‖", "{", "y", "}"]


def test_bar_stands_close_and_grows_only_where_it_is_told_to() -> None:
    bars = [
        e
        for e in fromstring(mathml(r"|x| \left( a \middle| b \right)")).iter("mo")
        if e.text == "|"
    ]
    assert [bar.get("stretchy") for bar in bars] == ["false", "false", "true"]
    assert bars[0].get("lspace") == bars[1].get("rspace") == "0em"


def test_escaped_signs_in_text_lose_their_backslash() -> None:
    [text] = leaves(r"\text{a\_b 5\% \& \$}")
    assert text.split() == ["a_b", "5%", "&", "$"]


def test_formula_inside_text_is_set_as_formula() -> None:
    assert "$" not in "".join(leaves(r"x \text{ for $i$ even}"))


@pytest.mark.parametrize(
    "latex",
    [
        *(r"\frac{", r"\unknown{x}", "a_b_c", "{", "}", "^", "   ", "a & b", "#"),
        "{" * 2000 + "x" + "}" * 2000,
        *(r"\begin{cases} 1 & 2", r"\cancel{x}", r"\DeclareMathOperator{\foo}{foo}"),
    ],
)
def test_formula_that_is_not_understood_is_refused(latex: str) -> None:
    with pytest.raises(FormulaError, match="formula must"):
        mathml(latex)


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{color:red}{x}",
        r"\class{badge}{x}",
        r"\color{red}{x}",
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script&gt;}",
    ],
)
def test_formula_carries_no_markup_of_its_own(latex: str) -> None:
    root = fromstring(mathml(latex))
    names = {name for element in root.iter() for name in element.attrib}
    assert not names & {"href", "style", "class", "mathcolor", "mathbackground"}
    assert "script" not in {element.tag for element in root.iter()}


@given(st.text(alphabet=st.sampled_from(r"\{}_^&$<>\"'ab1 +()[]fracsqrtextbegin"), max_size=40))
def test_any_text_gives_wellformed_mathml_or_a_refusal(latex: str) -> None:
    try:
        markup = mathml(latex)
    except FormulaError:
        return
    assert fromstring(markup).tag == "math"


def test_formulas_come_back_where_they_were_held() -> None:
    formulas = Formulas()
    marks = [formulas.hold(latex, display=False) for latex in ("a", "b")]
    filled = formulas.fill(f"<p>{marks[1]}{marks[0]}</p>")
    assert [e.text for e in fromstring(filled).iter("mi")] == ["b", "a"]


def test_refused_formula_stays_as_escaped_source() -> None:
    formulas = Formulas()
    held = formulas.hold(r"\nonsense{<b>}", display=True)
    assert '<code class="formula">\\nonsense{&lt;b&gt;}</code>' in formulas.fill(held)


def test_mark_of_another_page_is_not_known() -> None:
    ours, other = Formulas(), Formulas()
    mark = other.hold("x", display=False)
    assert ours.fill(mark) == mark
    assert not ours.is_mark(mark.split('"')[1])
