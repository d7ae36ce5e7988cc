r"""Networks to and from NIR, the neuromorphic intermediate representation.

NIR describes a network by differential equations, without a time step; `to_nir` writes time
constants in seconds, `from_nir` is told the step. What NIR has no word for is kept as metadata of
the nodes under "spiking", so that our networks return with every spike:

=====================  =========================================================================
reset                  "subtract" or "none"; NIR resets to `v_reset`, as "zero" does here
reset_delay            subtraction a step late, as snntorch's
refractory             in seconds
method                 how time was discretised, "exact" or "euler"
input, synapse         "jump": an input that adds to the potential or current as it is. NIR has an
                       input that lasts for a step, so that r is :math:`1/(1-\alpha)` of the dt of
                       the export; here it remains a jump, with any dt
=====================  =========================================================================

Other tools ignore the metadata: to them a neuron resets to `v_reset`.
"""

from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from spiking.neurons.lif import Reset
from spiking.neurons.neuron import Method, Temporal
from spiking.surrogates import Surrogate

if TYPE_CHECKING:
    import nir


def to_nir(
    network: nn.Module, input_shape: tuple[int, ...] | None = None, dt: float | None = None
) -> "nir.NIRGraph":
    r"""Return a network as a NIR graph.

    Parameters
    ----------
    network
        `Sequential`, `Graph`, or one layer. Layers may be neurons of this package (LIF, CubaLIF,
        IF, LeakyIntegrator, Integrator, `Recurrent` and `Delay`), of snntorch (Leaky, Synaptic,
        RLeaky, RSynaptic), linear layers, convolutions, sum and average pooling, Flatten, Scale,
        Threshold, and networks again. Dropout and Identity, which do nothing at inference, are
        left out.
    input_shape
        Shape of one step of one sample, without time and batch; needed where the first layer
        leaves it open, as convolutions do.
    dt
        Time step in seconds for neurons of snntorch, which have none; that of our neurons in the
        network unless given.

    Returns
    -------
    nir.NIRGraph
        Nodes under the names of the layers. A recurrent layer ``name`` is two nodes in a cycle,
        ``name.neuron`` and ``name.connection``; a network in the network is a graph.

    Raises
    ------
    UnsupportedLayerError
        For a layer that NIR has no node for, by its name.
    ExchangeError
        If shapes do not fit or are open, or neurons have different time steps.
    ImportError
        If nir is not installed.

    References
    ----------
    Pedersen et al., "Neuromorphic intermediate representation: a unified instruction set for
    interoperable brain-inspired computing", Nature Communications 15, 2024, table 1.

    Examples
    --------
    >>> from spiking import LIF, Linear, Sequential
    >>> graph = to_nir(Sequential(Linear(3, 2), LIF(2, tau_mem=20e-3, r=1.0)))
    >>> graph.nodes["1"].tau.tolist(), graph.edges
    ([0.02, 0.02], [('input', '0'), ('0', '1'), ('1', 'output')])
    """
    _require_nir()
    from spiking.exchange.errors import ExchangeError
    from spiking.exchange.export import first_shape, graph_of, time_step
    from spiking.exchange.export_layers import Place

    own = time_step(network)
    if dt is not None and own not in (None, dt):
        raise ExchangeError(f"dt is {dt:g} s, but the network's neurons have {own:g} s")
    shape = first_shape(network) if input_shape is None else tuple(input_shape)
    if shape is None:
        raise ExchangeError("the first layer leaves the shape of its input open; give input_shape")
    return graph_of(network, Place("", shape, dt or own))[0]


def from_nir(
    graph: "nir.NIRGraph",
    dt: float,
    *,
    method: Method | None = None,
    reset: Reset | None = None,
    surrogate: Surrogate | None = None,
) -> Temporal:
    r"""Return a NIR graph as a network.

    Parameters
    ----------
    graph
        One input and one output. Of its loops, each is one of neurons and a linear layer.
    dt
        Time step, in seconds. Tools that count time in steps, as sinabs does, write graphs for
        ``dt=1.0``.
    method
        How time is discretised, "exact" or "euler"; as noted in the graph unless given, else
        "exact". Graphs of snntorch, SpikingJelly and norse are meant for "euler", those of
        snntorch with ``dt=1e-4``.
    reset
        What a spike does, "zero" (the potential becomes `v_reset`), "subtract" or "none"; as noted
        in the graph unless given, else "zero", which is NIR's. Tools that subtract, such as
        sinabs, do not say so in their graphs.
    surrogate
        Derivative of spikes, for training on.

    Returns
    -------
    Temporal
        `Sequential` for a chain, `Graph` otherwise. Parameters are those of the graph, bit by bit.

    Raises
    ------
    UnsupportedNodeError
        For a node that has no layer here, by its name and type.
    UnsupportedGraphError
        For several inputs or outputs, nodes without an input, or other loops, by their names.
    ImportError
        If nir is not installed.

    Examples
    --------
    >>> from spiking import LIF, Linear, Sequential
    >>> net = Sequential(Linear(3, 2), LIF(2))
    >>> again = from_nir(to_nir(net), dt=1e-3)
    >>> again[1]
    LIF(2, dt=0.001)
    """
    _require_nir()
    from spiking.exchange.load import How, network_of

    if not dt > 0:
        raise ValueError(f"dt must be a positive number of seconds, got {dt}")
    return network_of(graph, How(float(dt), method, reset, surrogate))[0]


def save_nir(
    network: nn.Module,
    path: str | Path,
    input_shape: tuple[int, ...] | None = None,
    dt: float | None = None,
) -> None:
    """Write a network to a NIR file; see `to_nir`.

    Parameters
    ----------
    network, input_shape, dt
        As in `to_nir`.
    path
        File, usually ``*.nir``; replaced if it is there.
    """
    graph = to_nir(network, input_shape, dt)
    from spiking.exchange.files import write

    write(graph, Path(path))


def load_nir(
    source: str | Path | BufferedIOBase,
    dt: float,
    *,
    method: Method | None = None,
    reset: Reset | None = None,
    surrogate: Surrogate | None = None,
) -> Temporal:
    """Read a network from a NIR file; see `from_nir`.

    Parameters
    ----------
    source
        File of NIR 0.1 or later, or a stream of its bytes.
    dt, method, reset, surrogate
        As in `from_nir`.

    Raises
    ------
    GraphFileError
        If the file is none of NIR, or has a node of an unknown type, by its name.
    FileNotFoundError
        If there is none.
    """
    _require_nir()
    from spiking.exchange.files import read

    graph = read(Path(source) if isinstance(source, str) else source)
    return from_nir(graph, dt, method=method, reset=reset, surrogate=surrogate)


def _require_nir() -> None:
    try:
        import nir  # noqa: F401
    except ImportError as error:
        raise ImportError("exchange of networks needs nir: pip install 'nsai[spiking]'") from error
