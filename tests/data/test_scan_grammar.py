"""SCAN's grammar against the published files, its own counting and a second interpreter."""

import re
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.data import scan
from nsai.data.scan import TASKS
from nsai.data.scan_grammar import VERBS, interpret, scan_commands, scan_split

SIZES = {
    "simple": (16_728, 4_182),
    "length": (16_990, 3_920),
    "addprim_jump": (14_670, 7_706),
    "addprim_turn_left": (21_890, 1_208),
}
COMMANDS = scan_commands()
SENTENCES = st.sampled_from([c for c in COMMANDS if " and " not in c and " after " not in c])


def rewritten(command):
    """Interpret by rewriting text from the inside out, as one would with a regular expression."""
    halves = re.split(r" (and|after) ", command)
    if len(halves) == 3:
        first, word, second = halves
        parts = rewritten(first), rewritten(second)
        return " ".join(parts if word == "and" else parts[::-1])
    text = re.sub(r"turn( opposite| around)? (left|right)", r"_\1 \2", command)
    text = re.sub(r"(\w+) opposite (\w+)", r"<\2 \2 \1>", text)
    text = re.sub(r"(\w+) around (\w+)", r"<\2 \1 \2 \1 \2 \1 \2 \1>", text)
    text = re.sub(r"^(\w+) (left|right)", r"<\2 \1>", text)
    text = re.sub(r"^(\w+)(?= |$)", r"<\1>", text)
    text = re.sub(r"(<.*>) twice", r"\1 \1", text)
    text = re.sub(r"(<.*>) thrice", r"\1 \1 \1", text)
    words = text.replace("<", "").replace(">", "").split()
    actions = {v: f"I_{v.upper()}" for v in VERBS}
    actions |= {side: f"I_TURN_{side.upper()}" for side in ("left", "right")}
    return " ".join(actions[w] for w in words if w != "_")


def test_the_grammar_has_as_many_commands_as_the_product_of_its_choices():
    phrases = 4 + 5 * 2 + 5 * 2 * 2
    sentences = phrases * 3
    assert len(COMMANDS) == len(set(COMMANDS)) == sentences + 2 * sentences**2 == 20_910


def test_every_command_means_what_a_rewriting_of_its_text_gives():
    assert [" ".join(interpret(c)) for c in COMMANDS] == [rewritten(c) for c in COMMANDS]


@pytest.mark.parametrize(
    ("command", "actions"),
    [  # figure 1 of the paper
        ("jump", "JUMP"),
        ("jump left", "TURN_LEFT JUMP"),
        ("jump around right", " ".join(["TURN_RIGHT JUMP"] * 4)),
        ("turn left twice", "TURN_LEFT TURN_LEFT"),
        ("jump thrice", "JUMP JUMP JUMP"),
        ("jump opposite left and walk thrice", "TURN_LEFT TURN_LEFT JUMP WALK WALK WALK"),
        (
            "jump opposite left after walk around left",
            " ".join(["TURN_LEFT WALK"] * 4) + " TURN_LEFT TURN_LEFT JUMP",
        ),
    ],
)
def test_the_examples_of_the_paper(command, actions):
    assert interpret(command) == [f"I_{a}" for a in actions.split()]


@given(SENTENCES, SENTENCES)
def test_and_joins_and_after_is_and_the_other_way_round(first, second):
    assert interpret(f"{first} and {second}") == interpret(first) + interpret(second)
    assert interpret(f"{first} after {second}") == interpret(f"{second} and {first}")


@given(SENTENCES)
def test_a_new_verb_goes_wherever_an_old_one_goes(command):
    new = interpret(command.replace("jump", "dax"), VERBS | {"dax": "I_DAX"})
    assert [a.replace("DAX", "JUMP") for a in new] == interpret(command)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "dax",
        "turn",
        "jump jump",
        "jump twice twice",
        "left jump",
        "jump around",
        "walk and",
        "walk and run after look",
        "jump opposite around left",
        "jump  twice",
    ],
)
def test_what_the_grammar_does_not_have_is_refused(wrong):
    with pytest.raises(ValueError, match="grammar of SCAN"):
        interpret(wrong)


@pytest.mark.parametrize("task", TASKS)
def test_splits_have_the_published_sizes_and_share_no_command(task):
    train, test = scan_split(task, torch.Generator().manual_seed(0))
    assert (len(train.source), len(test.source)) == SIZES[task]
    assert not set(train.source) & set(test.source)
    assert set(train.source) | set(test.source) == set(COMMANDS)
    assert len(set(test.source)) == len(test.source)


@pytest.mark.parametrize("task", TASKS)
def test_splits_are_those_of_the_published_files(task, need):
    need("scan")
    ours = scan_split(task, torch.Generator().manual_seed(0))
    theirs = scan("train", task), scan("test", task)
    lines = [[Counter(zip(*part, strict=True)) for part in split] for split in (ours, theirs)]
    if task == "simple":  # another draw of the same lines
        lines = [[sum(split, Counter())] for split in lines]
    assert lines[0] == lines[1]


def test_the_order_is_drawn():
    draws = [scan_split("simple", torch.Generator().manual_seed(s))[0].source for s in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_an_unknown_task_is_named():
    with pytest.raises(ValueError, match="got 'mcd1'"):
        scan_split("mcd1", torch.Generator())
