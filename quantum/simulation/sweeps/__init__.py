"""Passes over state vectors, compiled."""
