"""Layers that hold a network to a formula."""

from nsai.layers.fuzzy import FuzzyConstraint

__all__ = ["FuzzyConstraint"]
