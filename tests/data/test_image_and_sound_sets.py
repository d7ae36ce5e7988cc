"""Pictures, events, recordings and points, each against what is known of it."""

import hashlib
import itertools
import math

import pytest
import torch

from nsai import data
from nsai.data import store

# md5 of the official files, as torchvision lists them.
OFFICIAL = {
    "mnist": (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "fashion_mnist": (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_image_files_are_the_official_ones(need, name):
    need(name)
    dataset = data.catalogue()[name]
    contents = store.read(dataset, *(file.name for file in dataset.files))
    assert tuple(hashlib.md5(content).hexdigest() for content in contents) == OFFICIAL[name]


def test_mnist_has_the_known_counts_and_range(need):
    need("mnist")
    x, y = data.mnist("train")
    assert y.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert x.shape == (60_000, 1, 28, 28)
    assert (x.min(), x.max()) == (0, 1)
    # The normalisation constants that everyone uses.
    assert math.isclose(x.mean(), 0.1307, abs_tol=5e-5)
    assert math.isclose(x.std(), 0.3081, abs_tol=5e-5)


def test_mnist5k_are_digits_of_the_training_set(need):
    need("mnist")
    x, y = data.mnist("train")
    known = {
        (image.tobytes(), int(label))
        for image, label in zip((x * 255).round().byte().numpy(), y, strict=True)
    }
    small = data.mnist5k("all")
    images = (small.x * 255).round().byte().numpy()
    found = [
        (image.tobytes(), int(label)) in known for image, label in zip(images, small.y, strict=True)
    ]
    assert all(found)


def test_event_camera_saw_the_first_test_digits_of_mnist(need):
    need("nmnist_small")
    need("mnist")
    assert data.nmnist_small("test").label.equal(data.mnist("test").y[:100])


def test_events_are_ordered_and_counted(need):
    need("nmnist_small")
    events = data.nmnist_small("test")
    assert events.offsets[-1] == len(events.x)
    inside = torch.ones(len(events.x) - 1, dtype=torch.bool)
    inside[events.offsets[1:-1] - 1] = False
    assert (events.time_us.diff()[inside] >= 0).all()
    assert (events.time_us[events.offsets[:-1]] < 30_000).all()
    counts = data.event_counts(events, steps=5)
    assert counts.shape == (5, 100, 2, 34, 34)
    assert counts.sum((0, 2, 3, 4)).equal(events.offsets.diff().float())
    third = slice(events.offsets[3], events.offsets[4])
    brighter = ((events.polarity[third] == 1) & (events.time_us[third] < 68_000)).sum()
    assert counts[0, 3, 1].sum() == brighter


def test_yin_yang_classes_follow_its_geometry(need):
    need("yin_yang")

    def drawn(a, b, big=0.5, small=0.1):
        left, right = math.hypot(a - 0.5 * big, b - big), math.hypot(a - 1.5 * big, b - big)
        if left < small or right < small:
            return 2
        return int(small < left <= 0.5 * big or (b > big and right > 0.5 * big))

    x, y = data.yin_yang("test")
    assert [drawn(*point) for point in x[:, :2].tolist()] == y.tolist()
    assert torch.allclose(x[:, :2], 1 - x[:, 2:])


def test_spoken_digits_are_balanced_and_padded(need):
    need("spoken_digits")
    train, test = data.spoken_digits("train"), data.spoken_digits("test", samples=2000)
    assert train.y.bincount().tolist() == [270] * 10
    assert test.speaker.bincount().tolist() == [50] * 6
    assert test.x.shape == (300, 1, 2000)
    assert test.length.max() == 2000
    for row, length in zip(train.x[:50, 0], train.length[:50], strict=True):
        assert not row[length:].any()
        assert row[:length].any()
    assert train.x.abs().max() <= 1


def test_omniglot_has_twenty_drawings_a_character(need):
    need("omniglot_small")
    made = data.omniglot_small("small1")
    assert made.y.bincount().tolist() == [20] * 136
    assert made.alphabets == ("Balinese", "Early_Aramaic", "Greek", "Korean", "Latin")
    assert (made.alphabet.bincount() // 20).tolist() == [24, 22, 24, 40, 26]
    assert made.x.unique().tolist() == [0, 1]
    assert 0.01 < made.x.mean() < 0.15  # ink is the small part


def test_strokes_pass_over_the_ink_of_their_drawing(need):
    need("omniglot_small")
    drawings, strokes = data.omniglot_small("small1").x[:, 0], data.omniglot_strokes()
    assert len(strokes) == len(drawings)
    thick = torch.nn.functional.max_pool2d(drawings[:, None], 5, stride=1, padding=2)[:, 0]
    for number in range(0, 2720, 272):
        points = torch.cat(strokes[number])
        column, row = points[:, 0].round().long(), (-points[:, 1]).round().long()
        assert thick[number, row.clamp(0, 104), column.clamp(0, 104)].mean() > 0.9


def test_one_shot_runs_show_each_class_once(need):
    need("omniglot_small")
    runs = [data.omniglot_one_shot(run) for run in (1, 20)]
    for run in runs:
        assert run.y.sort().values.equal(torch.arange(20))
        assert run.train.shape == run.test.shape == (20, 1, 105, 105)
    assert not runs[0].train.equal(runs[1].train)
    with pytest.raises(ValueError, match="got 21"):
        data.omniglot_one_shot(21)


def test_cifar_classes_are_in_order_and_in_colour(need):
    need("cifar10_jpeg")
    x, y = data.cifar10_jpeg("train", per_class=20)
    assert y.tolist() == list(itertools.chain.from_iterable([label] * 20 for label in range(10)))
    assert x.shape == (200, 3, 32, 32)
    ships, frogs = x[y == 8].mean((0, 2, 3)), x[y == 6].mean((0, 2, 3))
    assert ships[2] > ships[0]  # sea and sky are blue
    assert frogs[2] < frogs[1]  # grass is not
