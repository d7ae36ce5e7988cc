"""Recurrent cells: torch's with copied weights, laws of the gates, the network around them."""

import io

import pytest
import torch
from torch import nn

from nsai.models.recurrent import (
    CELLS,
    ElmanCell,
    GRUCell,
    LSTMCell,
    RecurrentNet,
    initialise,
)
from nsai.models.through_time import unroll

REFERENCE = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
KINDS = sorted(CELLS)


def double(kind, inputs=3, units=5, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return CELLS[kind](inputs, units, generator=generator, dtype=torch.float64, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_a_cell_is_torchs_with_copied_weights(kind, dtype, limit):
    torch.manual_seed(0)
    theirs = REFERENCE[kind](3, 5, dtype=dtype)
    ours = CELLS[kind](3, 5, dtype=dtype)
    ours.load_state_dict(theirs.state_dict())
    x, state = torch.randn(7, 3, dtype=dtype), torch.randn(2, 7, 5, dtype=dtype)
    found = ours(x, tuple(state[: ours.parts]))
    expected = theirs(x, tuple(state) if kind == "lstm" else state[0])
    expected = expected if kind == "lstm" else (expected,)
    for a, b in zip(found, expected, strict=True):
        assert (a - b).abs().max() <= limit
    theirs_slopes = torch.autograd.grad(expected[-1].square().sum(), theirs.parameters())
    for a, b in zip(
        torch.autograd.grad(found[-1].square().sum(), ours.parameters()),
        theirs_slopes,
        strict=True,
    ):
        assert (a - b).abs().max() <= 100 * limit


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_is_its_cell_unrolled(kind):
    torch.manual_seed(0)
    model = RecurrentNet(3, 5, 2, kind=kind).double()
    nn.init.normal_(model.layer.bias_hh_l0)
    x = torch.randn(4, 9, 3, dtype=torch.float64)
    states = unroll(model.cell(), x)
    h = torch.stack([state[0] for state in states[1:]], 1)
    found, after = model.run(x)
    assert torch.allclose(found, h, atol=1e-12)
    for a, b in zip(after, states[-1], strict=True):
        assert torch.allclose(a, b, atol=1e-12)
    assert torch.allclose(model.sequence(x), model.out(h), atol=1e-12)
    assert torch.allclose(model(x), model.out(h[:, -1]), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_of_a_network_shares_its_parameters(kind):
    model = RecurrentNet(2, 4, 1, kind=kind)
    names = set(model.state_dict())
    cell = model.cell()
    with torch.no_grad():
        cell.weight_hh.fill_(0.25)
    assert (model.layer.weight_hh_l0 == 0.25).all()
    assert set(model.state_dict()) == names


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_in_two_parts_gives_the_same(kind):
    model = RecurrentNet(2, 4, 1, kind=kind).double()
    x = torch.randn(3, 11, 2, dtype=torch.float64)
    _, state = model.run(x[:, :4])
    assert torch.allclose(model(x[:, 4:], state), model(x), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_do_not_see_the_future(kind):
    model = RecurrentNet(2, 4, 3, kind=kind).double()
    x = torch.randn(1, 8, 2, dtype=torch.float64)
    other = x.clone()
    other[:, 5:] += 1
    before, after = model.sequence(x), model.sequence(other)
    assert torch.equal(before[:, :5], after[:, :5])
    assert (before[:, 5:] - after[:, 5:]).abs().amax((0, 2)).min() > 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_finite_differences(kind):
    cell = double(kind, 2, 3)
    x = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)

    def last(x, *parameters):
        names = [name for name, _ in cell.named_parameters()]
        held = dict(zip(names, parameters, strict=True))
        state = cell.start(2)
        for seen in x.unbind(1):
            state = torch.func.functional_call(cell, held, (seen, state))
        return state[-1]

    assert torch.autograd.gradcheck(last, (x, *cell.parameters()))


def test_open_gates_keep_a_memory_and_closed_ones_replace_it():
    c = torch.randn(3, 4)
    cell = LSTMCell(2, 4)
    with torch.no_grad():
        cell.bias_ih.copy_(torch.tensor([-50.0, 50, 0, 0]).repeat_interleave(4))
    assert torch.allclose(cell(torch.randn(3, 2), (torch.zeros(3, 4), c))[1], c)
    gru = GRUCell(2, 4)
    with torch.no_grad():
        gru.bias_ih.copy_(torch.tensor([0.0, 50, 0]).repeat_interleave(4))
    assert torch.allclose(gru(torch.randn(3, 2), (c,))[0], c)


def test_weights_begin_orthogonal_and_forget_gates_open():
    cell = double("lstm", 3, 6, forget_bias=2.5)
    for block in cell.weight_hh.detach().split(6):
        assert torch.allclose(block @ block.T, torch.eye(6, dtype=torch.float64), atol=1e-12)
    assert (cell.bias_ih + cell.bias_hh).tolist() == [0.0] * 6 + [2.5] * 6 + [0.0] * 12
    assert cell.weight_ih.abs().max() <= 6**-0.5
    again = double("lstm", 3, 6, forget_bias=2.5)
    assert torch.equal(cell.weight_hh, again.weight_hh)


def test_initialise_draws_from_the_generator_alone():
    first, second = (
        RecurrentNet(2, 4, 1, generator=torch.Generator().manual_seed(7)) for _ in range(2)
    )
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    parts = [torch.empty(8, 2), torch.empty(8, 4), torch.empty(8), torch.empty(8)]
    initialise(*parts, forget_bias=3.0)
    assert not parts[3].any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_survives_a_file(kind):
    model, other = (RecurrentNet(2, 4, 1, kind=kind) for _ in range(2))
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    x = torch.randn(3, 6, 2)
    assert torch.equal(model(x), other(x))


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="at least 1, got 0 and 3"):
        ElmanCell(0, 3)
    with pytest.raises(ValueError, match="at least 1, got 1, 1 and 0"):
        RecurrentNet(1, 1, 0)
