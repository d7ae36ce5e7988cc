"""What is known exactly: the trace of a neuron, and the rates of neurons."""

from spiking.closed_form.exact import Solution, solve_lif
from spiking.closed_form.firing_rates import firing_rate, siegert_rate

__all__ = ["Solution", "solve_lif", "firing_rate", "siegert_rate"]
