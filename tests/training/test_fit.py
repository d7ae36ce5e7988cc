import math

import pytest
import torch
from torch import nn

from nsai.training.batches import minibatches
from nsai.training.fit import fit


def mse(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return nn.functional.mse_loss(model(batch[0]), batch[1])


def regression() -> tuple[torch.Tensor, torch.Tensor, nn.Linear]:
    g = torch.Generator().manual_seed(0)
    x = torch.randn(60, 3, generator=g, dtype=torch.float64)
    y = x @ torch.tensor([[2.0], [-1.0], [0.5]], dtype=torch.float64) + 0.7
    y = y + 0.1 * torch.randn(60, 1, generator=g, dtype=torch.float64)
    model = nn.Linear(3, 1).double()
    return x, y, model


def test_gradient_descent_reaches_the_closed_form_least_squares():
    x, y, model = regression()
    fit(model, [(x, y)] * 500, mse, torch.optim.SGD(model.parameters(), lr=0.2))
    design = torch.cat([x, torch.ones(60, 1, dtype=torch.float64)], 1)
    exact = torch.linalg.lstsq(design, y).solution.flatten()
    found = torch.cat([model.weight.flatten(), model.bias]).detach()
    torch.testing.assert_close(found, exact, rtol=1e-9, atol=1e-9)


def test_one_step_is_the_hand_computed_one():
    model = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(model.weight, 1.0)
    batch = (torch.tensor([[2.0]]).double(), torch.tensor([[0.0]]).double())
    history = fit(model, [batch], mse, torch.optim.SGD(model.parameters(), lr=0.1))
    # loss w² x² = 4, slope 2 w x² = 8, step 0.8
    assert history.loss == [4.0]
    assert model.weight.item() == pytest.approx(0.2)


@pytest.mark.parametrize(("clip", "moved"), [(None, 8.0), (0.5, 0.5), (100.0, 8.0)])
def test_clipping_bounds_the_norm_of_the_gradient(clip, moved):
    model = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(model.weight, 1.0)
    batch = (torch.tensor([[2.0]]).double(), torch.tensor([[0.0]]).double())
    fit(model, [batch], mse, torch.optim.SGD(model.parameters(), lr=1.0), clip=clip)
    assert 1.0 - model.weight.item() == pytest.approx(moved, rel=1e-5)


def test_schedule_steps_once_a_batch_after_the_optimizer():
    x, y, model = regression()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    rates = []

    def loss(m, batch):
        rates.append(optimizer.param_groups[0]["lr"])
        return mse(m, batch) * 0

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    fit(model, [(x, y)] * 4, loss, optimizer, schedule=schedule)
    assert rates == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1 / 5)


@pytest.mark.parametrize(("every", "steps"), [(0, [5]), (2, [2, 4, 5]), (5, [5]), (9, [5])])
def test_evaluations_fall_on_their_steps_and_on_the_last(every, steps):
    x, y, model = regression()
    seen = []

    def evaluate(m):
        assert not m.training
        assert not torch.is_grad_enabled()
        seen.append(float(mse(m, (x, y))))
        return seen[-1]

    history = fit(
        model,
        [(x, y)] * 5,
        mse,
        torch.optim.SGD(model.parameters(), lr=0.1),
        evaluate=evaluate,
        evaluate_every=every,
    )
    assert [step for step, _ in history.evaluations] == steps
    assert [value for _, value in history.evaluations] == seen
    assert model.training
    # An evaluation sees the model after its step: it equals the next step's training loss.
    for step, value in history.evaluations[:-1]:
        assert value == pytest.approx(history.loss[step])


def test_model_is_in_training_mode_during_steps_even_if_handed_over_in_evaluation_mode():
    x, y, model = regression()
    model.eval()
    modes = []

    def loss(m, batch):
        modes.append(m.training)
        return mse(m, batch)

    fit(
        model,
        [(x, y)] * 3,
        loss,
        torch.optim.SGD(model.parameters(), lr=0.1),
        evaluate=lambda m: None,
        evaluate_every=1,
    )
    assert modes == [True] * 3


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_before_the_weights_are_spoilt(bad):
    x, y, model = regression()
    factors = iter([1.0, 1.0, bad])
    kept = []

    def loss(m, batch):
        kept.append(m.weight.detach().clone())
        return mse(m, batch) * next(factors)

    with pytest.raises(FloatingPointError, match="at step 3"):
        fit(model, [(x, y)] * 5, loss, torch.optim.SGD(model.parameters(), lr=0.1))
    assert torch.equal(model.weight, kept[-1])


def test_a_loss_that_is_no_scalar_is_named_with_its_shape():
    x, y, model = regression()
    with pytest.raises(ValueError, match=r"scalar, got shape \(60, 1\)"):
        fit(
            model,
            [(x, y)],
            lambda m, b: m(b[0]) - b[1],
            torch.optim.SGD(model.parameters(), lr=0.1),
        )


def test_no_batches_is_an_error():
    _, _, model = regression()
    with pytest.raises(ValueError, match="batches is empty"):
        fit(model, [], mse, torch.optim.SGD(model.parameters(), lr=0.1))


def test_same_seed_gives_bit_identical_weights():
    x, y, first = regression()
    second = nn.Linear(3, 1).double()
    second.load_state_dict(first.state_dict())
    for model in (first, second):
        g = torch.Generator().manual_seed(5)
        batches = minibatches(x, y, batch_size=7, epochs=3, generator=g)
        fit(model, batches, mse, torch.optim.Adam(model.parameters()))
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)


def test_accumulated_batches_are_one_large_batch():
    x, y, model = regression()
    other = nn.Linear(3, 1).double()
    other.load_state_dict(model.state_dict())
    parts = [(x[i : i + 20], y[i : i + 20]) for i in (0, 20, 40)]
    history = fit(
        model, parts * 2, mse, torch.optim.SGD(model.parameters(), lr=0.1), accumulate=3, clip=0.5
    )
    whole = fit(other, [(x, y)] * 2, mse, torch.optim.SGD(other.parameters(), lr=0.1), clip=0.5)
    torch.testing.assert_close(model.weight, other.weight, rtol=1e-12, atol=0)
    assert history.loss == pytest.approx(whole.loss, rel=1e-12)


def test_a_last_group_that_is_short_counts_fully():
    model = nn.Linear(1, 1, bias=False).double()
    nn.init.zeros_(model.weight)
    options = {"accumulate": 2}
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    history = fit(model, [1.0, 2.0, 5.0], lambda m, b: b * m.weight.sum(), optimizer, **options)
    assert len(history.loss) == 2
    assert model.weight.item() == -1.5 - 5.0


def test_patience_stops_and_goes_back_to_the_best():
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    values = iter([3.0, 1.0, 2.0, 2.0, 0.0])
    history = fit(
        model, [1.0] * 100, lambda m, b: -m.weight.sum(),
        torch.optim.SGD(model.parameters(), lr=1.0), evaluate=lambda m: next(values),
        evaluate_every=2, patience=2,
    )  # fmt: skip
    assert history.evaluations == [(2, 3.0), (4, 1.0), (6, 2.0), (8, 2.0)]
    assert model.weight.item() == 4.0  # of step 4


def test_products_are_in_the_precision_that_was_asked_for():
    model, seen = nn.Linear(4, 4), []

    def loss(m, batch):
        out = m(batch)
        seen.append(out.dtype)
        return out.float().square().mean()

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fit(model, [torch.ones(2, 4)], loss, optimizer, precision="bfloat16")
    assert seen == [torch.bfloat16]
    assert model.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accumulate": 0}, "accumulate must be at least 1, got 0"),
        ({"checkpoint_every": 0}, "checkpoint_every must be at least 1, got 0"),
        ({"patience": 3}, "patience needs evaluate"),
        ({"precision": "float16"}, "needs a GPU"),
    ],
)
def test_options_that_cannot_be_are_named(options, message):
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=message):
        fit(model, [1], lambda m, b: m.weight.sum(), optimizer, **options)
