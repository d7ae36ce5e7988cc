"""What can go wrong in the exchange of networks: one exception tree."""


class ExchangeError(ValueError):
    """A network, graph or file that cannot be exchanged."""


class UnsupportedLayerError(ExchangeError):
    """A layer that has no node in NIR.

    Attributes
    ----------
    name, kind
        Name of the layer in its network, and of its class.
    """

    def __init__(self, name: str, kind: str, reason: str) -> None:
        super().__init__(f"layer {name!r} ({kind}) cannot be exported: {reason}")
        self.name, self.kind = name, kind


class UnsupportedNodeError(ExchangeError):
    """A node that has no layer here.

    Attributes
    ----------
    name, kind
        Name of the node in its graph, and of its class.
    """

    def __init__(self, name: str, kind: str, reason: str) -> None:
        super().__init__(f"node {name!r} ({kind}) cannot be imported: {reason}")
        self.name, self.kind = name, kind


class UnsupportedGraphError(ExchangeError):
    """Nodes and edges that form no network that can be run here; the message names them."""


class GraphFileError(ExchangeError):
    """A file that holds no NIR graph, or nodes of an unknown type, which the message names."""
