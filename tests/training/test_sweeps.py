import pytest
import torch

from nsai.models.mlp import MLP
from nsai.models.threshold import corners, parity
from nsai.training.fit import fit
from nsai.training.sweeps import sweep

X = corners(2).double()
XOR = torch.tensor(parity(2), dtype=torch.float64)[:, None]


def network(nets=None, seed=0):
    return MLP(
        [2, 2, 1],
        activation="sigmoid",
        output="sigmoid",
        nets=nets,
        spread=0.3,
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.float64,
    )


def test_sweeps_follow_torchs_momentum_and_autograd():
    ours, theirs = network(), network()
    descent = sweep(ours, X, XOR, sweeps=300, rate=0.5, momentum=0.9)
    history = fit(
        theirs,
        [(X, XOR)] * 300,
        lambda model, batch: (model(batch[0]) - batch[1]).square().sum() / 2,
        torch.optim.SGD(theirs.parameters(), lr=0.5, momentum=0.9),
    )
    torch.testing.assert_close(descent.loss, torch.tensor(history.loss, dtype=torch.float64))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_zero_rate_changes_nothing():
    model, before = network(), network()
    descent = sweep(model, X, XOR, sweeps=5, rate=0.0, momentum=0.9)
    assert len(descent.loss.unique()) == 1
    for a, b in zip(model.parameters(), before.parameters(), strict=True):
        assert torch.equal(a, b)


def test_solved_nets_compute_the_patterns_and_say_when_they_first_did():
    model = network(nets=20)
    descent = sweep(model, X, XOR, sweeps=3000, rate=0.5, momentum=0.9)
    right = ((model(X) > 0.5) == (XOR > 0.5)).all(-1).all(-1)
    assert bool((right == descent.solved).all())
    assert int(descent.solved.sum()) >= 15
    for k, needed in enumerate(descent.sweeps_needed.tolist()):
        if needed < 3000:
            assert not bool(descent.right[:needed, k].any())
            assert bool(descent.right[needed, k])


def test_a_net_that_never_succeeds_needs_all_sweeps():
    model = network()
    assert int(sweep(model, X, XOR, sweeps=3, rate=0.0, momentum=0.0).sweeps_needed) == 3


def test_no_sweeps_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        sweep(network(), X, XOR, sweeps=0, rate=0.1, momentum=0.9)
