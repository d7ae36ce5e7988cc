"""The published graphs come as streams that the exchange reads."""

import pytest

from nsai import data
from nsai.data.catalogue import DataSet
from spiking import load_nir


@pytest.mark.parametrize(
    ("name", "layers"), [("cnn_sinabs", 13), ("braille_rsnn", 4), ("lif_norse", 2)]
)
def test_published_graphs_load(need, name: str, layers: int):
    need("nir")
    assert len(load_nir(data.nir(name), dt=1e-4)) == layers


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="cnn_sinabs"):
        data.nir("cnn")
    assert isinstance(data.NIR, DataSet)
    assert len(data.NIR.files) == len(data.NIR.splits)
