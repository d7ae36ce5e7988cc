"""What can be wrong with a chip, a network for it, or both together."""


class HardwareError(ValueError):
    """Something that a chip cannot be, hold or do."""


class ChipError(HardwareError):
    """A description of a chip that is not complete or not possible."""


class NetworkError(HardwareError):
    """A network that has no form on the hardware, or numbers outside its ranges."""


class CapacityError(HardwareError):
    """A network that is larger than a chip."""
