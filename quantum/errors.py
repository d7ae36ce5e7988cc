"""Errors of this package."""


class QuantumError(Exception):
    """Something about a circuit, a device or its input is wrong."""


class UnsupportedError(QuantumError):
    """What a circuit asks for is not simulated here."""


class InputError(QuantumError, ValueError):
    """Values that a circuit was given do not fit it."""
