"""Nets made from expressions against arithmetic and Python's own regular expressions."""

import io
import itertools
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.event_net import EventNet, random_expression


def words(longest: int, alphabet: str = "01") -> list[str]:
    lengths = range(longest + 1)
    return ["".join(w) for k in lengths for w in itertools.product(alphabet, repeat=k)]


def test_latch_remembers_what_no_delay_line_could():
    latch = EventNet("(0|1)*1(0|1)*")
    assert latch.accepts(["1" + "0" * 500, "0" * 501]).tolist() == [True, False]


@given(st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_event_net_agrees_with_pythons_regular_expressions(seed):
    expression = random_expression(4, generator=torch.Generator().manual_seed(seed))
    pattern, asked = re.compile(expression), words(5)
    expected = [pattern.fullmatch(word) is not None for word in asked]
    assert EventNet(expression).accepts(asked).tolist() == expected


@pytest.mark.parametrize(
    "expression", ["", "0", "0*", "(0|1)*", "0|1|00", "(01)**", "(|0)1", "((0))", "0*1*0*"]
)
def test_corner_cases_of_expressions(expression):
    pattern, asked = re.compile(expression.replace("**", "*")), words(5)
    expected = [pattern.fullmatch(word) is not None for word in asked]
    assert EventNet(expression).accepts(asked).tolist() == expected


def test_other_alphabets_are_read():
    assert EventNet("a(b|c)*", "abc").accepts(["abcb", "ba", "a"]).tolist() == [True, False, True]


def test_net_divides_by_three():
    asked = [w for w in words(8) if w]
    expected = [int(w, 2) % 3 == 0 for w in asked]
    assert EventNet("(0|1(01*0)*1)*").accepts(asked).tolist() == expected


@given(st.integers(0, 100_000))
@settings(max_examples=25, deadline=None)
def test_automaton_gives_the_nets_answers(seed):
    net = EventNet(random_expression(3, generator=torch.Generator().manual_seed(seed)))
    moves, accepting = net.automaton()
    for word, answer in zip(words(6), net.accepts(words(6)).tolist(), strict=True):
        state = 0
        for letter in word:
            state = moves[state]["01".index(letter)]
        assert accepting[state] == answer


@given(st.integers(0, 100_000))
@settings(max_examples=15, deadline=None)
def test_automaton_has_one_state_for_each_way_to_go_on(seed):
    net = EventNet(random_expression(3, generator=torch.Generator().manual_seed(seed)))
    size = len(net.automaton()[0])
    belongs = dict(zip(words(10), net.accepts(words(10)).tolist(), strict=True))
    futures = {tuple(belongs[past + end] for end in words(5)) for past in words(5)}
    if size <= 5:  # then five letters reach every state and tell any two apart
        assert len(futures) == size
    assert len(futures) <= size


@pytest.mark.parametrize("k", range(1, 7))
def test_kth_symbol_from_the_end_needs_two_to_the_k_states(k):
    net = EventNet("(0|1)*1" + "(0|1)" * (k - 1))
    assert len(net.automaton()[0]) == 2**k
    assert len(net.units.threshold) == 2 * k + 2


def test_nets_survive_a_state_dict_round_trip():
    file = io.BytesIO()
    torch.save(EventNet("(01)*").state_dict(), file)
    file.seek(0)
    other = EventNet("(11)*")  # the same sizes, another event
    other.load_state_dict(torch.load(file, weights_only=True))
    assert other.accepts(["01", "11"]).tolist() == [True, False]


@pytest.mark.parametrize("expression", ["(0", "0)", "*0", "2", "0||*"])
def test_bad_expressions_are_named(expression):
    with pytest.raises(ValueError, match="expression"):
        EventNet(expression)


@pytest.mark.parametrize("alphabet", ["00", "0*", "(1"])
def test_bad_alphabets_are_named(alphabet):
    with pytest.raises(ValueError, match="alphabet"):
        EventNet("0", alphabet)


def test_wrong_words_are_named():
    with pytest.raises(ValueError, match="one length"):
        EventNet("0").write(["0", "00"])
    with pytest.raises(ValueError, match="letters of '01'"):
        EventNet("0").accepts(["02"])
