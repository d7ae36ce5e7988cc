"""State vectors of circuits and their gradients, many samples at once."""
