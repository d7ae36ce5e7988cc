"""An ear: filters, hair cells, and recordings that they hear."""

from spiking.hearing.cochlea import Cochlea, HairCell
from spiking.hearing.gammatone import erb, erb_spaced
from spiking.hearing.recordings import equally_loud, hear

__all__ = ["Cochlea", "HairCell", "erb", "erb_spaced", "equally_loud", "hear"]
