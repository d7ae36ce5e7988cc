"""A neuro-symbolic and neuromorphic research workbench in notebooks."""

__version__ = "0.1.0"
