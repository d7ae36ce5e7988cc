"""Training that was stopped goes on to the same weights."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nsai.training import fit, minibatches, random_shifts, windows


class StoppedError(Exception):
    pass


def training(path, *, stop=None, shifted=True, **options):
    """Train a small network with dropout and noise; stop before a step if told to."""
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(1)
    x, y = torch.randn(30, 1, 4, 4, generator=g), torch.randint(3, (30,), generator=g)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.5), nn.Linear(8, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=100)
    batches = minibatches(x, y, batch_size=8, epochs=6, generator=g)
    if shifted:
        batches = random_shifts(batches, most=1, generator=g)
    steps = []

    def loss(net, batch):
        if len(steps) == stop:
            raise StoppedError
        steps.append(batch)
        noise = torch.randn(batch[0].shape, generator=g)  # from the generator of the batches
        return F.cross_entropy(net(batch[0] + 0.1 * noise), batch[1])

    try:
        history = fit(
            model, batches, loss, optimizer, schedule=schedule, checkpoint=path,
            checkpoint_every=3, evaluate=lambda net: net(x).square().mean().item(),
            evaluate_every=4, **options,
        )  # fmt: skip
    except StoppedError:
        history = None
    return model.state_dict(), history, len(steps)


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("stop", [0, 2, 3, 10, 23])
@pytest.mark.parametrize("options", [{}, {"shifted": False}, {"patience": 100}])
def test_a_stopped_training_ends_at_the_same_weights(stop, options, tmp_path):
    whole, measured, _ = training(None, **options)
    path = tmp_path / "here" / "training.pt"
    training(path, stop=stop, **options)
    found, history, steps = training(path, **options)
    assert same(found, whole)
    assert history == measured
    assert steps == len(measured.loss) - stop // 3 * 3  # of the last checkpoint


def test_accumulated_steps_go_on_as_well(tmp_path):
    whole, measured, _ = training(None, accumulate=2)
    training(tmp_path / "a.pt", stop=15, accumulate=2)
    found, history, _ = training(tmp_path / "a.pt", accumulate=2)
    assert same(found, whole)
    assert history == measured
    assert len(history.loss) == 12


def test_a_finished_training_is_not_repeated(tmp_path):
    whole, measured, _ = training(tmp_path / "a.pt")
    found, history, steps = training(tmp_path / "a.pt")
    assert steps == 0
    assert same(found, whole)
    assert history == measured


def test_windows_go_on(tmp_path):
    def run(stop):
        g = torch.Generator().manual_seed(0)
        seen, model = [], nn.Linear(1, 1)

        def loss(net, batch):
            if len(seen) == stop:
                raise StoppedError
            seen.append(batch[0])
            return net.weight.sum() + torch.rand((), generator=g)

        batches = windows(torch.arange(50), length=4, batch_size=2, steps=9, generator=g)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        with suppress(StoppedError):
            fit(model, batches, loss, optimizer, checkpoint=tmp_path / "w.pt", checkpoint_every=1)
        return torch.stack(seen) if seen else None

    first, rest = run(5), run(None)
    (tmp_path / "w.pt").unlink()
    assert torch.equal(torch.cat([first, rest]), run(None))


def test_batches_without_a_state_are_drawn_again(tmp_path):
    def run(stop):
        drawn = iter(range(stop))
        model, seen = nn.Linear(1, 1), []
        fit(
            model, drawn, lambda net, k: (seen.append(k), net.weight.sum())[1],
            torch.optim.SGD(model.parameters(), lr=0.1), checkpoint=tmp_path / "a.pt",
        )  # fmt: skip
        return seen

    assert run(4) == [0, 1, 2, 3]
    assert run(7) == [4, 5, 6]


def test_checkpoints_load_as_plain_data(tmp_path):
    training(tmp_path / "a.pt", patience=100)
    state = torch.load(tmp_path / "a.pt", weights_only=True)
    assert len(state["loss"]) == 24
    assert state["parts"]["model"].keys() == state["best"]["weights"].keys()
    assert list(tmp_path.iterdir()) == [tmp_path / "a.pt"]


def test_a_checkpoint_of_another_training_is_named(tmp_path):
    training(tmp_path / "a.pt")
    model = nn.Linear(2, 2)
    with pytest.raises(ValueError, match=r"(?s)a\.pt is of another training: .*Missing"):
        fit(
            model, [1], lambda net, _: net.weight.sum(),
            torch.optim.SGD(model.parameters(), lr=0.1), checkpoint=tmp_path / "a.pt",
        )  # fmt: skip


SCRIPT = """
import sys, time
from pathlib import Path
import torch
from torch import nn
from nsai.training import fit, minibatches

torch.manual_seed(0)
g = torch.Generator().manual_seed(0)
x = torch.randn(64, 5, generator=g)
model = nn.Sequential(nn.Linear(5, 16), nn.Dropout(0.3), nn.Tanh(), nn.Linear(16, 1))
def loss(net, batch):
    time.sleep(float(sys.argv[2]))
    return (net(batch[0]) - batch[0].sum(1, keepdim=True)).square().mean()
fit(
    model, minibatches(x, batch_size=8, epochs=20, generator=g), loss,
    torch.optim.Adam(model.parameters(), lr=0.01), checkpoint=Path(sys.argv[1]), checkpoint_every=1,
)
torch.save(model.state_dict(), sys.argv[3])
"""


def test_killed_and_run_again_the_weights_are_bit_identical(tmp_path):
    def start(name, pause):
        words = [str(tmp_path / f"{name}.pt"), str(pause), str(tmp_path / f"{name}.weights")]
        return subprocess.Popen([sys.executable, "-c", SCRIPT, *words])

    assert start("whole", 0).wait(120) == 0
    killed = start("killed", 0.02)
    while not (tmp_path / "killed.pt").exists():
        assert killed.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)  # somewhere in the middle, perhaps of writing
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait(30)
    assert not (tmp_path / "killed.weights").exists()
    steps = len(torch.load(tmp_path / "killed.pt", weights_only=True)["loss"])
    assert 0 < steps < 160
    assert start("killed", 0).wait(120) == 0
    found, whole = (torch.load(tmp_path / f"{name}.weights") for name in ("killed", "whole"))
    assert same(found, whole)
