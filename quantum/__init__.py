"""Hybrid quantum-classical circuits (in preparation; see CHANGELOG.md)."""
