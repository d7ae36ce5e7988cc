"""Circuits: what formulas compile to, and how fast they are evaluated."""
