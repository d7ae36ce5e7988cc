"""Events in continuous time: sorted lists, frames of them, and networks with exact gradients."""

from spiking.events.event_integrator import EventIntegrator
from spiking.events.event_lif import EventLIF
from spiking.events.first_spikes import first_spike_loss
from spiking.events.frames import events_of_arrays, frames_of_events
from spiking.events.sorted_events import SortedEvents

__all__ = [
    "EventIntegrator",
    "EventLIF",
    "first_spike_loss",
    "events_of_arrays",
    "frames_of_events",
    "SortedEvents",
]
