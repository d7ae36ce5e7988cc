import io

import pytest
import torch
import torch.nn.functional as F

from nsai import data
from nsai.models.judge import Judge
from nsai.training import error_rate, train_classifier


def test_scores_are_linear_in_the_features():
    judge = Judge(8, width=5, classes=3)
    x = torch.rand(4, 1, 8, 8)
    by_hand = F.linear(judge.features(x), judge.head.weight, judge.head.bias)
    assert torch.equal(judge(x), by_hand)
    assert judge.features(x).min() >= 0


def test_it_learns_to_read_digits():
    torch.manual_seed(0)
    x, y = data.digits8x8("train")
    judge = Judge(8)
    generator = torch.Generator().manual_seed(0)
    train_classifier(judge, x, y, epochs=4, rate=0.01, batch_size=64, generator=generator)
    assert error_rate(judge, *data.digits8x8("test")) < 0.06


def test_weights_survive_saving():
    model, other = Judge(8), Judge(8)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    x = torch.rand(2, 1, 8, 8)
    assert torch.equal(model(x), other(x))


def test_wrong_sizes_are_named():
    with pytest.raises(ValueError, match="multiple of 4, got 9"):
        Judge(9)
    with pytest.raises(ValueError, match=r"\(batch, 1, 8, 8\), got \(2, 1, 28, 28\)"):
        Judge(8)(torch.zeros(2, 1, 28, 28))
