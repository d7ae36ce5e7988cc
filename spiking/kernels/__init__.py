"""Loops compiled by numba: arrays in, arrays out, no torch."""
