"""Bert against the published implementation and torch's encoder, and the laws of an encoder."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nsai.models.bert import Bert, BertBlock, MaskedBert
from nsai.models.minilm import published_weights


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def scramble(model, scale=1.0):
    with torch.no_grad():  # large weights, so that what is wrong shows
        for number, parameter in enumerate(model.parameters()):
            drawn = torch.randn(parameter.shape, generator=generator(number), dtype=torch.float64)
            parameter.copy_(scale * drawn)
    return model


def small(**options):
    shape = {"block": 9, "layers": 2, "heads": 2, "width": 8} | options
    return scramble(Bert(11, **shape).double().eval(), 0.5)


def text(batch=3, time=9, symbols=11):
    return torch.randint(symbols, (batch, time), generator=generator())


def padded(lengths, time=9):
    return torch.arange(time) < torch.tensor(lengths)[:, None]


# the published implementation


def published(transformers, sizes):
    layers, heads, size, hidden, symbols, block = sizes
    config = transformers.BertConfig(
        vocab_size=symbols,
        hidden_size=heads * size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=hidden,
        max_position_embeddings=block,
        hidden_act="gelu",
    )
    ours = {"block": block, "layers": layers, "heads": heads, "width": heads * size}
    return config, Bert(symbols, hidden=hidden, **ours).double().eval()


SIZES = st.tuples(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 12),
    st.integers(4, 20),
    st.integers(4, 10),
)


@settings(max_examples=15)
@given(SIZES, st.data())
def test_features_equal_the_published_implementation_with_its_weights(sizes, data):
    transformers = pytest.importorskip("transformers")
    config, ours = published(transformers, sizes)
    theirs = scramble(transformers.BertModel(config).double().eval())
    ours.load_state_dict(published_weights(theirs.state_dict()))
    tokens = text(3, sizes[-1], sizes[-2])
    lengths = data.draw(st.lists(st.integers(1, sizes[-1]), min_size=3, max_size=3))
    real = padded(lengths, sizes[-1])
    segments = torch.randint(2, tokens.shape, generator=generator(1))
    wanted = theirs(tokens, attention_mask=real.long(), token_type_ids=segments)
    found = ours(tokens, real, segments)
    gap = (found - wanted.last_hidden_state)[real].abs().max()
    assert gap.item() < 1e-9


def test_masked_prediction_equals_the_published_implementation_with_its_weights():
    transformers = pytest.importorskip("transformers")
    config, bert = published(transformers, (2, 2, 4, 12, 20, 10))
    theirs = scramble(transformers.BertForMaskedLM(config).double().eval())
    weights = theirs.state_dict()
    kept = {
        name.removeprefix("bert."): value
        for name, value in weights.items()
        if name.startswith("bert.")
    }
    bert.load_state_dict(published_weights(kept))
    ours = MaskedBert(bert).double()
    ours.transform.load_state_dict(theirs.cls.predictions.transform.dense.state_dict())
    ours.norm.load_state_dict(theirs.cls.predictions.transform.LayerNorm.state_dict())
    ours.bias.data = theirs.cls.predictions.bias.data
    tokens, real = text(3, 10, 20), padded([10, 4, 1], 10)
    wanted = theirs(tokens, attention_mask=real.long()).logits
    torch.testing.assert_close(ours(tokens, real)[real], wanted[real], rtol=0, atol=1e-9)


# torch's encoder


def test_blocks_equal_torchs_encoder_with_copied_weights():
    layer = nn.TransformerEncoderLayer(
        12, 3, 20, dropout=0.0, activation="gelu", batch_first=True, layer_norm_eps=1e-12
    )
    theirs = scramble(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).double(), 0.5)
    ours = Bert(5, block=6, layers=2, heads=3, width=12, hidden=20).double()
    names = {
        "self_attn.in_proj_": "attention.project_in.",
        "self_attn.out_proj.": "attention.project_out.",
        "linear1.": "expand.",
        "linear2.": "contract.",
    }
    weights = {}
    for key, value in theirs.state_dict().items():
        new = key.removeprefix("layers.")
        for old, name in names.items():
            new = new.replace(old, name)
        weights[new] = value
    ours.blocks.load_state_dict(weights)
    x, real = torch.randn(2, 6, 12, generator=generator()).double(), padded([6, 4], 6)
    wanted = theirs(x, src_key_padding_mask=~real)
    torch.testing.assert_close(ours.encode(x, real)[real], wanted[real], rtol=0, atol=1e-10)
    torch.testing.assert_close(ours.encode(x), theirs(x), rtol=0, atol=1e-10)


# laws


@settings(max_examples=20)
@given(st.lists(st.integers(1, 9), min_size=3, max_size=3), st.integers(0, 1000))
def test_what_stands_at_padded_places_changes_nothing(lengths, seed):
    model, tokens, real = small(), text(), padded(lengths)
    other = torch.where(real, tokens, torch.randint(11, (3, 9), generator=generator(seed)))
    assert torch.equal(model(tokens, real)[real], model(other, real)[real])


@pytest.mark.parametrize("length", [1, 4, 9])
def test_padding_is_as_if_it_were_not_there(length):
    model, tokens = small(), text()
    alone = model(tokens[:, :length])
    found = model(tokens, padded([length] * 3))[:, :length]
    torch.testing.assert_close(found, alone, rtol=0, atol=1e-12)


def moved(model, tokens):
    """Return which features change when each symbol is replaced: (replaced place, place)."""
    changed = tokens.repeat(tokens.shape[1], 1)
    changed.diagonal().add_(1).remainder_(11)
    return (model(changed) != model(tokens.expand_as(changed))).any(-1)  # as many rows: same sums


def test_every_place_hears_of_every_other():
    assert bool(moved(small(layers=1), text(1)).all())


def test_a_causal_one_hears_nothing_of_what_comes_later():
    found = moved(small(causal=True), text(1))
    assert torch.equal(found, torch.ones(9, 9).triu().bool())


def test_a_causal_one_with_padding_sees_neither_later_nor_padded_places():
    model, tokens, real = small(causal=True), text(), padded([9, 5, 2])
    maps = model.attention_maps(tokens, real)
    allowed = torch.ones(9, 9).tril().bool() & real[:, None]
    for weights in maps:
        assert bool((weights > 0).eq(allowed[:, None]).all())


def test_without_places_it_would_be_a_bag_of_symbols():
    model, tokens = small(), text()
    order = torch.randperm(9, generator=generator(3))
    assert not torch.allclose(model(tokens[:, order]), model(tokens)[:, order])
    with torch.no_grad():
        model.place.weight.zero_()
    torch.testing.assert_close(model(tokens[:, order]), model(tokens)[:, order])


def test_segments_tell_parts_apart():
    model, tokens = small(), text()
    first = torch.zeros_like(tokens)
    assert torch.equal(model(tokens, None, first), model(tokens))
    assert not torch.allclose(model(tokens, None, 1 - first), model(tokens))


def test_gradients_equal_finite_differences():
    model = scramble(BertBlock(4, 2).double())
    x = torch.randn(2, 3, 4, generator=generator(), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: model(x, padded([3, 2], 3)), x)


def test_attention_maps_are_those_that_the_pass_used():
    model, tokens, real = small(), text(), padded([9, 5, 2])
    x = model.embed(tokens)
    for block, weights in zip(model.blocks, model.attention_maps(tokens, real), strict=True):
        torch.testing.assert_close(weights.sum(-1), torch.ones(3, 2, 9, dtype=torch.float64))
        values = block.attention.project_in(x).chunk(3, -1)[2].unflatten(-1, (2, 4)).transpose(1, 2)
        gathered = block.attention.project_out((weights @ values).transpose(1, 2).flatten(2))
        x = block.norm1(x + gathered)
        x = block.norm2(x + block.contract(nn.functional.gelu(block.expand(x))))
    torch.testing.assert_close(x, model(tokens, real), rtol=0, atol=1e-12)


def test_dropout_only_while_learning():
    model, tokens = small(dropout=0.5), text()
    assert torch.equal(model(tokens), model(tokens))
    assert not torch.equal(model.train()(tokens), model(tokens))


def test_weights_start_as_published():
    torch.manual_seed(0)
    model = MaskedBert(Bert(500, block=64, layers=2, heads=4, width=64))
    for name, weight in model.named_parameters():
        if weight.ndim == 2 and weight.numel() > 1000:
            # a normal distribution cut at two standard deviations keeps 0.88 of its spread
            assert weight.std().item() == pytest.approx(0.02 * 0.8796, rel=0.05), name
            assert weight.abs().max().item() <= 0.04
        elif name.endswith("bias"):
            assert not bool(weight.any())


def test_a_new_model_knows_nothing():
    torch.manual_seed(0)
    logits = MaskedBert(Bert(50, block=16, layers=2, heads=4, width=64))(text(8, 16, 50))
    assert logits.softmax(-1).max().item() < 0.1


def test_output_is_read_off_the_embedding():
    model = MaskedBert(small())
    assert "bert.token.weight" in model.state_dict()
    x = nn.functional.gelu(model.double().transform(model.bert(text())))
    wanted = model.norm(x) @ model.bert.token.weight.T + model.bias
    torch.testing.assert_close(model(text()), wanted)


def test_weights_travel_through_a_file(tmp_path):
    model, tokens = MaskedBert(small()), text()
    torch.save(model.state_dict(), tmp_path / "bert.pt")
    other = MaskedBert(Bert(11, block=9, layers=2, heads=2, width=8)).double().eval()
    other.load_state_dict(torch.load(tmp_path / "bert.pt", weights_only=True))
    assert torch.equal(other(tokens), model.double()(tokens))


# errors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"symbols": 0}, "symbols must be at least 1, got 0"),
        ({"block": 0}, "block must be at least 1, got 0"),
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"segments": 0}, "segments must be at least 1, got 0"),
        ({"heads": 3}, "heads must divide width = 8, got 3"),
        ({"heads": 0}, "heads must divide width = 8, got 0"),
    ],
)
def test_wrong_sizes_say_expected_and_got(change, message):
    sizes = {"symbols": 5, "block": 4, "layers": 1, "heads": 2, "width": 8} | change
    with pytest.raises(ValueError, match=message):
        Bert(sizes.pop("symbols"), **sizes)


def test_wrong_sequences_say_expected_and_got():
    model = small()
    with pytest.raises(ValueError, match="may have 9 places, got 10"):
        model(text(time=10))
    for token in (-1, 11):
        with pytest.raises(ValueError, match=r"tokens must lie in \[0, 11\), got"):
            model(torch.tensor([[3, token]]))
    with pytest.raises(ValueError, match=r"segments must lie in \[0, 2\), got 2 to 2"):
        model(torch.tensor([[3]]), None, torch.tensor([[2]]))
    with pytest.raises(ValueError, match="must have a real place"):
        model(text(), padded([9, 0, 3]))
