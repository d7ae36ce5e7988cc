"""Networks of the paper on NIR, as the tools that trained them wrote them."""

import io

from nsai.data.catalogue import DataSet, listed
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
f1aab3ce74024e7feac508a03b04c58d483ee3a01e293dba4b53d0b519b8650e 34808 braille_rsnn.nir
e2fa55bda7aab5a772485e1b690358bcb825b303eca7dc426e3973937fcb5bcb 273552 cnn_sinabs.nir
0dd9143ef624892d4a6461f474d93653a337b3490a62e23ec9ec5d18fde9b7b6 17584 lif_norse.nir
"""

NIR = DataSet(
    name="nir",
    title="Graphs of the NIR paper: a neuron, an N-MNIST network, a recurrent network",
    licence="BSD-3-Clause",
    citation="Pedersen et al. 2024, Neuromorphic intermediate representation, Nature "
    "Communications 15, 8122",
    shape="NIR graphs (HDF5)",
    splits=("braille_rsnn", "cnn_sinabs", "lif_norse"),
    homepage="https://github.com/neuromorphs/NIR",
    files=listed(CHECKSUMS),
)


def nir(name: str) -> io.BytesIO:
    """Load a graph of the NIR paper as a stream, which `spiking.load_nir` takes.

    Parameters
    ----------
    name
        ``"cnn_sinabs"`` (N-MNIST, written by sinabs: dt=1.0), ``"braille_rsnn"`` (braille letters,
        recurrent, by snntorch: dt=1e-4) or ``"lif_norse"`` (one neuron, by norse).

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(NIR, name)
    (content,) = read(NIR, f"{name}.nir")
    return io.BytesIO(content)
