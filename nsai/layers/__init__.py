"""Layers that hold a network to a formula."""

from nsai.layers.clause_shield import ClauseShield
from nsai.layers.fuzzy import FuzzyConstraint
from nsai.layers.hierarchy import HierarchyLayer
from nsai.layers.linear_shield import LinearConstraintLayer

__all__ = ["ClauseShield", "FuzzyConstraint", "HierarchyLayer", "LinearConstraintLayer"]
