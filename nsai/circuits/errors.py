"""What can go wrong with a circuit."""


class CircuitError(Exception):
    """Base of all errors of this package."""


class CircuitFormatError(CircuitError, ValueError):
    """A file that is not a circuit of the format; the message names the line."""


class PropertyError(CircuitError, ValueError):
    """A circuit that lacks a property that a query needs."""


class CompilationError(CircuitError, RuntimeError):
    """A formula that could not be compiled: out of its budget, or the compiler died."""
