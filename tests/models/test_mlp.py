import pytest
import torch
from torch import nn

from nsai.models.mlp import MLP, cross_entropy, squared_error

ACTIVATIONS = ("linear", "sigmoid", "tanh", "relu")


def problem(nets=None, activation="tanh", output="sigmoid", dtype=torch.float64):
    g = torch.Generator().manual_seed(0)
    model = MLP(
        [5, 4, 6, 3], activation=activation, output=output, nets=nets, generator=g, dtype=dtype
    )
    return model, torch.randn(7, 5, generator=g, dtype=dtype), torch.randint(3, (7,), generator=g)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", ACTIVATIONS)
def test_gradients_of_the_squared_error_agree_with_autograd(activation, output):
    model, x, labels = problem(activation=activation, output=output)
    target = nn.functional.one_hot(labels, 3).double()
    made = model.backpropagate(x, target, squared_error)
    loss = (model(x) - target).square().sum() / 2
    loss.backward()
    torch.testing.assert_close(made.loss, loss.detach())
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(made.gradients[name], parameter.grad, rtol=1e-12, atol=1e-13)


def test_gradients_of_the_cross_entropy_agree_with_autograd():
    model, x, labels = problem(output="linear")
    made = model.backpropagate(x, labels, cross_entropy)
    loss = nn.functional.cross_entropy(model(x), labels)
    loss.backward()
    torch.testing.assert_close(made.loss, loss.detach())
    assert list(made.gradients) == [name for name, _ in model.named_parameters()]
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(made.gradients[name], parameter.grad, rtol=1e-12, atol=1e-13)


def test_gradients_agree_with_central_differences():
    model, x, labels = problem(output="linear")
    made = model.backpropagate(x, labels, cross_entropy)
    step = 1e-5
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            flat = parameter.view(-1)
            for i in range(len(flat)):
                kept = flat[i].clone()
                flat[i] = kept + step
                above = cross_entropy(model(x), labels)[0]
                flat[i] = kept - step
                below = cross_entropy(model(x), labels)[0]
                flat[i] = kept
                slope = float((above - below) / (2 * step))
                assert float(made.gradients[name].view(-1)[i]) == pytest.approx(slope, abs=1e-9)


def test_forward_equals_a_stack_of_torch_layers():
    model, x, _ = problem(activation="relu", output="linear")
    stack = nn.Sequential(
        nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)
    ).double()
    with torch.no_grad():
        for i, layer in enumerate(stack[::2]):
            layer.weight.copy_(model.weights[i])
            layer.bias.copy_(model.biases[i])
    torch.testing.assert_close(model(x), stack(x))


def test_nets_side_by_side_are_independent():
    together, x, labels = problem(nets=3)
    target = nn.functional.one_hot(labels, 3).double()
    made = together.backpropagate(x, target, squared_error)
    assert made.loss.shape == (3,)
    alone, _, _ = problem()
    for k in range(3):
        alone.load_state_dict({name: p[k] for name, p in together.state_dict().items()})
        single = alone.backpropagate(x, target, squared_error)
        torch.testing.assert_close(made.output[k], single.output)
        for name in single.gradients:
            torch.testing.assert_close(made.gradients[name][k], single.gradients[name])


def test_images_are_flattened_and_dtype_is_kept():
    model = MLP([16, 2], dtype=torch.float64)
    assert model(torch.zeros(3, 1, 4, 4, dtype=torch.float64)).dtype == torch.float64


def test_spread_and_generator_set_the_initial_weights():
    first, second = (
        MLP([50, 50, 1], spread=0.3, generator=torch.Generator().manual_seed(4)) for _ in range(2)
    )
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    assert 0.29 < float(first.weights[0].detach().abs().max()) <= 0.3


def test_state_survives_a_round_trip():
    first, x, _ = problem()
    second = MLP([5, 4, 6, 3], activation="tanh", output="sigmoid", dtype=torch.float64)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(x), second(x))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": [3]}, r"two or more positive numbers, got \[3\]"),
        ({"sizes": [3, 0]}, r"got \[3, 0\]"),
        ({"sizes": [3, 1], "nets": 0}, "nets must be at least 1 or None, got 0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        MLP(**options)


def test_wrong_number_of_features_is_named():
    with pytest.raises(ValueError, match=r"x must have 5 features a sample, got \(2, 4\)"):
        MLP([5, 1])(torch.zeros(2, 4))
