"""Spiking networks and neuromorphic hardware (in preparation; see CHANGELOG.md)."""
