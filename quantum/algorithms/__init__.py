"""Hamiltonians, and circuits that look for their ground states or for models of formulas."""
