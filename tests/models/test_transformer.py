"""GPT against torch's encoder layer, and the laws of a causal language model."""

import math

import pytest
import torch
from torch import nn

from nsai.models.attention import causal_mask
from nsai.models.generation import generate
from nsai.models.influence import influence
from nsai.models.transformer import GPT, Block

SHAPES = [
    {},
    {"bias": True},
    {"positions": "rotary"},
    {"positions": "rotary", "smeared": True},
]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def small(block=12, **options):
    torch.manual_seed(0)
    model = GPT(11, block=block, layers=2, heads=2, width=8, **options).double().eval()
    with torch.no_grad():  # large weights, so that what is wrong shows
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator(parameter.numel())))
    return model


def text(batch=1, time=12):
    return torch.randint(11, (batch, time), generator=generator())


def test_block_equals_torchs_encoder_layer_with_copied_weights():
    theirs = nn.TransformerEncoderLayer(
        12, 3, 48, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).double()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator(parameter.numel())))
    names = {
        "self_attn.in_proj_": "attention.project_in.",
        "self_attn.out_proj.": "attention.project_out.",
        "linear1.": "expand.",
        "linear2.": "contract.",
    }
    weights = theirs.state_dict()
    for old, new in names.items():
        weights = {key.replace(old, new): value for key, value in weights.items()}
    ours = Block(12, 3).double()
    ours.load_state_dict(weights)
    x = torch.randn(2, 6, 12, generator=generator(), dtype=torch.float64)
    wanted = theirs(x, src_mask=~causal_mask(6, 6))
    torch.testing.assert_close(ours(x), wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("options", SHAPES)
def test_a_later_symbol_leaves_earlier_logits_identical_to_the_bit(options):
    model, tokens = small(**options), text()
    before = model(tokens)
    for t in range(1, 12):
        changed = tokens.clone()
        changed[0, t] = (changed[0, t] + 1) % 11
        after = model(changed)
        assert torch.equal(after[:, :t], before[:, :t])
        assert not torch.equal(after[:, t], before[:, t])


@pytest.mark.parametrize("options", SHAPES)
def test_the_future_has_exactly_no_influence(options):
    moved = influence(small(**options), text(), generator=generator())
    assert bool((moved.triu(1) == 0).all())
    assert bool((moved.tril()[torch.tril_indices(12, 12).unbind()] > 0).all())


def test_without_the_mask_the_future_has_influence():
    moved = influence(small(causal=False), text(), generator=generator())
    assert bool((moved > 0).all())


def test_influence_is_the_norm_of_the_jacobian_of_one_direction():
    model, tokens = small(), text(time=4)
    direction = torch.randn(11, generator=generator(5)).double()
    x = model.embed(tokens).detach()
    differences = torch.zeros(4, 4, 8, dtype=torch.float64)
    for s in range(4):
        for i in range(8):
            nudge = torch.zeros_like(x)
            nudge[0, s, i] = 1e-5
            change = model.decode(x + nudge) - model.decode(x - nudge)
            differences[:, s, i] = change[0].detach() @ direction / 2e-5
    found = influence(model, tokens, generator=generator(5))
    torch.testing.assert_close(found, differences.norm(dim=-1), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("options", SHAPES)
@pytest.mark.parametrize("cuts", [(1,) * 12, (5, 1, 6)])
def test_reading_in_pieces_with_a_cache_equals_the_full_pass(options, cuts):
    model, tokens = small(**options), text(batch=2)
    cache = model.cache()
    pieces = torch.cat([model(piece, cache) for piece in tokens.split(cuts, 1)], 1)
    torch.testing.assert_close(pieces, model(tokens), rtol=0, atol=1e-10)
    assert len(cache) == 12


@pytest.mark.parametrize("options", SHAPES)
def test_generation_with_a_cache_equals_generation_without_beyond_the_block(options):
    model, prompt = small(**options), text(batch=3, time=4)
    drawn = {
        cached: generate(model, prompt, 20, generator=generator(1), cached=cached)
        for cached in (True, False)
    }
    assert torch.equal(drawn[True], drawn[False])
    assert drawn[True].shape == (3, 24)
    assert torch.equal(drawn[True][:, :4], prompt)


def test_a_cache_spares_the_passes_over_what_was_read():
    model = small()
    lengths = []
    model.register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[1]))
    generate(model, text(time=4), 10, generator=generator())
    assert lengths == [4, 1, 1, 1, 1, 1, 1, 1, 1, 12]


def test_draws_follow_the_softmax_of_the_logits():
    model = small()
    prompt = text(time=3)
    p = (model(prompt)[0, -1] / 3).softmax(-1)
    many = generate(model, prompt.expand(20000, -1), 1, generator=generator(), temperature=3.0)
    share = torch.bincount(many[:, -1], minlength=11) / 20000
    torch.testing.assert_close(share.double(), p, rtol=0, atol=5 * 0.5 / math.sqrt(20000))


def test_top_draws_among_the_likeliest_only():
    model, prompt = small(), text(time=3)
    allowed = set(model(prompt)[0, -1].topk(3).indices.tolist())
    many = generate(
        model, prompt.expand(500, -1), 1, generator=generator(), temperature=30.0, top=3
    )
    assert set(many[:, -1].tolist()) == allowed


def test_temperature_zero_takes_the_likeliest():
    model, prompt = small(), text(batch=4, time=3)
    chosen = generate(model, prompt, 1, generator=generator(), temperature=0.0)[:, -1]
    assert torch.equal(chosen, model(prompt)[:, -1].argmax(-1))


def test_generation_leaves_the_mode_of_the_model():
    for mode in (True, False):
        model = small().train(mode)
        generate(model, text(time=2), 2, generator=generator())
        assert model.training is mode


def test_a_new_model_knows_nothing():
    torch.manual_seed(0)
    model = GPT(65, block=64, layers=4, heads=4, width=128)
    tokens = torch.randint(65, (8, 64), generator=generator())
    loss = nn.functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(65), abs=0.05)


def test_sizes_are_those_of_nanogpt():
    # nanoGPT's README: 0.80 M and 10.65 M parameters, positions left out.
    def count(**sizes):
        model = GPT(65, **sizes)
        return sum(p.numel() for p in model.parameters()) - model.place.weight.numel()

    assert count(block=64, layers=4, heads=4, width=128) == pytest.approx(0.80e6, abs=5e3)
    assert count(block=256, layers=6, heads=6, width=384) == pytest.approx(10.65e6, abs=5e3)


def test_output_layer_is_the_embedding():
    model = GPT(5, block=4, layers=1, heads=1, width=4)
    assert model.head.weight is model.token.weight


def test_sublayers_that_add_start_smaller():
    torch.manual_seed(0)
    model = GPT(65, block=64, layers=8, heads=4, width=128)
    block = model.blocks[3]
    for layer in (block.attention.project_out, block.contract):
        assert layer.weight.std().item() == pytest.approx(0.02 / 4, rel=0.05)
    for layer in (block.attention.project_in, block.expand, model.token):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_attention_maps_are_those_that_the_pass_used():
    model, tokens = small(), text()
    seen = []
    for block in model.blocks:
        block.attention.register_forward_pre_hook(
            lambda layer, inputs: seen.append(layer.weights(inputs[0]))
        )
    model(tokens)
    used = list(seen)
    maps = model.attention_maps(tokens)
    assert len(maps) == len(used) == 2
    for ours, wanted in zip(maps, used, strict=True):
        torch.testing.assert_close(ours, wanted)


@pytest.mark.parametrize("options", SHAPES)
def test_a_barred_look_is_taken_by_no_head_and_its_weight_goes_to_the_others(options):
    model, tokens = small(**options), text()
    layer, x = model.blocks[1].attention, model.blocks[0](model.embed(tokens))
    barred = torch.rand(12, 12, generator=generator()).lt(0.4).fill_diagonal_(False)
    weights = layer.weights(x) * ~barred
    weights = weights / weights.sum(-1, keepdim=True)
    _, _, v = layer._split(x, None)
    wanted = layer.project_out((weights @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(layer(x, None, barred), wanted, rtol=0, atol=1e-10)
    assert not torch.allclose(layer(x), wanted)


def test_looks_are_barred_in_the_layer_that_is_named():
    model, tokens = small(), text()
    nothing, all_else = torch.zeros(12, 12).bool(), ~torch.eye(12).bool()
    torch.testing.assert_close(model(tokens, barred={0: nothing}), model(tokens))
    changed = text().clone()
    changed[:, 3] = (changed[:, 3] + 1) % 11
    alone = {0: all_else, 1: all_else}  # each place sees itself only
    before, after = (model(t, barred=alone) for t in (tokens, changed))
    assert (before != after).any(-1)[0].nonzero().tolist() == [[3]]


@pytest.mark.parametrize(
    ("barred", "message"),
    [
        ({2: torch.zeros(12, 12).bool()}, r"layers are 0 to 1, got \[2\]"),
        ({0: torch.ones(12, 12).bool()}, "nothing to look at"),
    ],
)
def test_what_cannot_be_barred_is_an_error(barred, message):
    with pytest.raises(ValueError, match=message):
        small()(text(), barred=barred)


def test_weights_travel_through_a_file(tmp_path):
    model, tokens = small(positions="rotary", smeared=True), text()
    torch.save(model.state_dict(), tmp_path / "gpt.pt")
    other = GPT(11, block=12, layers=2, heads=2, width=8, positions="rotary", smeared=True)
    other = other.double().eval()
    other.load_state_dict(torch.load(tmp_path / "gpt.pt", weights_only=True))
    assert torch.equal(other(tokens), model(tokens))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"symbols": 0}, "symbols must be at least 1, got 0"),
        ({"block": 0}, "block must be at least 1, got 0"),
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"heads": 3}, "heads must divide width = 8, got 3"),
    ],
)
def test_wrong_sizes_say_expected_and_got(change, message):
    sizes = {"symbols": 5, "block": 4, "layers": 1, "heads": 2, "width": 8} | change
    with pytest.raises(ValueError, match=message):
        GPT(sizes.pop("symbols"), **sizes)


def test_a_text_longer_than_the_block_is_an_error():
    model = small(block=6)
    with pytest.raises(ValueError, match="may have 6 places, got 7"):
        model(text(time=7))
    cache = model.cache()
    model(text(time=4), cache)
    with pytest.raises(ValueError, match="may have 6 places, got 7"):
        model(text(time=3), cache)


@pytest.mark.parametrize("token", [-1, 11])
def test_a_token_out_of_range_is_an_error(token):
    tokens = text()
    tokens[0, 5] = token
    with pytest.raises(ValueError, match=r"tokens must lie in \[0, 11\), got"):
        small()(tokens)


@pytest.mark.parametrize(
    "wrong", [{"length": -1}, {"temperature": -0.1}, {"top": 0}, {"prompt": text(time=0)}]
)
def test_wrong_requests_for_text_are_errors(wrong):
    request = {"prompt": text(time=2), "length": 3} | wrong
    with pytest.raises(ValueError, match=r"expected length|at least one symbol"):
        generate(small(), generator=generator(), **request)
