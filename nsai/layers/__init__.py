"""Layers that hold a network to a formula."""
