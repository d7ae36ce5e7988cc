"""A GPT held against torch's own Transformer, its mask, and its cache."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nsai.models.attention import SelfAttention, attention_weights
from nsai.models.generation import generate
from nsai.models.influence import influence
from nsai.models.transformer import GPT, Block


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("causal", [True, False])
def test_weights_times_values_equal_torchs_attention(causal: bool):
    q, k, v = (draw(2, 3, 5, 4, seed=s) for s in range(3))
    ours = attention_weights(q, k, causal=causal) @ v
    theirs = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


def test_layer_equals_multihead_attention_with_its_weights():
    ours = SelfAttention(8, 2).double()
    theirs = nn.MultiheadAttention(8, 2, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.project_in.weight)
        theirs.in_proj_bias.copy_(ours.project_in.bias)
        theirs.out_proj.weight.copy_(ours.project_out.weight)
        theirs.out_proj.bias.copy_(ours.project_out.bias)
    x = draw(3, 6, 8)
    mask = torch.ones(6, 6, dtype=torch.bool).triu(1)
    expected, maps = theirs(x, x, x, attn_mask=mask, average_attn_weights=False)
    torch.testing.assert_close(ours(x), expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(ours.weights(x), maps, atol=1e-12, rtol=0)


def test_block_equals_torchs_encoder_layer_with_its_weights():
    ours = Block(8, 2).double()
    theirs = nn.TransformerEncoderLayer(
        8, 2, 32, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).double()
    pairs = {
        "self_attn.in_proj_weight": ours.attention.project_in.weight,
        "self_attn.in_proj_bias": ours.attention.project_in.bias,
        "self_attn.out_proj.weight": ours.attention.project_out.weight,
        "self_attn.out_proj.bias": ours.attention.project_out.bias,
        "linear1.weight": ours.expand.weight,
        "linear1.bias": ours.expand.bias,
        "linear2.weight": ours.contract.weight,
        "linear2.bias": ours.contract.bias,
    }
    norms = {"norm1": ours.norm1, "norm2": ours.norm2}
    pairs |= {f"{n}.{p}": getattr(m, p) for n, m in norms.items() for p in ("weight", "bias")}
    theirs.load_state_dict(pairs)
    x = draw(3, 6, 8)
    mask = torch.full((6, 6), -torch.inf, dtype=torch.float64).triu(1)
    torch.testing.assert_close(ours(x), theirs(x, src_mask=mask), atol=1e-12, rtol=0)


@pytest.mark.parametrize("positions", ["learned", "rotary"])
@pytest.mark.parametrize("smeared", [False, True])
class TestCausality:
    def model(self, positions: str, smeared: bool, **options: bool) -> GPT:
        torch.manual_seed(0)
        made = GPT(
            7, block=12, layers=2, heads=2, width=8, positions=positions, smeared=smeared, **options
        )
        for parameter in made.parameters():
            nn.init.normal_(parameter, std=0.5)
        return made.eval()

    def test_future_moves_no_prediction_and_a_missing_mask_is_found(self, positions, smeared):
        tokens = torch.randint(7, (1, 9), generator=torch.Generator().manual_seed(1))
        g = torch.Generator().manual_seed(0)
        moved = influence(self.model(positions, smeared), tokens, generator=g)
        assert (moved.triu(1) == 0).all()
        assert (moved.tril() > 0)[torch.ones(9, 9).tril().bool()].all()
        open_model = self.model(positions, smeared, causal=False)
        assert (influence(open_model, tokens, generator=g).triu(1) > 0).any()

    def test_cached_pass_equals_the_full_one(self, positions, smeared):
        model = self.model(positions, smeared)
        tokens = torch.randint(7, (2, 11), generator=torch.Generator().manual_seed(2))
        full, cache = model(tokens), model.cache()
        parts = [model(tokens[:, a:b], cache) for a, b in ((0, 4), (4, 5), (5, 11))]
        torch.testing.assert_close(torch.cat(parts, 1), full, atol=1e-5, rtol=1e-5)

    def test_writing_with_and_without_cache_is_the_same(self, positions, smeared):
        model = self.model(positions, smeared)
        texts = [
            generate(
                model,
                torch.tensor([[1, 2]]),
                16,
                generator=torch.Generator().manual_seed(3),
                temperature=0.8,
                cached=cached,
            )
            for cached in (True, False)
        ]
        assert torch.equal(*texts)


def test_untrained_model_is_as_sure_as_chance():
    torch.manual_seed(0)
    model = GPT(65, block=32, layers=2, heads=4, width=64)
    tokens = torch.randint(65, (8, 33), generator=torch.Generator().manual_seed(0))
    loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(torch.tensor(65.0).log().item(), abs=0.1)


def test_wrong_sizes_are_named():
    with pytest.raises(ValueError, match="heads must divide width = 8, got 3"):
        GPT(5, block=4, layers=1, heads=3, width=8)
    model = GPT(5, block=4, layers=1, heads=2, width=8)
    with pytest.raises(ValueError, match="a sequence may have 4 places, got 5"):
        model(torch.zeros(1, 5, dtype=torch.long))
    with pytest.raises(ValueError, match=r"tokens must lie in \[0, 5\), got 0 to 5"):
        model(torch.tensor([[0, 5]]))
