"""Attention against torch's own, and against what a mask and a rotation must do."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nsai.models.attention import (
    KeyValues,
    SelfAttention,
    attention_weights,
    causal_mask,
    rotate,
)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("causal", [True, False])
def test_written_out_attention_equals_torchs(causal):
    q, k, v = (draw(2, 3, 7, 4, seed=i) for i in range(3))
    ours = attention_weights(q, k, causal=causal) @ v
    theirs = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("causal", [True, False])
def test_layer_equals_multihead_attention_with_copied_weights(causal):
    ours = SelfAttention(12, 3, causal=causal).double()
    theirs = nn.MultiheadAttention(12, 3, batch_first=True).double()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(draw(*parameter.shape, seed=parameter.numel()))
        ours.project_in.weight.copy_(theirs.in_proj_weight)
        ours.project_in.bias.copy_(theirs.in_proj_bias)
        ours.project_out.load_state_dict(theirs.out_proj.state_dict())
    x = draw(2, 6, 12)
    hidden = ~causal_mask(6, 6) if causal else None
    wanted, weights = theirs(x, x, x, attn_mask=hidden, average_attn_weights=False)
    torch.testing.assert_close(ours(x), wanted, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours.weights(x), weights, rtol=0, atol=1e-12)


def test_rows_of_attention_sum_to_one_and_ignore_the_future():
    weights = attention_weights(draw(1, 2, 5, 4), draw(1, 2, 5, 4, seed=1))
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 2, 5, dtype=torch.float64))
    assert bool((weights.triu(1) == 0).all())


def test_equal_keys_share_the_attention_of_the_past():
    weights = attention_weights(draw(1, 1, 4, 2), torch.ones(1, 1, 4, 2, dtype=torch.float64))
    wanted = torch.ones(4, 4, dtype=torch.float64).tril() / torch.arange(1, 5)[:, None]
    torch.testing.assert_close(weights[0, 0], wanted)


def test_queries_of_a_mask_are_the_last_keys():
    mask = causal_mask(2, 5)
    assert [[int(s <= t + 3) for s in range(5)] for t in range(2)] == mask.int().tolist()


def test_rotation_is_multiplication_by_a_complex_phase():
    x = draw(1, 2, 6, 8)
    z = torch.complex(x[..., :4], x[..., 4:])
    theta = torch.tensor([10000 ** (-i / 4) for i in range(4)], dtype=torch.float64)
    phase = torch.polar(torch.ones(6, 4).double(), torch.arange(3, 9)[:, None] * theta)
    turned = z * phase
    wanted = torch.cat((turned.real, turned.imag), -1)
    torch.testing.assert_close(rotate(x, start=3), wanted, rtol=0, atol=1e-12)


def test_rotated_products_depend_on_the_distance_only():
    q, k = draw(1, 1, 1, 8), draw(1, 1, 1, 8, seed=1)

    def product(t, s):
        return float((rotate(q, t) * rotate(k, s)).sum())

    assert product(9, 4) == pytest.approx(product(25, 20), abs=1e-12)
    assert product(9, 4) != pytest.approx(product(9, 5), abs=1e-3)


def test_smeared_keys_mix_in_the_key_before():
    layer = SelfAttention(8, 2, smeared=True).double()
    plain = SelfAttention(8, 2).double()
    plain.load_state_dict({k: v for k, v in layer.state_dict().items() if k != "alpha"})
    with torch.no_grad():
        layer.alpha.copy_(torch.tensor([0.4, -1.3]))
    x = draw(1, 5, 8)
    parts = plain.project_in(x).chunk(3, -1)
    q, k = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in parts[:2])
    smeared = torch.zeros_like(k)
    for head, alpha in enumerate((0.4, -1.3)):
        own = 1 / (1 + math.exp(-alpha))
        for t in range(5):
            before = k[0, head, t - 1] if t else 0
            smeared[0, head, t] = own * k[0, head, t] + (1 - own) * before
    torch.testing.assert_close(layer.weights(x), attention_weights(q, smeared))


@pytest.mark.parametrize("options", [{}, {"rotary": True}, {"rotary": True, "smeared": True}])
@pytest.mark.parametrize("cuts", [(1,) * 7, (3, 4), (2, 1, 4)])
def test_attention_in_pieces_equals_attention_at_once(options, cuts):
    layer = SelfAttention(8, 2, **options).double()
    x, past = draw(2, 7, 8), KeyValues()
    pieces = torch.cat([layer(piece, past) for piece in x.split(cuts, 1)], 1)
    torch.testing.assert_close(pieces, layer(x), rtol=0, atol=1e-12)
    assert len(past) == 7


def test_dropout_acts_in_training_only():
    layer, x = SelfAttention(8, 2, dropout=0.5).double(), draw(1, 4, 8)
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))


def test_gradients_are_those_of_finite_differences():
    layer = SelfAttention(4, 2, rotary=True, smeared=True).double()
    assert torch.autograd.gradcheck(layer, draw(1, 3, 4).requires_grad_())


@pytest.mark.parametrize(
    ("width", "heads", "rotary", "message"),
    [
        (10, 3, False, "heads must divide width = 10, got 3"),
        (10, 0, False, "heads must divide width = 10, got 0"),
        (6, 2, True, "must be even with rotary, got 3"),
    ],
)
def test_errors_say_expected_and_got(width, heads, rotary, message):
    with pytest.raises(ValueError, match=message):
        SelfAttention(width, heads, rotary=rotary)


def test_odd_sizes_cannot_be_rotated():
    with pytest.raises(ValueError, match="must be even to be rotated, got 3"):
        rotate(draw(1, 1, 2, 3))
