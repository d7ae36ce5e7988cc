"""Training of small GPTs: what is moved by what, and nanoGPT's recipe."""

import math

import pytest
import torch

from nsai.models.transformer import GPT
from nsai.training.batches import windows
from nsai.training.characters import (
    NANOGPT,
    Recipe,
    encode_characters,
    train_gpt,
    train_nanogpt,
)

TEXT = torch.arange(300) * torch.arange(300) % 7
TINY = Recipe(8, 1, 2, 8, 0.1, batch=4, steps=120, published=0.0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def learnt(**options):
    torch.manual_seed(0)
    model = GPT(7, block=8, layers=1, heads=2, width=8)
    batches = windows(TEXT, length=8, batch_size=4, steps=60, generator=generator())
    return model, train_gpt(model, batches, steps=60, **options)


def test_training_is_the_same_for_the_same_seed_and_learns():
    (one, first), (two, second) = learnt(), learnt()
    assert first.loss == second.loss
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert first.loss[0] == pytest.approx(math.log(7), abs=0.1)
    assert first.loss[-1] < 0.5 * first.loss[0]


def test_it_is_judged_ten_times_and_every_part_moves():
    model, history = learnt(evaluate=lambda net: float(net.training))
    assert history.evaluations == [(step, 0.0) for step in range(6, 61, 6)]
    torch.manual_seed(0)
    new = GPT(7, block=8, layers=1, heads=2, width=8)
    for (name, after), before in zip(model.named_parameters(), new.parameters(), strict=True):
        assert not torch.equal(after, before), name


def test_the_recipe_reports_the_lowest_loss_and_goes_on_after_a_stop(tmp_path):
    def run(recipe, **options):
        torch.manual_seed(0)
        options |= {"symbols": 7, "generator": generator(), "every": 30}
        return train_nanogpt(TEXT[:200], TEXT[200:], recipe, **options)

    model, best = run(TINY)
    assert best < 0.9 * math.log(7)
    file = tmp_path / "recipe.pt"
    run(TINY, checkpoint=file)
    again, same = run(TINY, checkpoint=file)  # nothing is left to do
    assert same == best
    ours, theirs = model.state_dict(), again.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_sizes_are_those_of_the_readme():
    sizes = {
        name: GPT(65, **{k: getattr(r, k) for k in ("block", "layers", "heads", "width")})
        for name, r in NANOGPT.items()
    }
    counts = {  # without the places, as nanoGPT prints it: 10.65 million and 0.80 million
        name: sum(p.numel() for p in model.parameters()) - model.place.weight.numel()
        for name, model in sizes.items()
    }
    assert round(counts["gpu"] / 1e6, 2) == 10.65
    assert round(counts["cpu"] / 1e6, 2) == 0.80


def test_characters_are_numbered_in_order_and_the_last_tenth_is_kept():
    text = "to be or not to be, that is " * 3
    symbols, train, validation = encode_characters(text)
    assert symbols == sorted(set(text))
    assert "".join(symbols[i] for i in torch.cat([train, validation])) == text
    assert len(train) == int(0.9 * len(text))
