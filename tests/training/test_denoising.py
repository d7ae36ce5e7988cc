import torch

from nsai.models.autoencoder import Autoencoder, wiener
from nsai.training.denoising import train_autoencoder


def trained(noise, seed=0, steps=500, **options):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(1000, 2, generator=g) @ torch.tensor([[1.0, 0.5], [0.0, 0.4]])
    model = Autoencoder([2, 8], activation="linear", generator=g)
    options = {"rate": 0.03, "noise": noise, "generator": g} | options
    return x, model, train_autoencoder(model, x, steps=steps, **options)


def test_a_linear_denoiser_learns_wieners_matrix_and_a_plain_one_the_identity():
    found = {}
    for noise in (0.0, 0.5):
        x, model, _ = trained(noise)
        found[noise] = (model.decoder.weights[0] @ model.encoder.weights[0]).detach()
    best, _ = wiener(x, 0.5)
    assert (found[0.5] - best).norm() < 0.1 * best.norm()
    assert (found[0.0] - torch.eye(2)).norm() < 0.02
    assert (best - torch.eye(2)).norm() > 0.5


def test_steps_are_rounded_up_to_passes_and_batches_may_be_short():
    _, _, history = trained(0.1, steps=7, batch_size=400)
    assert len(history.loss) == 9  # three passes of three batches
    _, _, history = trained(0.1, steps=5, batch_size=5000)
    assert len(history.loss) == 5


def test_one_seed_gives_one_network():
    (_, one, _), (_, two, _), (_, other, _) = (trained(0.3, s, steps=20) for s in (0, 0, 1))
    same = zip(one.parameters(), two.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in same)
    assert not torch.equal(next(one.parameters()), next(other.parameters()))
