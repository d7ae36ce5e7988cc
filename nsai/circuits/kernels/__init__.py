"""Evaluation of a program on a CPU, compiled by numba; one file an arithmetic."""
