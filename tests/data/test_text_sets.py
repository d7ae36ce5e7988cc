"""Texts, each against a grammar or a count that others published."""

import itertools
import math
from collections import Counter
from types import SimpleNamespace

import pytest

from nsai import data


def scan_actions(command):
    """Interpret a command by the grammar of Lake and Baroni 2018, figure 6."""
    if " and " in command:
        first, second = command.split(" and ", 1)
        return scan_actions(first) + scan_actions(second)
    if " after " in command:
        first, second = command.split(" after ", 1)
        return scan_actions(second) + scan_actions(first)
    *words, last = command.split()
    if last in ("twice", "thrice"):
        return scan_actions(" ".join(words)) * {"twice": 2, "thrice": 3}[last]
    verb, *manner = command.split()
    act = [] if verb == "turn" else [f"I_{verb.upper()}"]
    if not manner:
        return act
    turn = [f"I_TURN_{manner[-1].upper()}"]
    if manner[0] == "opposite":
        return turn * 2 + act
    return (turn + act) * (4 if manner[0] == "around" else 1)


@pytest.mark.parametrize("task", ["simple", "length", "addprim_jump", "addprim_turn_left"])
def test_scan_actions_are_what_the_grammar_says(need, task):
    need("scan")
    for split in ("train", "test"):
        pairs = data.scan(split, task)
        for command, actions in zip(pairs.source, pairs.target, strict=True):
            assert " ".join(scan_actions(command)) == actions


def test_length_split_tests_longer_actions(need):
    need("scan")
    train, test = data.scan("train", "length"), data.scan("test", "length")
    assert max(len(line.split()) for line in train.target) == 22
    assert min(len(line.split()) for line in test.target) == 24


def test_captions_are_aligned(need):
    need("multi30k")
    pairs = data.multi30k("validation", "en", "de")
    numbers = ("two", "zwei"), ("three", "drei")
    for english, german in numbers:
        says = [english in line.lower().split() for line in pairs.source]
        agree = [
            german in line.lower() for line, said in zip(pairs.target, says, strict=True) if said
        ]
        assert sum(agree) / len(agree) > 0.9


def test_first_task_of_babi_is_answered_by_the_last_move(need):
    need("babi_en10k")
    for asked in data.babi_en10k("test", 1):
        person = asked.question.removeprefix("Where is ").removesuffix("?")
        moves = [i for i, line in enumerate(asked.story) if line.startswith(person)]
        assert asked.story[moves[-1]].split()[-1] == f"{asked.answer}."
        assert asked.support == (moves[-1],)


def test_babi_lacks_the_third_task():
    for task in (0, 3, 21):
        with pytest.raises(ValueError, match="task must be"):
            data.babi_en10k("test", task)


def test_names_give_makemores_bigram_loss(need):
    need("names")
    counts = Counter()
    for name in data.names("all"):
        counts.update(itertools.pairwise(f".{name}."))
    first = Counter()
    for (a, _), count in counts.items():
        first[a] += count
    loss = -sum(n * math.log(n / first[a]) for (a, _), n in counts.items()) / sum(counts.values())
    assert math.isclose(loss, 2.4540, abs_tol=1e-4)  # Karpathy 2022, the spelled-out introduction


def test_names_splits_make_the_whole(need):
    need("names")
    parts = SimpleNamespace(**{s: data.names(s) for s in ("train", "validation", "test", "all")})
    joined = parts.train + parts.validation + parts.test
    assert Counter(joined) == Counter(parts.all)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (25_626, 3_203, 3_204)
    assert parts.all[:3] == ["emma", "olivia", "ava"]
